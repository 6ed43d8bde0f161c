"""Prices at which the gamma of the open interest sums to zero: all of them, not the one that a search happens to meet.

If every future moves to m times its price and each option keeps its volatility (sticky strike), the sum over options of
weight x D n(d1) / s, with d1 = (ln m - ln(K/F)) / s + s/2 and s = sigma sqrt(T), changes sign where the position turns
from long to short gamma. It is a sum of bell curves in ln m, none narrower than the smallest s: a scan in sixths of
that sees every sign change, and a pair of roots inside one cell shows in the slope.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from engine.signals.options_math.black76 import FloatArray

# Standard deviations beyond the outermost strikes to which the search extends.
_REACH = 3.0
_CELLS_PER_DEVIATION = 6.0
_BLOCK = 1_000_000
# Options further out than this, or less certain than this, have no gamma to speak of and are left out of the search.
_FARTHEST_LOG_MONEYNESS = 20.0
_LARGEST_DEVIATION = 20.0
# Bounds time and memory where an option is about to expire beside others that are not: a pair of roots closer together
# than a cell may then be missed.
_MOST_CELLS = 200_000

NetGamma: TypeAlias = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


def zero_gamma_factors(
    weight: FloatArray, moneyness: FloatArray, deviation: FloatArray, discounting: FloatArray
) -> tuple[tuple[float, ...], tuple[float, float]]:
    """All m with zero net gamma, rising, and the range of m that was searched: three standard deviations (the largest)
    beyond the lowest and highest strike with a weight.

    Per option: `weight` = sign x open interest x forward, `moneyness` K/F, `deviation` sigma sqrt(T), `discounting` rT.
    Without weights, or with weights of one sign only, there is no level.
    """
    with np.errstate(all="ignore"):
        near = (np.abs(np.log(moneyness)) <= _FARTHEST_LOG_MONEYNESS) & (deviation <= _LARGEST_DEVIATION)
    carries = (weight != 0.0) & near
    if not carries.any():
        return (), (math.nan, math.nan)
    height = (weight * np.exp(-discounting) / deviation)[carries]
    centre, width = np.log(moneyness[carries]), deviation[carries]
    low = float(centre.min() - _REACH * width.max())
    high = float(centre.max() + _REACH * width.max())
    searched = (math.exp(low), math.exp(high))
    if not height.min() < 0.0 < height.max():
        return (), searched

    def net(place: FloatArray) -> tuple[FloatArray, FloatArray]:
        d1 = (place[:, None] - centre) / width + 0.5 * width
        bell = height * np.exp(-0.5 * d1 * d1)
        return bell.sum(axis=1), -(bell * d1 / width).sum(axis=1)

    cells = min(_MOST_CELLS, math.ceil((high - low) * _CELLS_PER_DEVIATION / float(width.min())))
    grid = np.linspace(low, high, cells + 1)
    blocks = np.array_split(grid, math.ceil(grid.size * centre.size / _BLOCK))
    values, slopes = (np.concatenate(item) for item in zip(*(net(block) for block in blocks), strict=True))
    return tuple(math.exp(root) for root in _roots(net, grid, values, slopes)), searched


def _roots(net: NetGamma, grid: FloatArray, values: FloatArray, slopes: FloatArray) -> list[float]:
    from scipy.optimize import brentq

    def value_at(place: float) -> float:
        return float(net(np.array([place]))[0][0])

    def slope_at(place: float) -> float:
        return float(net(np.array([place]))[1][0])

    # Far between strikes the sum underflows to 0: that is no root, and neighbours across such a gap are compared.
    speaks = np.flatnonzero(values != 0.0)
    brackets: list[tuple[float, float]] = []
    touched: list[float] = []
    value, slope = values[speaks], slopes[speaks]
    crossing = np.sign(value[:-1]) != np.sign(value[1:])
    turning = ~crossing & (value[:-1] * slope[:-1] < 0.0) & (value[1:] * slope[1:] > 0.0)
    for cell in np.flatnonzero(crossing | turning):
        a, b = float(grid[speaks[cell]]), float(grid[speaks[cell + 1]])
        if crossing[cell]:
            brackets.append((a, b))
            continue
        turn = float(brentq(slope_at, a, b, xtol=1e-13))
        nearest = value_at(turn)
        if nearest == 0.0:
            touched.append(turn)
        elif nearest * value[cell] < 0.0:
            brackets += [(a, turn), (turn, b)]
    return sorted([*touched, *(float(brentq(value_at, a, b, xtol=1e-14)) for a, b in brackets)])
