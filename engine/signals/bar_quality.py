"""How clean the decision series is, as numbers that a model and the observer can see.

`bad_bar_share` is the share of the last 60 bars with a finding that speaks against the price: a close or an open
outside low..high, a range without volume, a negative price, a day without a session. `silent_days` is the number of
calendar days between the last two bars. A roll, a thin contract and another contract's volume are no such findings.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from engine.core.records import FuturesBar
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.signals.feature_family import FeatureDescription, FeatureFamily, bar_max_age_us
from engine.signals.feature_row import GOOD, MISSING, Reading

WINDOW_BARS: Final = 60
BAD_FLAGS: Final = frozenset(
    {"close_outside_range", "open_outside_range", "zero_volume_with_range", "negative_price", "not_a_session_day"}
)


class BarQuality(FeatureFamily):
    """`bad_bar_share`, `silent_days`."""

    def __init__(self, config: HydraConfig) -> None:
        self._max_age_us = bar_max_age_us(config)
        self._bad: deque[bool] = deque(maxlen=WINDOW_BARS)
        self._last_ts: int | None = None

    def describe(self) -> Sequence[FeatureDescription]:
        """bad_bar_share, silent_days."""
        return (
            FeatureDescription("bad_bar_share", "share", "futures_bar", 0.0, 1.0, self._max_age_us,
                               f"share of the last {WINDOW_BARS} bars with a finding against their price"),
            FeatureDescription("silent_days", "days", "futures_bar", 0.0, None, self._max_age_us,
                               "calendar days between the last two bars"),
        )  # fmt: skip

    def on_decision_bar(self, bar: FuturesBar, latest: Mapping[str, Reading]) -> Sequence[Reading]:
        """Both numbers, at every bar."""
        self._bad.append(not BAD_FLAGS.isdisjoint(bar.flags))
        silent = MISSING if self._last_ts is None else (bar.event_ts - self._last_ts) / MICROS_PER_DAY
        self._last_ts = bar.event_ts
        return (
            Reading("bad_bar_share", bar.event_ts, sum(self._bad) / len(self._bad), GOOD, bar.series),
            Reading("silent_days", bar.event_ts, silent, GOOD if silent == silent else "first_bar", bar.series),
        )
