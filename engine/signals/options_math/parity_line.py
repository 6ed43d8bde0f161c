"""Put-call parity as a line through intervals: C - P = D (F - K) gives the discount by its slope, the forward by its
root.

Each pair of call and put at one strike says that C - P lies between call bid - put ask and call ask - put bid. The
slope comes from all pairs, because a long lever counts more than narrow quotes; the root from those near the money.
Both are weighted least squares to the middles with Huber's weights from half a width on (Huber, "Robust estimation of a
location parameter", 1964), so that one stale leg moves neither.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.signals.options_math.black76 import FloatArray

LEAST_PAIRS: Final = 2
PAIRS_FOR_SLOPE: Final = 6
_PAIRS_NEAR_THE_MONEY: Final = 40
# Neighbouring strikes are quoted by the same hand: they err together, and more of them tell no more.
_INDEPENDENT_PAIRS: Final = 12.0
_LEAST_HALF_WIDTH_SHARE: Final = 0.1
_STEPS: Final = 25
_DISCOUNT_LOW: Final = 0.5
_DISCOUNT_HIGH: Final = 1.05


@dataclass(frozen=True, slots=True)
class ParityLine:
    """`forward` in price units and `discount` with their standard errors, from `pairs` strikes. `discount_error` is
    infinite where the pairs cannot tell the discount and 1 was taken."""

    forward: float
    discount: float
    forward_error: float
    discount_error: float
    pairs: int


def parity_line(
    strike: FloatArray, low: FloatArray, high: FloatArray, discount: float | None = None, discount_error: float = 0.0
) -> ParityLine | None:
    """The line through the intervals [low, high] of C - P, present values, at `strike` [n]; its slope is `discount`,
    known to `discount_error`, where that is given. None for fewer than two pairs and for a
    forward that is not positive."""
    if strike.size < LEAST_PAIRS:
        return None
    gap = 0.5 * (low + high)
    half = np.maximum(0.5 * (high - low), 1e-12)
    half = np.maximum(half, _LEAST_HALF_WIDTH_SHARE * float(np.median(half)))
    factor, factor_error = (discount, discount_error) if discount is not None else _slope(strike, gap, half)
    near = np.sort(np.argsort(np.abs(gap), kind="stable")[:_PAIRS_NEAR_THE_MONEY])
    implied, noise = strike[near] + gap[near] / factor, half[near] / factor
    forward, weight = robust_centre(implied, noise)
    if not forward > 0.0:
        return None
    lever = abs(float(weight @ strike[near] / weight.sum()) - forward)
    own = _error(float(weight.sum()), near.size)
    by_slope = lever * factor_error / factor if math.isfinite(factor_error) else 0.0
    return ParityLine(forward, factor, math.hypot(own, by_slope), factor_error, int(strike.size))


def _slope(strike: FloatArray, gap: FloatArray, half: FloatArray) -> tuple[float, float]:
    """Discount factor and its error; (1, inf) where too few pairs or an impossible slope tell none."""
    if strike.size < PAIRS_FOR_SLOPE:
        return 1.0, math.inf
    x = strike - float(np.median(strike))
    weight: FloatArray = 1.0 / half**2
    slope = 0.0
    for _ in range(_STEPS):
        centre_x, centre_y = weight @ x / weight.sum(), weight @ gap / weight.sum()
        slope = float(weight @ ((x - centre_x) * (gap - centre_y)) / (weight @ (x - centre_x) ** 2))
        weight = _weights(np.abs(gap - centre_y - slope * (x - centre_x)), half)
    if not _DISCOUNT_LOW <= -slope <= _DISCOUNT_HIGH:
        return 1.0, math.inf
    lever = x - weight @ x / weight.sum()
    return min(1.0, -slope), _error(float(weight @ lever**2), strike.size)


def robust_centre(values: FloatArray, half: FloatArray) -> tuple[float, FloatArray]:
    """Weighted mean of values known to +- `half` > 0, with Huber's weights; the weights beside it."""
    centre = float(np.median(values))
    weight = _weights(np.abs(values - centre), half)
    for _ in range(_STEPS):
        centre = float(weight @ values / weight.sum())
        weight = _weights(np.abs(values - centre), half)
    return centre, weight


def _weights(distance: FloatArray, half: FloatArray) -> FloatArray:
    result: FloatArray = np.minimum(1.0, half / np.maximum(distance, 1e-300)) / half**2
    return result


def _error(information: float, pairs: int) -> float:
    """A price is anywhere in its interval: a variance of a third of the squared half width."""
    return math.sqrt(max(1.0, pairs / _INDEPENDENT_PAIRS) / (3.0 * information))
