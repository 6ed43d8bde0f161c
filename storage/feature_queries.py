"""Which rows a store holds already, asked in DuckDB over a list of Parquet segments and an Arrow table (the tail)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from engine.kernel.errors import CorruptStoreError, StoreError
from storage.feature_columns import SCHEMA
from storage.parquet_files import duckdb_cursor

_NAMES: Final = ", ".join(SCHEMA.names)


class FeatureRelation:
    """Rows of one market for reading: sealed segments and the hot tail together. Use as a context manager."""

    def __init__(self, segments: Sequence[Path], tail: pa.Table) -> None:
        self._segments = [str(path) for path in segments]
        self._tail = tail

    def __enter__(self) -> FeatureRelation:
        self._cursor = duckdb_cursor()
        self._cursor.register("tail", self._tail)
        sources = [f"SELECT {_NAMES} FROM tail"]
        if self._segments:
            listed = ", ".join("'" + path.replace("'", "''") + "'" for path in self._segments)
            sources.insert(0, f"SELECT {_NAMES} FROM read_parquet([{listed}])")
        self._rows = " UNION ALL ".join(sources)
        return self

    def __exit__(self, *_: object) -> None:
        self._cursor.unregister("tail")
        self._cursor.close()

    def ask(self, sql: str, parameters: Mapping[str, Any] | None = None, **tables: pa.Table) -> pa.Table:
        """Run `sql`, in which `rows` names all rows and each keyword a further table."""
        for name, table in tables.items():
            self._cursor.register(name, table)
        try:
            query = f"WITH rows AS ({self._rows}) {sql}"
            return self._cursor.sql(query, params=dict(parameters or {})).to_arrow_table()
        except duckdb.Error as error:
            missing = next((path for path in self._segments if not Path(path).exists()), None)
            if missing is None and not isinstance(error, duckdb.IOException | duckdb.InvalidInputException):
                raise StoreError(f"the feature store cannot answer: {str(error).splitlines()[0]}") from error
            reason = f"{Path(missing).name} is missing" if missing else f"is damaged ({str(error).splitlines()[0]})"
            raise CorruptStoreError(f"a sealed feature segment {reason}; restore a backup") from error
        finally:
            for name in tables:
                self._cursor.unregister(name)


def repeated_rows(relation: FeatureRelation, table: pa.Table, low_known_ts: int, high_known_ts: int) -> list[int]:
    """Positions of rows of `table` (schema of `feature_columns`) that the relation holds already.

    The value is compared beside the join and not by it: DuckDB 2.0.1 filters segments by the range of the joined column
    and loses rows whose value is NaN, which is how a missing value is stored.
    """
    found = relation.ask(
        "SELECT DISTINCT fresh.position FROM fresh JOIN rows ON rows.feature = fresh.feature "
        "AND rows.known_ts = fresh.known_ts AND rows.event_ts = fresh.event_ts AND rows.version = fresh.version "
        "AND rows.source = fresh.source "
        "AND (rows.value = fresh.value OR (rows.value IS NULL AND fresh.value IS NULL)) "
        "WHERE rows.known_ts BETWEEN $low AND $high",
        {"low": low_known_ts, "high": high_known_ts},
        fresh=table.append_column("position", pa.array(np.arange(table.num_rows))),
    )
    positions: list[int] = found.column("position").to_pylist()
    return positions
