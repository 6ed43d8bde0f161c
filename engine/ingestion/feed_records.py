"""Small tables that follow the lake for screens: `feeds` (how fresh a source is) and `recent_bars`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from engine.core.records import FuturesBar
from engine.ingestion.lake_rows import NormalisedRow
from engine.kernel.canonical import finite_or_none
from engine.kernel.config_models import MarketConfig
from storage.feeds import RecentBar

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
        "last_event_ts = max(coalesce(last_event_ts, excluded.last_event_ts), excluded.last_event_ts), "
        "last_known_ts = max(coalesce(last_known_ts, excluded.last_known_ts), excluded.last_known_ts), "
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


def expect_feed(connection: sqlite3.Connection, market: str, source: str, now_ts: int) -> None:
    """Give a source that never delivered a row of its own, so that its health has a place to show."""
    connection.execute(
        "INSERT INTO feeds(market, source, status, reasons, rows, updated_ts) VALUES(?,?,'healthy','[]',0,?) "
        "ON CONFLICT(market, source) DO NOTHING",
        (market, source, now_ts),
    )


def recent_bars(market: MarketConfig, rows: Sequence[NormalisedRow]) -> list[RecentBar]:
    """The newest bars of the decision series among `rows`, oldest first, for the screens' table."""
    bars = [
        row for row in rows if isinstance(row, FuturesBar) and row.series == market.decision_series and row.nearby == 1
    ]
    newest = sorted(bars, key=lambda bar: (bar.event_ts, bar.known_ts))[-RECENT_BARS:]
    return [
        RecentBar(
            market=bar.market,
            series=bar.series,
            event_ts=bar.event_ts,
            known_ts=bar.known_ts,
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            volume=finite_or_none(bar.volume),
        )
        for bar in newest
    ]
