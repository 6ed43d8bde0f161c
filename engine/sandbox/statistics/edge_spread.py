"""EDGE: efficient estimate of the bid-ask spread from open, high, low and close (Ardia, Guidotti and Kroencke 2024).

"Efficient estimation of bid-ask spreads from open, high, low, and close prices", Journal of Financial Economics 161.
Idea. In log prices, opens and closes carry half a spread of either sign, the middle of the range does not; so products
of neighbouring returns to and from the middle have mean -S^2 / 4 times the chance that the open (close) is neither the
high nor the low. Unlike high-low estimators this stays unbiased where bars hold few trades. Two such moments are
weighted by the inverse of their variances.

The expectation is over the bars given: some hundreds of them for a spread well below the bar's volatility.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError

FloatArray = NDArray[np.float64]


def edge_spread(
    open_: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray, *, signed: bool = False
) -> float:
    """Spread as a share of the price (.01 = 1 %); bars ascend in time, NaN where a price is missing.

    NaN with fewer than three bars, fewer than two that moved, or where opens (closes) never lie inside the range.
    `signed` gives the estimate the sign of its square: below 0 = lost in noise. Raises CalculationError on prices at or
    below 0 or columns of different length.

    >>> generator = np.random.default_rng(1)
    >>> middle = np.cumsum(generator.normal(0.0, 0.001, 4_000))
    >>> trades = np.exp(middle + 0.005 * generator.choice([-1.0, 1.0], 4_000)).reshape(400, 10)
    >>> round(edge_spread(trades[:, 0], trades.max(axis=1), trades.min(axis=1), trades[:, -1]), 2)
    0.01
    """
    columns = (open_, high, low, close)
    if any(column.ndim != 1 or len(column) != len(open_) for column in columns):
        raise CalculationError("EDGE needs four price columns of one length")
    if any(bool(np.any(column <= 0.0)) for column in columns):
        raise CalculationError("EDGE works on log prices: they must be above 0")
    if len(open_) < 3:
        return math.nan
    log_open, log_high, log_low, log_close = (np.log(column) for column in columns)
    middle = (log_high + log_low) / 2.0
    before_close, before_middle = log_close[:-1], middle[:-1]
    now_open, now_middle = log_open[1:], middle[1:]

    moved = _indicator(
        (log_high[1:] != log_low[1:]) | (log_low[1:] != before_close), log_high[1:], log_low[1:], before_close
    )
    open_inside = _share_apart(moved, now_open, log_high[1:]) + _share_apart(moved, now_open, log_low[1:])
    close_inside = _share_apart(moved, before_close, log_high[:-1]) + _share_apart(moved, before_close, log_low[:-1])
    if not (np.nansum(moved) >= 2.0 and open_inside > 0.0 and close_inside > 0.0):
        return math.nan

    open_to_middle = _centred(now_middle - now_open, moved)
    close_to_middle = _centred(now_middle - before_close, moved)
    close_to_open = _centred(now_open - before_close, moved)
    from_middle_to_close = before_close - before_middle
    open_weight, close_weight = -4.0 / open_inside, -4.0 / close_inside
    by_middle = (
        open_weight * open_to_middle * (now_open - before_middle)
        + close_weight * close_to_middle * from_middle_to_close
    )
    by_return = (
        open_weight * open_to_middle * (now_open - before_close) + close_weight * close_to_open * from_middle_to_close
    )
    first, second = _mean(by_middle), _mean(by_return)
    first_variance, second_variance = _mean(by_middle**2) - first**2, _mean(by_return**2) - second**2
    total = first_variance + second_variance
    square = (second_variance * first + first_variance * second) / total if total > 0.0 else (first + second) / 2.0
    root = math.sqrt(abs(square))
    return math.copysign(root, square) if signed and square != 0.0 else root


def _indicator(true: NDArray[np.bool_], *known: FloatArray) -> FloatArray:
    """1 or 0, NaN where any of `known` is missing."""
    return np.where(np.any(np.isnan(known), axis=0), np.nan, true.astype(np.float64))


def _share_apart(moved: FloatArray, price: FloatArray, extreme: FloatArray) -> float:
    """Share of bars that moved in which `price` is not the bar's extreme."""
    return _mean(moved * _indicator(price != extreme, price, extreme))


def _centred(returns: FloatArray, moved: FloatArray) -> FloatArray:
    """Returns less their mean, taken off bars that moved only."""
    return returns - _mean(returns) / _mean(moved) * moved


def _mean(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan
