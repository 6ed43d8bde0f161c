"""Small tables that follow the lake for screens: `feeds` (how fresh a source is) and `recent_bars`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from engine.core.records import FuturesBar
from engine.ingestion.source_pipeline import NormalisedRow
from engine.kernel.config_models import MarketConfig

RECENT_BARS: Final = 2_000


def touch_feed(
    connection: sqlite3.Connection,
    market: str,
    source: str,
    rows: Sequence[NormalisedRow],
    rows_added: int,
    now_ts: int,
) -> None:
    """Note what arrived from a source; times only move forward. Runs inside the batch's transaction."""
    connection.execute(
        "INSERT INTO feeds(market, source, last_event_ts, last_known_ts, last_recorded_ts, status, reasons, rows, "
        "updated_ts) VALUES(?,?,?,?,?,'healthy','[]',?,?) ON CONFLICT(market, source) DO UPDATE SET "
        "last_event_ts = max(last_event_ts, excluded.last_event_ts), "
        "last_known_ts = max(last_known_ts, excluded.last_known_ts), "
        "last_recorded_ts = excluded.last_recorded_ts, rows = rows + excluded.rows, updated_ts = excluded.updated_ts",
        (
            market,
            source,
            max(row.event_ts for row in rows),
            max(row.known_ts for row in rows),
            now_ts,
            rows_added,
            now_ts,
        ),
    )


def keep_recent_bars(connection: sqlite3.Connection, market: MarketConfig, rows: Sequence[NormalisedRow]) -> None:
    """Bring the last 2,000 bars of the decision series up to date. Runs inside the batch's transaction."""
    bars = [
        row for row in rows if isinstance(row, FuturesBar) and row.series == market.decision_series and row.nearby == 1
    ]
    if not bars:
        return
    newest = sorted(bars, key=lambda bar: (bar.event_ts, bar.known_ts))[-RECENT_BARS:]
    connection.executemany(
        "INSERT INTO recent_bars(market, series, event_ts, known_ts, open, high, low, close, volume) "
        "VALUES(?,?,?,?,?,?,?,?,?) ON CONFLICT(market, series, event_ts) DO UPDATE SET known_ts = excluded.known_ts, "
        "open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close, "
        "volume = excluded.volume WHERE excluded.known_ts >= recent_bars.known_ts",
        [
            (
                bar.market,
                bar.series,
                bar.event_ts,
                bar.known_ts,
                bar.open,
                bar.high,
                bar.low,
                bar.close,
                None if bar.volume != bar.volume else bar.volume,
            )
            for bar in newest
        ],
    )
    connection.execute(
        "DELETE FROM recent_bars WHERE market = ? AND series = ? AND event_ts < (SELECT event_ts FROM recent_bars "
        "WHERE market = ? AND series = ? ORDER BY event_ts DESC LIMIT 1 OFFSET ?)",
        (market.market, market.decision_series, market.market, market.decision_series, RECENT_BARS - 1),
    )
