"""Point-in-time questions over feature rows, asked in DuckDB: a list of Parquet segments and an Arrow table (the tail).

Which row wins: among rows with `known_ts` <= t the newest `event_ts`; among those the latest `known_ts`, then version,
`recorded_ts`, source and value (a missing one above all), so that the answer never depends on where a row lies.
"""

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
_TIES: Final = "known_ts DESC, version DESC, recorded_ts DESC, source DESC, value DESC"


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


def readings_as_of(relation: FeatureRelation, as_of_ts: int, recorded_as_of_ts: int | None) -> list[dict[str, Any]]:
    """The winning row of each feature as of a moment, with what this system had recorded by then if asked."""
    recorded = "" if recorded_as_of_ts is None else " AND recorded_ts <= $recorded"
    parameters = (
        {"as_of": as_of_ts} if recorded_as_of_ts is None else {"as_of": as_of_ts, "recorded": recorded_as_of_ts}
    )
    table = relation.ask(
        f"SELECT DISTINCT ON (feature) {_NAMES} FROM rows WHERE known_ts <= $as_of{recorded} "
        f"ORDER BY feature, event_ts DESC, {_TIES}",
        parameters,
    )
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


_REACHING: Final = """, reaching AS (
  SELECT *, max(event_ts) OVER (PARTITION BY feature ORDER BY known_ts RANGE UNBOUNDED PRECEDING) AS newest FROM rows
), winners AS (
  SELECT DISTINCT ON (feature, known_ts) * EXCLUDE (newest) FROM reaching WHERE event_ts = newest
  ORDER BY feature, known_ts, version DESC, recorded_ts DESC, source DESC, value DESC
)"""


def newest_winners(relation: FeatureRelation, per_feature: int) -> list[dict[str, Any]]:
    """For each feature the last `per_feature` rows that ever were the answer, in order of known time."""
    table = relation.ask(
        _REACHING + " SELECT * FROM winners QUALIFY row_number() OVER (PARTITION BY feature ORDER BY known_ts DESC) <= $n "
        "ORDER BY feature, known_ts",
        {"n": per_feature},
    )
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def repeated_rows(relation: FeatureRelation, table: pa.Table, low_known_ts: int, high_known_ts: int) -> list[int]:
    """Positions of rows of `table` (schema of `feature_columns`) that the relation holds already."""
    found = relation.ask(
        "SELECT DISTINCT fresh.position FROM fresh JOIN rows ON rows.feature = fresh.feature "
        "AND rows.known_ts = fresh.known_ts AND rows.event_ts = fresh.event_ts AND rows.version = fresh.version "
        "AND rows.source = fresh.source AND rows.value IS NOT DISTINCT FROM fresh.value "
        "WHERE rows.known_ts BETWEEN $low AND $high",
        {"low": low_known_ts, "high": high_known_ts},
        fresh=table.append_column("position", pa.array(np.arange(table.num_rows))),
    )
    positions: list[int] = found.column("position").to_pylist()
    return positions
