"""Weekly trader positions of the simulated market: slow random shares of open interest, not part of the planted law."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import numpy as np

from engine.kernel.timestamps import local_ts
from engine.sandbox.venue.market_facts import FIRST_SESSION, RELEASE_ZONE
from engine.sandbox.venue.random_streams import Stream, stream
from engine.sandbox.venue.world import autoregression

HISTORY_WEEKS: Final = 104
TOTAL_WEEKS: Final = HISTORY_WEEKS + 20
_INDEPENDENCE_DAY: Final = (7, 4)


@dataclass(frozen=True, slots=True)
class WeeklyPositions:
    """Contracts held on one report day. Long and short sides each add up to the open interest."""

    report_day: date
    open_interest: int
    noncommercial_long: int
    noncommercial_short: int
    spreading: int
    commercial_long: int
    commercial_short: int

    @property
    def release_ts(self) -> int:
        """Friday 15:30 New York after the report day; the simulated span holds no closure that would move it."""
        friday = self.report_day + timedelta(days=4 - self.report_day.weekday())
        return local_ts(friday.year, friday.month, friday.day, 15, 30, RELEASE_ZONE)

    @property
    def reportable_long(self) -> int:
        """Non-commercial, spreading and commercial longs."""
        return self.noncommercial_long + self.spreading + self.commercial_long

    @property
    def reportable_short(self) -> int:
        """Non-commercial, spreading and commercial shorts."""
        return self.noncommercial_short + self.spreading + self.commercial_short

    def row(self) -> list[int]:
        """The ten numbers of one block of the report: open interest, the seven groups, non-reportable both sides."""
        return [
            self.open_interest,
            self.noncommercial_long,
            self.noncommercial_short,
            self.spreading,
            self.commercial_long,
            self.commercial_short,
            self.reportable_long,
            self.reportable_short,
            self.open_interest - self.reportable_long,
            self.open_interest - self.reportable_short,
        ]


@lru_cache(maxsize=4)
def weekly_positions(seed: int, market_index: int) -> list[WeeklyPositions]:
    """Every report of one market, oldest first, from two years before the first session to the end of any run."""
    paths = autoregression(stream(seed, Stream.COT, market_index), TOTAL_WEEKS, 6, 0.95)
    level = 250_000 + 40_000 * market_index
    return [_week(report_day(week), level, paths[week].tolist()) for week in range(TOTAL_WEEKS)]


def report_day(week: int) -> date:
    """The Tuesday of a week, counted so that week 104 is the first one after the start; a holiday reports Monday."""
    first_tuesday = FIRST_SESSION - timedelta(days=FIRST_SESSION.weekday() - 1)
    tuesday = first_tuesday + timedelta(weeks=week - HISTORY_WEEKS)
    return tuesday - timedelta(days=1) if (tuesday.month, tuesday.day) == _INDEPENDENCE_DAY else tuesday


def _week(day: date, level: int, factors: list[float]) -> WeeklyPositions:
    bounded = [float(np.tanh(value / 2.0)) for value in factors]
    interest = round(level * (1.0 + 0.15 * bounded[0]))
    return WeeklyPositions(
        report_day=day,
        open_interest=interest,
        noncommercial_long=round(interest * (0.33 + 0.08 * bounded[1])),
        noncommercial_short=round(interest * (0.24 + 0.07 * bounded[2])),
        spreading=round(interest * (0.18 + 0.03 * bounded[3])),
        commercial_long=round(interest * (0.31 + 0.05 * bounded[4])),
        commercial_short=round(interest * (0.42 + 0.04 * bounded[5])),
    )
