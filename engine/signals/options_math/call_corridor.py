"""What the quotes of one expiry allow a call price to be, strike by strike: the geometry behind every static bound.

Undiscounted prices over the forward, C(K) = E[max(x - K, 0)] with x = S/F: convex, C(0) = 1, slope in [-1, 0],
C -> 0, and C(K) - P(K) = 1 - K, so that a put's interval is one of the call at its strike. A function with these
properties belongs to a distribution and the other way round (Breeden and Litzenberger 1978; Davis and Hobson 2007), so
intervals leave a corridor [low_i, high_i] at each strike, and three facts make every bound a closed form:

- the greatest admissible function, whatever the lower ends say, is the lower convex hull of (0, 1), the upper ends and
  a flat ray to the right. It attains all upper bounds at once, and the quotes are free of static arbitrage exactly
  where it lies above all lower ends and no upper end lies below max(1 - K, 0);
- an admissible function is at least low_i at K_i and at most high_j at K_j. So to the right of K_i it lies above the
  line through (K_i, low_i) with slope max (low_i - high_j) / (K_i - K_j) over j < i and (0, 1), and to the left of K_i
  above the line with slope min(0, (high_j - low_i) / (K_j - K_i)) over j > i;
- so the least admissible price at K is the highest of these lines and of max(1 - K, 0).

Limits count as admissible: a last strike with C > 0 behind a flat piece needs mass at ever higher prices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.quoted_intervals import BoolArray, QuotedIntervals

# Prices over the forward: far below a tick (3e-4 on hogs), far above the rounding of a parity (1e-16).
ROUNDING = 1e-12
# A point this close to a strike, relative to it, is that strike: slopes over less are rounding noise.
_SAME_STRIKE = 1e-9


@dataclass(frozen=True, slots=True)
class CallCorridor:
    """`strike` distinct and rising; `low`, `high` what the rows there leave to the call (-inf, inf: nothing said)."""

    strike: FloatArray
    low: FloatArray
    high: FloatArray

    def highest(self, strike: FloatArray) -> FloatArray:
        """The greatest admissible call price at each strike, the lower ends left aside."""
        corner, value = self._hull()
        result: FloatArray = np.interp(strike, corner, value)
        return result

    def lowest(self, strike: FloatArray) -> FloatArray:
        """The least admissible call price at each strike, where the corridor is admissible at all."""
        left, right = self._tangents()
        distance = strike[:, None] - self.strike
        near = _SAME_STRIKE * self.strike
        with np.errstate(invalid="ignore"):
            line = self.low + np.where(distance >= 0.0, left, right) * distance
        line = np.where(np.abs(distance) <= near, self.low, line)
        line = np.where(np.isfinite(self.low), line, -np.inf)
        result: FloatArray = np.maximum(line.max(axis=1, initial=-np.inf), np.maximum(1.0 - strike, 0.0))
        return result

    @property
    def admissible(self) -> bool:
        """Whether a distribution with mean 1 reprices every row inside its interval, to rounding."""
        floor = np.maximum(1.0 - self.strike, 0.0)
        above = self.highest(self.strike) >= np.maximum(self.low, floor) - ROUNDING
        return bool(np.all(above) and np.all(self.high >= floor - ROUNDING))

    def slopes_at(self, strike: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Least left and greatest right derivative of any admissible call function at each strike.

        Both belong to the least price there: from a higher one the function cannot fall faster to the left nor
        flatter to the right.
        """
        price = np.minimum(self.lowest(strike), self.highest(strike))
        knot, top = np.concatenate([[0.0], self.strike]), np.concatenate([[1.0], self.high])
        distance = knot - strike[:, None]
        near = _SAME_STRIKE * strike[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = (top - price[:, None]) / distance
        left = np.where(distance < -near, slope, -1.0).max(axis=1)
        right = np.where(distance > near, slope, 0.0).min(axis=1)
        return np.maximum(left, -1.0), np.clip(right, -1.0, 0.0)

    def _tangents(self) -> tuple[FloatArray, FloatArray]:
        knot, top = np.concatenate([[0.0], self.strike]), np.concatenate([[1.0], self.high])
        distance = knot - self.strike[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = (top - self.low[:, None]) / distance
        left = np.where(distance < 0.0, slope, -np.inf).max(axis=1)
        right = np.where(distance > 0.0, slope, 0.0).min(axis=1, initial=0.0)
        return left, np.minimum(right, 0.0)

    def _hull(self) -> tuple[FloatArray, FloatArray]:
        corner, value = [0.0], [1.0]
        for k, top in zip(self.strike.tolist(), self.high.tolist(), strict=True):
            if top >= value[-1]:
                continue
            while len(corner) > 1 and (value[-1] - value[-2]) * (k - corner[-2]) >= (top - value[-2]) * (
                corner[-1] - corner[-2]
            ):
                corner.pop()
                value.pop()
            corner.append(k)
            value.append(top)
        return np.array(corner), np.array(value)


def call_rows(intervals: QuotedIntervals) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Each row as an interval of the call at its strike (parity), and which rows can say anything: the strike positive
    and at least one end a number. An end that is not a number leaves its side open."""
    parity = np.where(intervals.is_call, 0.0, 1.0 - intervals.strike)
    with np.errstate(invalid="ignore"):
        low = np.where(np.isfinite(intervals.low), intervals.low + parity, -np.inf)
        high = np.where(np.isfinite(intervals.high), intervals.high + parity, np.inf)
        speaks = np.isfinite(intervals.strike) & (intervals.strike > 0.0)
    return low, high, speaks & (np.isfinite(low) | np.isfinite(high))


def call_corridor(intervals: QuotedIntervals) -> CallCorridor:
    """The corridor of one expiry; rows in any order, several rows per strike intersect."""
    low, high, speaks = call_rows(intervals)
    return corridor_of_calls(intervals.strike[speaks], low[speaks], high[speaks])


def corridor_of_calls(strike: FloatArray, low: FloatArray, high: FloatArray) -> CallCorridor:
    """The corridor of rows that are intervals of calls already."""
    distinct, place = np.unique(strike, return_inverse=True)
    bottom, top = np.full(distinct.size, -np.inf), np.full(distinct.size, np.inf)
    np.maximum.at(bottom, place, low)
    np.minimum.at(top, place, high)
    return CallCorridor(distinct, bottom, top)
