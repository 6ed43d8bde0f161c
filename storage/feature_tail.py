"""The hot tail of the feature store: newest rows in SQLite, until compaction seals them into a segment."""

from __future__ import annotations

import math
import sqlite3
from typing import TYPE_CHECKING, Final

from storage.database import Database
from storage.feature_rows import FeatureRows

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMNS: Final = "market, feature, event_ts, known_ts, recorded_ts, value, quality, source, version"
Identity = tuple[str, int, int, str, int, float | None]


def identity_of(feature: str, event_ts: int, known_ts: int, source: str, version: int, value: float) -> Identity:
    """What makes a row a repeat of another; a missing value is None, so that it equals itself."""
    return feature, event_ts, known_ts, source, version, None if math.isnan(value) else value


def identities(rows: FeatureRows) -> list[Identity]:
    """Identity of each row, in plain Python numbers."""
    return [
        identity_of(str(feature), int(event), int(known), str(source), int(version), float(value))
        for feature, event, known, source, version, value in zip(
            rows.feature, rows.event_ts, rows.known_ts, rows.source, rows.version, rows.value, strict=True
        )
    ]


def in_tail(connection: sqlite3.Connection, market: str, row: Identity) -> bool:
    """True if the tail holds this very row."""
    feature, event_ts, known_ts, source, version, value = row
    found = connection.execute(
        "SELECT 1 FROM feature_tail WHERE market = ? AND feature = ? AND known_ts = ? AND event_ts = ? AND source = ? "
        "AND version = ? AND value IS ?",
        (market, feature, known_ts, event_ts, source, version, value),
    ).fetchone()
    return found is not None


def add_to_tail(
    connection: sqlite3.Connection, market: str, rows: list[tuple[Identity, str]], recorded_ts: int
) -> None:
    """Insert rows (identity, quality)."""
    connection.executemany(
        f"INSERT INTO feature_tail({_COLUMNS}) VALUES(?,?,?,?,?,?,?,?,?)",
        [
            (market, feature, event_ts, known_ts, recorded_ts, value, quality, source, version)
            for (feature, event_ts, known_ts, source, version, value), quality in rows
        ],
    )


def tail_table(db: Database, market: str) -> tuple[pa.Table, int]:
    """All rows of a market's tail as Arrow (missing values NaN), and the highest row id among them."""
    import pyarrow as pa

    from storage.feature_columns import SCHEMA

    rows = db.query(f"SELECT {_COLUMNS}, id FROM feature_tail WHERE market = ? ORDER BY id", (market,))
    if not rows:
        return SCHEMA.empty_table(), 0
    columns = list(zip(*rows, strict=True))
    value_at = SCHEMA.get_field_index("value")
    columns[value_at] = tuple(math.nan if value is None else value for value in columns[value_at])
    arrays = [pa.array(column, type=field.type) for column, field in zip(columns[:-1], SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA), int(columns[-1][-1])
