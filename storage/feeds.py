"""Feeds and heartbeats: how fresh each source is, the last bars for screens, and which parts of the engine live."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.kernel.canonical import canonical_json
from storage.database import Database
from storage.record_table import RecordTable


@dataclass(frozen=True, slots=True)
class FeedRecord:
    """One source of one market: its newest event, known and recorded times, health and why."""

    market: str
    source: str
    last_event_ts: int | None
    last_known_ts: int | None
    last_recorded_ts: int | None
    status: str
    reasons: tuple[str, ...] | list[str]
    rows: int
    max_age_us: int | None
    updated_ts: int


@dataclass(frozen=True, slots=True)
class RecentBar:
    """A bar kept in SQLite for charts, so that a screen needs no Parquet."""

    market: str
    series: str
    event_ts: int
    known_ts: int
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: float | None


class Feeds:
    """Small, hot tables of the data layer that every process reads."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.sources: RecordTable[FeedRecord] = RecordTable(
            db, "feeds", FeedRecord, key=["market", "source"], json=["reasons"], order_by="market"
        )
        self._bars: RecordTable[RecentBar] = RecordTable(
            db, "recent_bars", RecentBar, key=["market", "series", "event_ts"], order_by="event_ts"
        )

    def add_bars(self, bars: Iterable[RecentBar], *, keep: int = 2_000) -> None:
        """Insert or replace recent bars and drop all but the newest `keep` of each series."""
        with self._db.transaction() as connection:
            series = set()
            for bar in bars:
                self._bars.upsert(bar)
                series.add((bar.market, bar.series))
            for market, name in series:
                connection.execute(
                    "DELETE FROM recent_bars WHERE market = ? AND series = ? AND event_ts < (SELECT event_ts FROM "
                    "recent_bars WHERE market = ? AND series = ? ORDER BY event_ts DESC LIMIT 1 OFFSET ?)",
                    (market, name, market, name, keep - 1),
                )

    def bars(self, market: str, series: str, last: int = 500) -> list[RecentBar]:
        """The newest bars of a series, oldest first."""
        return self._bars.list(market=market, series=series, newest_first=True, limit=last)[::-1]

    def beat(self, name: str, ts: int, payload: Mapping[str, Any] | None = None) -> None:
        """Say that a part of the engine lives."""
        self._db.execute(
            "INSERT INTO heartbeats(name, ts, payload) VALUES(?,?,?) "
            "ON CONFLICT(name) DO UPDATE SET ts = excluded.ts, payload = excluded.payload",
            (name, ts, canonical_json(dict(payload or {}))),
        )

    def heartbeats(self) -> dict[str, tuple[int, Mapping[str, Any]]]:
        """Last sign of life of each part: time and payload."""
        rows = self._db.query("SELECT name, ts, payload FROM heartbeats ORDER BY name")
        return {row["name"]: (row["ts"], json.loads(row["payload"])) for row in rows}
