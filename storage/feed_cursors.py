"""Where the next poll of each live source goes on, and how the last ones went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage.database import Database
from storage.record_table import RecordTable


@dataclass(frozen=True, slots=True)
class FeedCursor:
    """One live source of one market. `feeds` are the rows of `feeds` that it fills; `cursor` is its own resume state;
    `failures` counts failed polls in a row, and `reason` says why the last one failed, "" after a success.
    `next_attempt_ts`: the source asked not to be polled before. Times are UTC microseconds, None for never."""

    source: str
    market: str
    feeds: tuple[str, ...] | list[str] = ()
    cursor: Mapping[str, Any] | None = None
    last_attempt_ts: int | None = None
    last_success_ts: int | None = None
    next_attempt_ts: int | None = None
    failures: int = 0
    reason: str = ""


class FeedCursors:
    """The table `feed_cursors`. Writes join the current transaction, so that a cursor is stored with its batch."""

    def __init__(self, db: Database) -> None:
        self._table: RecordTable[FeedCursor] = RecordTable(
            db, "feed_cursors", FeedCursor, key=["source", "market"], json=["feeds", "cursor"], order_by="source"
        )

    def get(self, source: str, market: str) -> FeedCursor:
        """The row of a live source; a fresh one with an empty cursor where it was never polled."""
        return self._table.get(source, market) or FeedCursor(source, market, cursor={})

    def put(self, record: FeedCursor) -> None:
        """Insert or replace the row of a live source."""
        self._table.upsert(record)

    def list(self, market: str) -> list[FeedCursor]:
        """Every live source of a market that was ever polled, in order of name."""
        return self._table.list(market=market)
