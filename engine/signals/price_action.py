"""Returns, momentum and volatility of the decision series. A change of contract never makes a return."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence

from engine.core.records import FuturesBar
from engine.kernel.config_models import HydraConfig
from engine.signals.feature_family import FeatureDescription, FeatureFamily, bar_max_age_us
from engine.signals.feature_row import GOOD, MISSING, Reading


class PriceAction(FeatureFamily):
    """`return_1`, `momentum_<n>`, `volatility_<n>`, `volatility_ewma`, each in log return per decision bar.

    A return exists only between two consecutive bars of one named contract. Momentum is the sum of the valid returns of
    its window, realised volatility their standard deviation; both are missing unless the window is full and at least
    half of it valid. The EWMA volatility is the root of exponentially weighted squared returns, mean taken as zero,
    normalised by the weights seen; it is missing until a quarter of its half-life (at least 5 returns) was seen.
    """

    def __init__(self, config: HydraConfig) -> None:
        features = config.features
        self._momentum_windows = features.momentum_windows_bars
        self._volatility_window = features.volatility_window_bars
        self._decay = 0.5 ** (1.0 / features.ewma_halflife_bars)
        self._ewma_least = max(5, int(features.ewma_halflife_bars / 4))
        self._halflife = features.ewma_halflife_bars
        self._returns: deque[float] = deque(maxlen=max(self._volatility_window, *self._momentum_windows))
        self._previous: FuturesBar | None = None
        self._ewma_sum = 0.0
        self._ewma_weight = 0.0
        self._ewma_count = 0
        self._max_age_us = bar_max_age_us(config)

    def describe(self) -> Sequence[FeatureDescription]:
        """return_1, momentum per window, realised and EWMA volatility."""
        age = self._max_age_us
        return (
            FeatureDescription("return_1", "log return per bar", "futures_bar", -1.0, 1.0, age,
                               "log return of the last decision bar within one contract"),
            *(FeatureDescription(f"momentum_{window}", "log return", "futures_bar", -2.0, 2.0, age,
                                 f"sum of the valid within-contract log returns of {window} bars")
              for window in self._momentum_windows),
            FeatureDescription(f"volatility_{self._volatility_window}", "log return per bar", "futures_bar", 0.0, 1.0,
                               age, f"standard deviation of the valid log returns of {self._volatility_window} bars"),
            FeatureDescription("volatility_ewma", "log return per bar", "futures_bar", 0.0, 1.0, age,
                               f"EWMA volatility, half-life {self._halflife:g} bars, mean taken as zero"),
        )  # fmt: skip

    def on_decision_bar(self, bar: FuturesBar, latest: Mapping[str, Reading]) -> Sequence[Reading]:
        """Readings of all features of the family, at every bar."""
        value, quality = within_contract_return(self._previous, bar)
        self._previous = bar
        self._returns.append(value)
        if value == value:
            self._ewma_sum = self._decay * self._ewma_sum + value * value
            self._ewma_weight = self._decay * self._ewma_weight + 1.0
            self._ewma_count += 1
        readings = [Reading("return_1", bar.event_ts, value, quality, bar.series)]
        history = list(self._returns)
        for window in self._momentum_windows:
            valid = _valid_of_window(history, window)
            total = math.fsum(valid) if valid is not None else MISSING
            readings.append(_reading(f"momentum_{window}", bar, total))
        valid = _valid_of_window(history, self._volatility_window)
        deviation = _standard_deviation(valid) if valid is not None else MISSING
        readings.append(_reading(f"volatility_{self._volatility_window}", bar, deviation))
        seen = self._ewma_count >= self._ewma_least
        ewma = math.sqrt(self._ewma_sum / self._ewma_weight) if seen else MISSING
        readings.append(_reading("volatility_ewma", bar, ewma))
        return readings


def within_contract_return(previous: FuturesBar | None, bar: FuturesBar) -> tuple[float, str]:
    """Log return from the previous bar's close, and its quality; NaN across a contract change, where the contract is
    not known, or where a price is missing or not positive."""
    if previous is None:
        return MISSING, "no_history"
    if bar.contract is None or previous.contract is None:
        return MISSING, "contract_unknown"
    if bar.contract != previous.contract:
        return MISSING, "contract_change"
    if not (previous.close > 0.0 and bar.close > 0.0):
        return MISSING, "price_missing"
    return math.log(bar.close / previous.close), ",".join(bar.flags) or GOOD


def _valid_of_window(history: list[float], window: int) -> list[float] | None:
    recent = history[-window:]
    valid = [value for value in recent if value == value]
    return valid if len(recent) == window and 2 * len(valid) >= window else None


def _standard_deviation(values: list[float]) -> float:
    if len(values) < 2:
        return MISSING
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _reading(feature: str, bar: FuturesBar, value: float) -> Reading:
    return Reading(feature, bar.event_ts, value, GOOD if value == value else "too_few_returns", bar.series)
