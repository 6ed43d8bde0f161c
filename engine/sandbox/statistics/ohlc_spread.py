"""Effective bid-ask spread from prices alone: Roll, Corwin-Schultz, Abdi-Ranaldo. For EDGE see `edge_spread`.

All prices are positive, ascending in time, NaN where a bar is missing; a spread of .01 is 1 % of the price. Each
estimator squares or differences noise, so one of a short sample can come out negative: `floored=False` shows that,
the default holds it at 0. NaN where no bar can be used. EDGE is the one to use: the others miss where trades are few.

>>> prices = np.exp(np.tile([0.001, -0.001], 50))
>>> round(roll_spread(prices), 6)
0.004021
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError

FloatArray = NDArray[np.float64]
_CORWIN_SCHULTZ_CONSTANT: Final = 3.0 - 2.0 * math.sqrt(2.0)


def roll_spread(price: FloatArray, *, floored: bool = True) -> float:
    """Roll (1984): 2 sqrt(-cov(r_t, r_t-1)) of log returns of trade prices.

    The covariance has ddof 1; a positive one gives 0, or -2 sqrt(cov) if not floored.
    """
    returns = np.diff(_logs(price)[0])
    pairs = np.isfinite(returns[1:]) & np.isfinite(returns[:-1])
    if int(pairs.sum()) < 2:
        return math.nan
    covariance = float(np.cov(returns[1:][pairs], returns[:-1][pairs])[0, 1])
    return _signed_root(-4.0 * covariance, floored)


def corwin_schultz_spread(
    high: FloatArray, low: FloatArray, close: FloatArray | None = None, *, floored: bool = True
) -> float:
    """Corwin and Schultz (2012): high-low range of one bar against two, averaged over pairs of bars.

    beta = sum of two squared log ranges, gamma = squared log range of both bars, alpha = (sqrt(2 beta) - sqrt(beta)) /
    (3 - 2 sqrt 2) - sqrt(gamma / (3 - 2 sqrt 2)), S = 2 (e^alpha - 1) / (1 + e^alpha). Given closes, the second bar is
    first moved by its overnight gap (section II.C). `floored` sets each pair's negative estimate to 0 before the mean.
    """
    if close is None:
        highs, lows = _logs(high, low)
        gap = np.zeros(max(len(highs) - 1, 0))
    else:
        highs, lows, closes = _logs(high, low, close)
        gap = np.maximum(lows[1:] - closes[:-1], 0.0) + np.minimum(highs[1:] - closes[:-1], 0.0)
    second_high, second_low = highs[1:] - gap, lows[1:] - gap
    beta = (highs[:-1] - lows[:-1]) ** 2 + (second_high - second_low) ** 2
    gamma = (np.maximum(highs[:-1], second_high) - np.minimum(lows[:-1], second_low)) ** 2
    alpha = (math.sqrt(2.0) - 1.0) * np.sqrt(beta) / _CORWIN_SCHULTZ_CONSTANT - np.sqrt(
        gamma / _CORWIN_SCHULTZ_CONSTANT
    )
    spread = 2.0 * np.tanh(alpha / 2.0)
    used = spread[np.isfinite(spread)]
    if len(used) == 0:
        return math.nan
    return float(np.mean(np.maximum(used, 0.0) if floored else used))


def abdi_ranaldo_spread(
    high: FloatArray, low: FloatArray, close: FloatArray, *, floored: bool = True, by_pair: bool = False
) -> float:
    """Abdi and Ranaldo (2017): 2 sqrt(E[(c_t - eta_t)(c_t - eta_t+1)]), eta = middle of the log range.

    `by_pair` takes the root of each pair of bars, negative products as 0, and averages the roots (the authors'
    two-day version); otherwise the expectation is taken first.
    """
    highs, lows, closes = _logs(high, low, close)
    middle = (highs + lows) / 2.0
    product = 4.0 * (closes[:-1] - middle[:-1]) * (closes[:-1] - middle[1:])
    used = product[np.isfinite(product)]
    if len(used) == 0:
        return math.nan
    if by_pair:
        return float(np.mean(np.sqrt(np.maximum(used, 0.0))))
    return _signed_root(float(np.mean(used)), floored)


def _signed_root(square: float, floored: bool) -> float:
    return math.sqrt(square) if square > 0.0 else (0.0 if floored else -math.sqrt(-square))


def _logs(*prices: FloatArray) -> list[FloatArray]:
    if any(column.ndim != 1 or len(column) != len(prices[0]) for column in prices):
        raise CalculationError("a spread needs price columns of one length")
    if any(bool(np.any(column <= 0.0)) for column in prices):
        raise CalculationError("a spread in per cent of the price needs prices above 0")
    return [np.log(column) for column in prices]
