"""Boundaries for comparisons that are looked at on every bar: mixture SPRT and the normal-mixture confidence sequence.

Exact for independent normal differences of known variance, asymptotic otherwise; the promotion gate uses e-processes
(`promotion_gate`), these are shown beside it for planning. Sources: Robbins (1970); Johari, Koomen, Pekelis and Walsh
(2017) for the mixture SPRT and its p-value.

>>> [round(normal_mixture_half_width(bars, 0.05, 250), 3) for bars in (30, 250, 1000)]
[0.675, 0.192, 0.099]
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from engine.kernel.errors import CalculationError


def mixture_precision(alpha: float, target_bars: int) -> float:
    """Mixing variance r^2 that makes the interval tightest at `target_bars`: (-2 ln a + ln(-2 ln a + 1)) / n*."""
    logarithm = -2.0 * math.log(alpha)
    return (logarithm + math.log(logarithm + 1.0)) / target_bars


def normal_mixture_half_width(bars: int, alpha: float, target_bars: int) -> float:
    """Half-width, in standard deviations, of an interval for the mean that is valid at every bar at once (Robbins)."""
    precision = mixture_precision(alpha, target_bars)
    grown = bars * precision + 1.0
    return math.sqrt(grown / (bars**2 * precision) * math.log(grown / alpha**2))


def normal_mixture_interval(
    mean: float, bars: int, *, standard_deviation: float, alpha: float, target_bars: int
) -> tuple[float, float]:
    """Confidence sequence: with chance 1 - alpha *all* intervals of a path, one a bar, hold the true mean."""
    if bars < 1 or not standard_deviation > 0.0 or not 0.0 < alpha < 1.0 or target_bars < 1:
        raise CalculationError("a confidence sequence needs bars, a standard deviation above 0 and alpha in (0, 1)")
    width = standard_deviation * normal_mixture_half_width(bars, alpha, target_bars)
    return mean - width, mean + width


def mixture_sprt(mean: float, bars: int, *, variance: float, mixing_variance: float) -> float:
    """Likelihood ratio of the mixture SPRT after `bars` with sample `mean`: an e-value for mean = 0 (Johari 2017)."""
    total = variance + bars * mixing_variance
    exponent = bars**2 * mixing_variance * mean**2 / (2.0 * variance * total)
    return math.sqrt(variance / total) * math.exp(min(exponent, 700.0))


@dataclass(frozen=True, slots=True)
class MixtureSprt:
    """Mixture SPRT of mean = 0 (two-sided) along a path; `p_value` is the smallest 1 / L so far, so it may be looked at
    on every bar: under the null it ever falls to alpha with chance at most alpha."""

    variance: float
    mixing_variance: float
    bars: int = 0
    total: float = 0.0
    p_value: float = 1.0

    def __post_init__(self) -> None:
        if not self.variance > 0.0 or not self.mixing_variance > 0.0:
            raise CalculationError("a mixture SPRT needs a variance and a mixing variance above 0")

    def updated(self, difference: float) -> Self:
        """State after one more difference; raises CalculationError if it is not finite."""
        if not math.isfinite(difference):
            raise CalculationError("a mixture SPRT needs finite differences")
        bars, total = self.bars + 1, self.total + difference
        ratio = mixture_sprt(total / bars, bars, variance=self.variance, mixing_variance=self.mixing_variance)
        return replace(self, bars=bars, total=total, p_value=min(self.p_value, 1.0 / ratio))

    def updated_many(self, differences: Iterable[float]) -> Self:
        """State after several differences, in time order."""
        state = self
        for difference in differences:
            state = state.updated(difference)
        return state
