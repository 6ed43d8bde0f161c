"""Boundaries for comparisons that are looked at on every bar: mixture SPRT and the normal-mixture interval.

Asymptotic (variance known); the promotion gate uses the betting e-process, these are shown beside it for planning.
"""

from __future__ import annotations

import math


def mixture_precision(alpha: float, target_bars: int) -> float:
    """Mixing variance r^2 that makes the interval tightest at `target_bars`: (-2 ln a + ln(-2 ln a + 1)) / n*."""
    logarithm = -2.0 * math.log(alpha)
    return (logarithm + math.log(logarithm + 1.0)) / target_bars


def normal_mixture_half_width(bars: int, alpha: float, target_bars: int) -> float:
    """Half-width, in standard deviations, of an interval for the mean that is valid at every bar at once (Robbins)."""
    precision = mixture_precision(alpha, target_bars)
    grown = bars * precision + 1.0
    return math.sqrt(grown / (bars**2 * precision) * math.log(grown / alpha**2))


def mixture_sprt(mean: float, bars: int, *, variance: float, mixing_variance: float) -> float:
    """Likelihood ratio of the mixture SPRT after `bars` with sample `mean`: an e-value for mean = 0 (Johari 2017)."""
    total = variance + bars * mixing_variance
    exponent = bars**2 * mixing_variance * mean**2 / (2.0 * variance * total)
    return math.sqrt(variance / total) * math.exp(exponent)
