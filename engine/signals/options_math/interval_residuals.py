"""How far prices are from quoted intervals: the residuals that every parametric family is fitted by, and its score.

Distances are in half widths of the quote, so that a quote speaks as loudly as it is narrow. A two-sided quote pulls to
its middle; leaving [low, high] costs extra for every quote, also for those that nobody bids for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.levenberg_marquardt import IndexArray
from engine.signals.options_math.quoted_intervals import BoolArray, QuotedIntervals

# Leaving an interval by one half width costs as much as being this many half widths off its middle.
_OUTSIDE_WEIGHT = 4.0
_LEAST_HALF_WIDTH = 1e-7
# A quote much narrower than its neighbours (locked, a single tick) does not silence them.
_LEAST_SHARE_OF_MEDIAN = 0.1


@dataclass(frozen=True, slots=True)
class IntervalResiduals:
    """Quotes [quotes] with alternative middles [draws, quotes]; `half` are their half widths with a floor."""

    low: FloatArray
    high: FloatArray
    half: FloatArray
    two_sided: BoolArray
    middle: FloatArray

    def rows(self, price: FloatArray, slope: FloatArray, draw: IndexArray) -> tuple[FloatArray, FloatArray]:
        """Residuals [batch, 2 quotes] of prices [batch, quotes] against the middles of `draw` [batch], and their
        Jacobian from that of the prices, `slope` [batch, quotes, parameters]."""
        centred = (price - self.middle[draw]) / self.half * self.two_sided
        outside = self.outside(price)
        pull = np.broadcast_to(self.two_sided / self.half, price.shape)
        push = np.where(outside != 0.0, _OUTSIDE_WEIGHT / self.half, 0.0)
        return (
            np.concatenate([centred, _OUTSIDE_WEIGHT * outside], axis=-1),
            np.concatenate([slope * pull[..., None], slope * push[..., None]], axis=-2),
        )

    def outside(self, price: FloatArray) -> FloatArray:
        """Signed distance of prices [..., quotes] from their intervals, in half widths; 0 inside."""
        result: FloatArray = (price - np.clip(price, self.low, self.high)) / self.half
        return result

    def misfit(self, price: FloatArray) -> FloatArray:
        """Root mean square of `outside` over the quotes, [...]."""
        result: FloatArray = np.sqrt(np.mean(self.outside(price) ** 2, axis=-1))
        return result

    def centring(self, price: FloatArray, draw: IndexArray) -> FloatArray:
        """Root mean square distance from the middles of the two-sided quotes, in half widths, [...]."""
        off = ((price - self.middle[draw]) / self.half)[..., self.two_sided]
        result: FloatArray = np.sqrt(np.mean(off**2, axis=-1))
        return result


def interval_residuals(intervals: QuotedIntervals, middle: FloatArray) -> IntervalResiduals:
    """Residuals of `intervals` with the middles [draws, quotes] in place of its own."""
    half = np.maximum(intervals.half_width, _LEAST_HALF_WIDTH)
    half = np.maximum(half, _LEAST_SHARE_OF_MEDIAN * float(np.median(half)))
    return IntervalResiduals(intervals.low, intervals.high, half, intervals.two_sided, middle)
