"""What the catalogue of the lake says of one market: how much is stored, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.database import Database


def rows_stored(db: Database, market: str) -> int:
    """Rows of all datasets."""
    return _number(db, "SELECT COALESCE(SUM(rows), 0) FROM catalogue WHERE market = ?", market) or 0


def bars_stored(db: Database, market: str) -> int:
    """Bars of futures, of all series and contracts."""
    sql = "SELECT COALESCE(SUM(rows), 0) FROM catalogue WHERE market = ? AND dataset = 'futures_bar'"
    return _number(db, sql, market) or 0


def last_known_ts(db: Database, market: str) -> int:
    """Known time of the newest stored record, 0 where nothing is stored."""
    return _number(db, "SELECT MAX(max_known_ts) FROM catalogue WHERE market = ?", market) or 0


def first_known_ts_of(db: Database, market: str, batch_ids: Sequence[str]) -> int | None:
    """Known time of the earliest record that some batches brought, None where they brought nothing."""
    marks = ", ".join("?" for _ in batch_ids)
    sql = f"SELECT MIN(min_known_ts) FROM catalogue WHERE market = ? AND batch_id IN ({marks})"
    return _number(db, sql, market, *batch_ids)


def _number(db: Database, sql: str, *arguments: str) -> int | None:
    value = db.query(sql, arguments)[0][0]
    return None if value is None else int(value)
