"""What holding the front contract pays or costs by rolling: the price differences at the rolls of the decision series.

At a roll the holder sells the old contract and buys the new one. `roll_gap` = ln(new / old) of the last roll;
`roll_yield_1y` = -sum of the gaps of the last 365 days, positive where each new contract is cheaper (backwardation).
The two prices are of the eve where the deferred contract was seen then; otherwise they are one session apart, one
session's move is in the gap, and the quality says "one_session_included".
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from engine.core.records import FuturesBar
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.signals.feature_family import FeatureDescription, FeatureFamily, bar_max_age_us
from engine.signals.feature_row import GOOD, MISSING, Reading

YEAR_US: Final = 365 * MICROS_PER_DAY
ONE_SESSION_INCLUDED: Final = "one_session_included"


class RollYield(FeatureFamily):
    """`roll_gap`, `roll_yield_1y`; both missing before the first roll, the yield before a year of bars."""

    def __init__(self, config: HydraConfig) -> None:
        self._max_age_us = bar_max_age_us(config)
        self._last: FuturesBar | None = None
        self._first_ts: int | None = None
        self._deferred: FuturesBar | None = None
        self._gap = MISSING
        self._quality = GOOD
        self._gaps: deque[tuple[int, float]] = deque()

    def describe(self) -> Sequence[FeatureDescription]:
        """roll_gap, roll_yield_1y."""
        age = self._max_age_us
        return (
            FeatureDescription("roll_gap", "log ratio", "futures_bar", -2.0, 2.0, age,
                               "ln of the new over the old contract's price at the last roll"),
            FeatureDescription("roll_yield_1y", "log ratio per year", "futures_bar", -4.0, 4.0, age,
                               "minus the sum of the roll gaps of the last 365 days"),
        )  # fmt: skip

    def on_deferred_bar(self, bar: FuturesBar) -> Sequence[Reading]:
        """Remember the newest bar of the deferred contract."""
        if self._deferred is None or bar.event_ts >= self._deferred.event_ts:
            self._deferred = bar
        return ()

    def on_decision_bar(self, bar: FuturesBar, latest: Mapping[str, Reading]) -> Sequence[Reading]:
        """The last gap and the sum of a year, at every bar."""
        last = self._last
        if self._first_ts is None:
            self._first_ts = bar.event_ts
        if last is not None and last.contract and bar.contract and last.contract != bar.contract:
            self._roll(last, bar)
        self._last = bar
        while self._gaps and self._gaps[0][0] <= bar.event_ts - YEAR_US:
            self._gaps.popleft()
        whole_year = bar.event_ts - self._first_ts >= YEAR_US
        paid = -math.fsum(gap for _, gap in self._gaps) if whole_year else MISSING
        return (
            Reading("roll_gap", bar.event_ts, self._gap, self._quality if self._gap == self._gap else "no_roll_yet",
                    bar.series),
            Reading("roll_yield_1y", bar.event_ts, paid, GOOD if whole_year else "less_than_a_year", bar.series),
        )  # fmt: skip

    def _roll(self, last: FuturesBar, bar: FuturesBar) -> None:
        deferred = self._deferred
        seen = deferred is not None and deferred.contract == bar.contract and deferred.event_ts == last.event_ts
        new = deferred.close if deferred is not None and seen else bar.close
        self._quality = GOOD if seen else ONE_SESSION_INCLUDED
        self._gap = math.log(new / last.close) if new > 0.0 and last.close > 0.0 else MISSING
        if self._gap == self._gap:
            self._gaps.append((bar.event_ts, self._gap))
