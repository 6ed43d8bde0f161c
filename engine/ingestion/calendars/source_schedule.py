"""When a source is asked next: at moments of its market's own calendar, never at a fixed wall-clock hour.

A plan is a rule for moments: a while after each settlement, a while after each Commitments-of-Traders release (holiday
shifts and shutdowns included), or every so many minutes, all day or within sessions. Each moment is moved by a jitter
that follows from source and moment alone, so that the next run can be shown before it comes and is the same after a
restart. Runs that were missed are caught up by one run, not by all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Literal
from zoneinfo import ZoneInfo

from engine.ingestion.calendars.session_calendar import (
    is_session_day,
    session_close_ts,
    session_start_ts,
    settlement_known_ts,
)
from engine.ingestion.cot.cot_release import next_release_ts
from engine.kernel.canonical import sha256_hex
from engine.kernel.config_models import MarketConfig
from engine.kernel.timestamps import MICROS_PER_MINUTE, MICROS_PER_SECOND, to_datetime

PlanKind = Literal["settlement", "cot_release", "interval", "session_interval"]


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """Rule of one source: `delay_minutes` after settlements or releases, or every `every_minutes`; each run is moved
    later by up to `jitter_seconds`."""

    kind: PlanKind
    delay_minutes: int = 0
    every_minutes: int = 0
    jitter_seconds: int = 0


def next_run_ts(source: str, plan: SourcePlan, market: MarketConfig, after_ts: int) -> int:
    """The first run of `source` after `after_ts`, jitter included; UTC microseconds."""
    earliest = after_ts - plan.jitter_seconds * MICROS_PER_SECOND
    return next(
        run_ts
        for moment in _moments(plan, market, earliest)
        if (run_ts := moment + _jitter_us(source, plan, moment)) > after_ts
    )


def _jitter_us(source: str, plan: SourcePlan, moment: int) -> int:
    if plan.jitter_seconds == 0:
        return 0
    digest = sha256_hex(f"{source}|{moment}".encode())
    return int(digest[:12], 16) % (plan.jitter_seconds * MICROS_PER_SECOND)


def _moments(plan: SourcePlan, market: MarketConfig, after_ts: int) -> Iterator[int]:
    """Moments of a plan after `after_ts`, in order, without end."""
    delay = plan.delay_minutes * MICROS_PER_MINUTE
    if plan.kind == "interval":
        step = plan.every_minutes * MICROS_PER_MINUTE
        yield from (place * step for place in count(after_ts // step + 1))
    while plan.kind == "cot_release":
        after_ts = next_release_ts(after_ts - delay) + delay
        yield after_ts
    zone = ZoneInfo(market.session.timezone)
    first = to_datetime(after_ts - delay).astimezone(zone).date() - timedelta(days=1)
    for offset in count():
        day = first + timedelta(days=offset)
        yield from (moment for moment in _moments_of_day(plan, market, day, delay) if moment > after_ts)


def _moments_of_day(plan: SourcePlan, market: MarketConfig, day: date, delay: int) -> list[int]:
    if not is_session_day(day, market.session.calendar):
        return []
    if plan.kind == "settlement":
        return [settlement_known_ts(day, market.session) + delay]
    step = plan.every_minutes * MICROS_PER_MINUTE
    return list(range(session_start_ts(day, market.session), session_close_ts(day, market.session) + 1, step))
