"""When the simulated bars begin and end: 55 five-minute bars each weekday, 08:30-13:05 Chicago."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from engine.kernel.timestamps import MICROS_PER_SECOND, local_ts
from engine.sandbox.venue.market_facts import (
    BAR_SECONDS,
    BARS_PER_SESSION,
    EXCHANGE_ZONE,
    FIRST_SESSION,
    SESSION_OPEN_LOCAL,
)

BAR_MICROS = BAR_SECONDS * MICROS_PER_SECOND


@dataclass(frozen=True, slots=True)
class BarTimes:
    """Start of every bar (`start_ts`, int64 microseconds UTC, shape [n]) and its session day (shape [n])."""

    start_ts: NDArray[np.int64]
    session: tuple[date, ...]

    def end_ts(self, bar: int) -> int:
        """When bar `bar` is complete and known."""
        return int(self.start_ts[bar]) + BAR_MICROS


def bar_times(bars: int) -> BarTimes:
    """The first `bars` bars from the first session on; daylight saving is that of the exchange's zone."""
    sessions = -(-bars // BARS_PER_SESSION)
    days = session_days(sessions)
    opens = np.array([_open_ts(day) for day in days], dtype=np.int64)
    offsets = np.arange(BARS_PER_SESSION, dtype=np.int64) * BAR_MICROS
    starts = (opens[:, None] + offsets[None, :]).ravel()[:bars]
    return BarTimes(starts, tuple(days[bar // BARS_PER_SESSION] for bar in range(bars)))


def session_days(sessions: int) -> list[date]:
    """The first `sessions` weekdays from the first session on; the simulated exchange keeps no holidays."""
    days: list[date] = []
    day = FIRST_SESSION
    while len(days) < sessions:
        if day.weekday() < 5:
            days.append(day)
        day += timedelta(days=1)
    return days


def _open_ts(day: date) -> int:
    hour, minute = SESSION_OPEN_LOCAL
    return local_ts(day.year, day.month, day.day, hour, minute, EXCHANGE_ZONE)
