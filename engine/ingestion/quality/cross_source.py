"""Do two providers say the same of the same contract on the same day?

Two daily series of one market are compared where both have a bar of the same session; prices that one of them prints
more coarsely are rounded to the tick first (ingestion did that). "Within a tick" is the judgement; a day on which the
two held different contracts is told apart from one on which they disagree about a price.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from engine.core.records import FuturesBar
from engine.ingestion.rolls.roll_store import session_day
from engine.kernel.config_models import MarketConfig

_DAY_SECONDS = 86_400
_RECENT_SESSIONS = 250
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One session on which two series differ by more than a tick; closes in price units, contracts as each names it."""

    day: date
    first_close: float
    second_close: float
    first_contract: str | None
    second_contract: str | None
    ticks: float

    @property
    def other_contract(self) -> bool:
        """Whether the series held different contracts that day, by their own account."""
        return None not in (self.first_contract, self.second_contract) and self.first_contract != self.second_contract


@dataclass(frozen=True, slots=True)
class SeriesComparison:
    """Two series on their common sessions. Only sessions with both closes count; `recent_agreement` is the share within
    a tick of the last 250 of them."""

    first: str
    second: str
    common_sessions: int
    within_a_tick: int
    recent_agreement: float
    disagreements: tuple[Disagreement, ...]

    @property
    def agreement(self) -> float:
        """Share of common sessions within a tick; NaN without any."""
        return self.within_a_tick / self.common_sessions if self.common_sessions else math.nan


def compare_daily_series(bars: Iterable[FuturesBar], market: MarketConfig) -> list[SeriesComparison]:
    """Every pair of daily series of a market that has common sessions, in order of name; front contracts alone."""
    by_series: dict[str, dict[date, FuturesBar]] = {}
    for bar in bars:
        if bar.bar_seconds >= _DAY_SECONDS and bar.nearby == 1 and not math.isnan(bar.close):
            by_series.setdefault(bar.series, {}).setdefault(session_day(bar.event_ts, market), bar)
    pairs = combinations(sorted(by_series), 2)
    found = [_compare(first, second, by_series, market.contract.tick_size) for first, second in pairs]
    return [comparison for comparison in found if comparison.common_sessions]


def _compare(
    first: str, second: str, by_series: Mapping[str, Mapping[date, FuturesBar]], tick: float
) -> SeriesComparison:
    left, right = by_series[first], by_series[second]
    common = sorted(left.keys() & right.keys())
    disagreements = []
    for day in common:
        ticks = abs(left[day].close - right[day].close) / tick
        if ticks > 1.0 + _ROUNDING / tick:
            disagreements.append(
                Disagreement(
                    day, left[day].close, right[day].close, left[day].contract, right[day].contract, round(ticks, 6)
                )
            )
    recent = common[-_RECENT_SESSIONS:]
    differ = sum(1 for one in disagreements if one.day >= recent[0]) if recent else 0
    return SeriesComparison(
        first,
        second,
        len(common),
        len(common) - len(disagreements),
        1.0 - differ / len(recent) if recent else math.nan,
        tuple(disagreements),
    )
