"""What quoted intervals allow, over all distributions that reprice them: bounds of the CDF and of option prices.

No shape is assumed, so these bounds say how much of an answer is the quotes' and how much a model's. They are the
values of linear programs over all densities with mean 1, here in closed form: the extreme distributions are the hull of
the corridor's upper ends pinned to the least admissible call price at the point asked for (call_corridor.py).
O(n^2 + n p) for n strikes and p points.
"""

from __future__ import annotations

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.call_corridor import call_corridor
from engine.signals.options_math.quoted_intervals import QuotedIntervals


def cdf_bounds(intervals: QuotedIntervals, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Least and greatest P(S/F <= x) over all distributions with mean 1 that reprice every interval; each [n].

    Both are attained or limits. Rising in x, inside [0, 1], and no narrower than what any wider intervals leave. NaN
    where x is not a positive number, and everywhere if no distribution fits: repair the intervals first
    (static_arbitrage.py).
    """
    corridor = call_corridor(intervals)
    if not corridor.admissible:
        return np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    known = np.isfinite(x) & (x > 0.0)
    left, right = corridor.slopes_at(np.where(known, x, 1.0))
    low = np.clip(1.0 + left, 0.0, 1.0)
    high = np.maximum(np.clip(1.0 + right, 0.0, 1.0), low)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def option_price_bounds(
    intervals: QuotedIntervals, strike: FloatArray, is_call: bool = True
) -> tuple[FloatArray, FloatArray]:
    """Least and greatest undiscounted price over the forward at any strikes K/F, quoted or not; each [n].

    NaN where a strike is not a positive number, and everywhere if no distribution fits.
    """
    corridor = call_corridor(intervals)
    if not corridor.admissible:
        return np.full(strike.shape, np.nan), np.full(strike.shape, np.nan)
    known = np.isfinite(strike) & (strike > 0.0)
    level = np.where(known, strike, 1.0)
    high = corridor.highest(level)
    low = np.minimum(corridor.lowest(level), high)
    parity = np.where(known, 0.0 if is_call else level - 1.0, np.nan)
    return np.maximum(low + parity, 0.0), np.maximum(high + parity, 0.0)
