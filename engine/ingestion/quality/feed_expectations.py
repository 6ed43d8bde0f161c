"""How many updates of a source are overdue, counted on the market's own calendar instead of in wall-clock hours.

A weekend or a holiday is no gap: a daily source owes one update a session, a bar source one per bar of session time,
a Commitments-of-Traders source one per release. An engine that asks at the very moment of an update is not late.
"""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from engine.ingestion.calendars.session_calendar import (
    is_session_day,
    session_close_ts,
    session_days,
    session_start_ts,
    settlement_known_ts,
)
from engine.ingestion.cot.cot_columns import REPORT_COLUMNS
from engine.ingestion.cot.cot_release import releases_between
from engine.kernel.config_models import MarketConfig
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_SECOND, to_datetime

COUNTED_DAYS = 400
_NEWS_EVERY_SECONDS = 86_400
_REPORT_TYPES = {f"cot_{kind}": kind for kind in REPORT_COLUMNS}


def overdue_updates(source: str, last_known_ts: int, now_ts: int, market: MarketConfig) -> int:
    """Updates of `source` that should have become known in (last_known_ts, now_ts], of the last 400 days at most."""
    if now_ts <= last_known_ts:
        return 0
    first, last = _local_day(last_known_ts, market), _local_day(now_ts, market)
    first = max(first, last - timedelta(days=COUNTED_DAYS))
    kind = _REPORT_TYPES.get(source)
    if kind is not None:
        return len(releases_between(max(last_known_ts, now_ts - COUNTED_DAYS * MICROS_PER_DAY), now_ts, kind))
    seconds = _update_seconds(source, market)
    if seconds >= 86_400:
        days = session_days(first, last, market.session.calendar)
        return sum(1 for day in days if last_known_ts < settlement_known_ts(day, market.session) <= now_ts)
    return _session_time(first, last, last_known_ts, now_ts, market) // (seconds * MICROS_PER_SECOND)


def missing_sessions(days: set[date], first: date, last: date, market: MarketConfig) -> list[date]:
    """Session days in [first, last] of which a daily series has no bar."""
    return [day for day in session_days(first, last, market.session.calendar) if day not in days]


def _update_seconds(source: str, market: MarketConfig) -> int:
    if market.simulated:
        return market.bar_seconds
    if source == "databento_1h":
        return MICROS_PER_HOUR // MICROS_PER_SECOND
    return 60 if source == "databento_1m" else _NEWS_EVERY_SECONDS


def _session_time(first: date, last: date, after_ts: int, until_ts: int, market: MarketConfig) -> int:
    total = 0
    day = first
    while day <= last:
        if is_session_day(day, market.session.calendar):
            opens, closes = session_start_ts(day, market.session), session_close_ts(day, market.session)
            total += max(0, min(closes, until_ts) - max(opens, after_ts))
        day += timedelta(days=1)
    return total


def _local_day(ts: int, market: MarketConfig) -> date:
    return to_datetime(ts).astimezone(ZoneInfo(market.session.timezone)).date()
