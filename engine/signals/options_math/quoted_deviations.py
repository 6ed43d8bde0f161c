"""The two-sided quotes of an expiry as standard deviations to expiry: where the fits of smiles start from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.implied_volatility import implied_volatility
from engine.signals.options_math.quoted_intervals import QuotedIntervals
from engine.signals.options_math.status_codes import OptionStatus

_INVERSE_SQRT_2PI = 0.3989422804014327
# A quote whose half width is below this share of its deviation counts as if it were this wide.
_LEAST_RELATIVE_ERROR = 2e-3


@dataclass(frozen=True, slots=True)
class QuotedDeviations:
    """Per usable two-sided quote, ordered by strike: `k` = ln(K/F), `deviation` = sigma sqrt(T) of the middle, `error`
    = its half width in deviation. `at_the_money` is the deviation interpolated at k = 0; `gap` the median distance of
    neighbouring strikes in log-moneyness."""

    k: FloatArray
    deviation: FloatArray
    error: FloatArray
    at_the_money: float
    gap: float


def two_sided_strikes(intervals: QuotedIntervals) -> int:
    """Number of different strikes with a quote on both sides."""
    return int(np.unique(intervals.strike[intervals.two_sided]).size)


def quoted_deviations(intervals: QuotedIntervals) -> QuotedDeviations | None:
    """Deviations of the two-sided middles; None where not one of them can be inverted.

    The level at the money is the value at k = 0 of the line through the nearest deviations, weighted with their errors
    and their distance, or the plain weighted mean where they lie on one side of the money.
    """
    chosen = intervals.two_sided
    strike = intervals.strike[chosen]
    deviation, status = implied_volatility(intervals.middle[chosen], 1.0, strike, 1.0, intervals.is_call[chosen])
    usable = status == OptionStatus.OK
    if not usable.any():
        return None
    deviation, strike = deviation[usable], strike[usable]
    k = np.log(strike)
    d1 = -k / deviation + 0.5 * deviation
    slope = _INVERSE_SQRT_2PI * np.exp(-0.5 * d1 * d1)
    error = np.maximum(
        intervals.half_width[chosen][usable] / np.maximum(slope, 1e-12), _LEAST_RELATIVE_ERROR * deviation
    )
    levels = np.unique(k)
    gap = float(np.median(np.diff(levels))) if levels.size > 1 else float(deviation[0])
    return QuotedDeviations(k, deviation, error, _at_the_money(k, deviation, error, gap), gap)


def _at_the_money(k: FloatArray, deviation: FloatArray, error: FloatArray, gap: float) -> float:
    nearest = float(np.abs(k).min())
    scale = max(0.5 * float(deviation[np.argmin(np.abs(k))]), gap, nearest)
    weight = np.exp(-0.5 * (k / scale) ** 2) / error**2
    total = float(weight.sum())
    level = float(weight @ deviation) / total
    if not (k.min() < 0.0 < k.max()):
        return level
    centre = float(weight @ k) / total
    spread = float(weight @ (k - centre) ** 2)
    slope = float(weight @ ((k - centre) * deviation)) / spread if spread > 0.0 else 0.0
    straight = level - slope * centre
    return straight if 0.5 * level < straight < 2.0 * level else level
