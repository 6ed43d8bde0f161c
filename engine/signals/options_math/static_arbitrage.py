"""Are the quotes of one expiry free of static arbitrage, and if not, which rows are to blame and by how much?

The question is put to the intervals [low, high], not to their middles: is there one call function (convex, C(0) = 1,
slope in [-1, 0], C -> 0) inside all of them, puts by parity? The answer is a hull (call_corridor.py). Where there is
none, a linear program widens rows so that there is one, at the least sum of |widening| / half width: an L1 objective
weighted by the spreads, as in Cohen, Reisinger and Wang, "Detecting and repairing arbitrage in traded option prices"
(2020), which leaves most rows untouched and names the few that disagree with all others. Widening costs nothing inside
bid and ask.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.call_corridor import (
    ROUNDING,
    CallCorridor,
    call_corridor,
    call_rows,
    corridor_of_calls,
)
from engine.signals.options_math.quoted_intervals import BoolArray, QuotedIntervals

# A row narrower than half of the typical one is no more credible for it: stale legs are often locked or near zero.
_LEAST_HALF_WIDTH_SHARE = 0.5
_LEAST_HALF_WIDTH = 1e-6
# Repairs of equal size differ by this much, relative, in favour of moving in-the-money and far rows.
_TIE_BREAK = 1e-6
_SOLVER_TOLERANCE = 1e-10


@dataclass(frozen=True, slots=True)
class ArbitrageCheck:
    """Answer for one expiry, in the row order of the question.

    `violation[n]`, over the forward: by how much each row had to be widened, 0 where it was not, NaN where the row says
    nothing (no strike or no number). `repaired` holds the widened intervals, which are free of static arbitrage;
    `repair_half_widths` is the sum of the widenings in half widths.
    """

    feasible: bool
    violation: FloatArray
    repaired: QuotedIntervals
    repair_half_widths: float


def check_static_arbitrage(intervals: QuotedIntervals) -> ArbitrageCheck:
    """Test the intervals of one expiry and repair them minimally where they allow an arbitrage.

    Independent of the order of rows; of several repairs of the same size always the same one is chosen. Raises
    RuntimeError if the linear program, which always has a solution, is not solved.
    """
    low, high, speaks = call_rows(intervals)
    if not speaks.any() or call_corridor(intervals).admissible:
        return ArbitrageCheck(True, np.where(speaks, 0.0, np.nan), intervals, 0.0)
    order = np.flatnonzero(speaks)[np.lexsort((high[speaks], low[speaks], intervals.is_call[speaks],
                                               intervals.strike[speaks]))]  # fmt: skip
    strike, low, high = intervals.strike[order], low[order], high[order]
    half = _credible_half_width(low, high)
    price = _least_moved(strike, low, high, half, intervals.is_call[order])
    moved = np.maximum(np.maximum(low - price, price - high), 0.0)
    alone = _one_row_repair(strike, low, high, half, moved)
    if alone is not None:
        row, price[row], distance = alone
        moved = np.where(np.arange(moved.size) == row, distance, 0.0)
    named = moved > ROUNDING
    violation = np.full(speaks.size, np.nan)
    violation[order] = np.where(named, moved, 0.0)
    new_low, new_high, middle = intervals.low.copy(), intervals.high.copy(), intervals.middle.copy()
    rows = order[named]
    own_price = price[named] - np.where(intervals.is_call[rows], 0.0, 1.0 - intervals.strike[rows])
    new_low[rows] = np.fmin(new_low[rows], own_price)
    new_high[rows] = np.fmax(new_high[rows], own_price)
    middle[rows] = 0.5 * (new_low[rows] + new_high[rows])
    repaired = replace(intervals, low=new_low, high=new_high, middle=middle)
    return ArbitrageCheck(False, violation, repaired, float(np.sum(moved[named] / half[named])))


def _one_row_repair(
    strike: FloatArray, low: FloatArray, high: FloatArray, half: FloatArray, moved: FloatArray
) -> tuple[int, float, float] | None:
    """(row, price, distance) if moving one of the moved rows alone is no larger a repair than moving all of them."""
    candidates = np.flatnonzero(moved > ROUNDING)
    least = float(np.sum(moved / half)) * (1.0 + 2.0 * _TIE_BREAK)
    for row in candidates if candidates.size > 1 else ():
        others = np.arange(strike.size) != row
        rest = corridor_of_calls(strike[others], low[others], high[others])
        if not rest.admissible:
            continue
        at = strike[row : row + 1]
        top = float(rest.highest(at)[0])
        bottom = min(float(rest.lowest(at)[0]), top)
        price = bottom if bottom > high[row] else top
        distance = max(low[row] - price, price - high[row], 0.0)
        if distance / half[row] <= least:
            return int(row), price, distance
    return None


def _credible_half_width(low: FloatArray, high: FloatArray) -> FloatArray:
    half = 0.5 * (high - low)
    bounded = np.isfinite(half)
    typical = float(np.median(half[bounded])) if bounded.any() else 0.0
    return np.maximum(np.where(bounded, half, typical), max(_LEAST_HALF_WIDTH_SHARE * typical, _LEAST_HALF_WIDTH))


def _least_moved(
    row_strike: FloatArray, low: FloatArray, high: FloatArray, half: FloatArray, is_call: BoolArray
) -> FloatArray:
    """Call price at each row of an admissible function with the least weighted distance from all rows.

    Unknowns: y = price in typical half widths above max(1 - K, 0), and the widening of each row in the same unit, so
    that the solver's tolerances are relative to the quotes.
    """
    from scipy.optimize import linprog

    strike, place = np.unique(row_strike, return_inverse=True)
    strikes, rows = strike.size, low.size
    unit = float(np.median(half))
    floor = np.maximum(1.0 - strike, 0.0)
    at_strike = np.zeros((rows, strikes))
    at_strike[np.arange(rows), place] = 1.0
    above, below = np.isfinite(high), np.isfinite(low)
    widening = np.eye(rows)
    convex, convex_bound = _convexity(strike)
    matrix = np.vstack(
        [
            np.hstack([at_strike[above], -widening[above]]),
            np.hstack([-at_strike[below], -widening[below]]),
            np.hstack([convex, np.zeros((convex.shape[0], rows))]),
        ]
    )
    bound = np.concatenate(
        [
            (high - floor[place])[above] / unit,
            (floor[place] - low)[below] / unit,
            (convex_bound - convex @ floor) / unit,
        ]
    )
    cost = np.concatenate([np.zeros(strikes), unit / half * (1.0 + _TIE_BREAK * _reluctance(row_strike, is_call))])
    # The simplex method gives a corner, which moves few rows; where it fails numerically, an interior point does not.
    methods: tuple[Literal["highs-ds", "highs-ipm"], ...] = ("highs-ds", "highs-ipm")
    for method in methods:
        solution = linprog(
            cost,
            A_ub=matrix,
            b_ub=bound,
            bounds=(0.0, None),
            method=method,
            options={
                "primal_feasibility_tolerance": _SOLVER_TOLERANCE,
                "dual_feasibility_tolerance": _SOLVER_TOLERANCE,
            },
        )
        if solution.x is not None:
            break
    else:
        raise RuntimeError(f"the repair of a chain was not solved: {solution.message}")
    price = floor + unit * np.maximum(np.asarray(solution.x[:strikes], dtype=np.float64), 0.0)
    # The hull takes off what the solver's tolerance left of the conditions.
    hull: FloatArray = CallCorridor(strike, price, price).highest(row_strike)
    return hull


def _convexity(strike: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rows A c <= b: every c_i at most the chord of its neighbours, with (0, 1), and the last one at most its
    neighbour; so the function is convex and falls."""
    n = strike.size
    knot = np.concatenate([[0.0], strike])
    share = (knot[2:] - knot[1:-1]) / (knot[2:] - knot[:-2])
    rows = np.zeros((n, n + 1))
    middle = np.arange(n - 1)
    rows[middle, middle + 1] = 1.0
    rows[middle, middle] = -share
    rows[middle, middle + 2] = share - 1.0
    rows[n - 1, n], rows[n - 1, n - 1] = 1.0, -1.0
    return rows[:, 1:], -rows[:, 0]


def _reluctance(strike: FloatArray, is_call: BoolArray) -> FloatArray:
    """0 to 1 per row: the order in which rows of equal cost are spared, with uneven steps so that sums differ too."""
    in_the_money = is_call == (strike < 1.0)
    distance = np.abs(np.log(strike))
    rank = np.empty(strike.size)
    rank[np.lexsort((np.arange(strike.size), -distance, ~in_the_money))] = np.arange(strike.size)
    result: FloatArray = np.sqrt((rank + 1.0) / strike.size)
    return result
