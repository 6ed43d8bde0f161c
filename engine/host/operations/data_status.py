"""Feeds and quarantine, for screens and verbs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from engine.kernel.clock import SystemClock
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, to_iso

if TYPE_CHECKING:
    from storage.stores import Stores


def age_text(age_us: int | None) -> str:
    """An age in the two largest fitting units: 41s, 12m, 3h10m, 3d2h."""
    if age_us is None:
        return "never"
    if age_us < MICROS_PER_MINUTE:
        return f"{age_us // MICROS_PER_SECOND}s"
    if age_us < MICROS_PER_HOUR:
        return f"{age_us // MICROS_PER_MINUTE}m"
    if age_us < MICROS_PER_DAY:
        return f"{age_us // MICROS_PER_HOUR}h{age_us % MICROS_PER_HOUR // MICROS_PER_MINUTE}m"
    return f"{age_us // MICROS_PER_DAY}d{age_us % MICROS_PER_DAY // MICROS_PER_HOUR}h"


def market_now_ts(stores: Stores) -> int:
    """The engine's present moment (simulated time included), or the machine's where no engine ever ran."""
    rows = stores.db.query("SELECT payload FROM heartbeats WHERE name = 'engine'")
    if rows:
        moment = json.loads(rows[0]["payload"]).get("now_ts")
        if isinstance(moment, int):
            return moment
    return SystemClock().now_ts()


def feed_status(stores: Stores, market: str) -> list[dict[str, Any]]:
    """One entry per source of a market."""
    now_ts = market_now_ts(stores)
    rows = stores.db.query("SELECT * FROM feeds WHERE market = ? ORDER BY source", (market,))
    return [
        {
            "source": row["source"],
            "rows": row["rows"],
            "status": row["status"],
            "reasons": json.loads(row["reasons"]),
            "last_event": to_iso(row["last_event_ts"]) if row["last_event_ts"] is not None else "never",
            "age": age_text(now_ts - row["last_known_ts"] if row["last_known_ts"] is not None else None),
        }
        for row in rows
    ]


def quarantined_rows(stores: Stores, market: str | None, limit: int) -> list[dict[str, Any]]:
    """Rows that were not stored, newest first; of every market where `market` is None."""
    rows = stores.lake.quarantined(market, limit)
    return [
        {
            "market": row["market"],
            "file": row["input_name"],
            "source": row["source"],
            "row": row["row_number"],
            "field": row["field"],
            "reason": row["reason"],
            "text": row["raw_text"],
            "time": to_iso(row["ts"]),
        }
        for row in rows
    ]
