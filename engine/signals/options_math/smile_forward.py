"""A forward where no strike is quoted as call and put on both sides: calls and puts lie on one smile.

Raising the forward lowers the volatility of every call and raises that of every put. The forward sought is the one at
which a smooth curve through the volatilities, a polynomial in ln(K/F), has no step between puts and calls. With fewer
than six quotes the curve is a constant, which ignores any skew: the error then includes a step of a quarter of the
volatility.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.quoted_intervals import BoolArray

_QUOTES_FOR_SLOPE: Final = 6
_QUOTES_FOR_CURVATURE: Final = 12
_QUOTES_USED: Final = 16
_UNKNOWN_SKEW: Final = 0.25
_HALVINGS: Final = 40
_SHIFT: Final = 1e-4
_LEAST_HALF_WIDTH: Final = 1e-6

Volatilities = Callable[[FloatArray, float, FloatArray, BoolArray], FloatArray]
"""(prices [3, n], forward, strike [n], is_call [n]) -> volatilities [3, n], NaN where a price has none."""


@dataclass(frozen=True, slots=True)
class SmileForward:
    """`forward` in price units with its standard error, quotes used."""

    forward: float
    forward_error: float
    quotes: int


@dataclass(frozen=True, slots=True)
class _Step:
    """The step of the smile from puts to calls, its standard error, the level of volatility, quotes used."""

    value: float
    error: float
    level: float
    quotes: int


def forward_of_one_smile(
    quotes: Sequence[CleanQuote], discount: float, volatilities: Volatilities
) -> SmileForward | None:
    """Forward from cleaned quotes of one expiry, at least one call and one put among those with a bid; None where no
    forward that the quotes allow closes the step."""
    two_sided = [quote for quote in quotes if quote.two_sided]
    calls = [quote for quote in two_sided if quote.is_call]
    puts = [quote for quote in two_sided if not quote.is_call]
    if not calls or not puts:
        return None
    low = max(quote.strike - quote.ask / discount for quote in puts)
    high = min(quote.strike + quote.ask / discount for quote in calls)
    if not 0.0 < low < high:
        return None
    strike = np.array([quote.strike for quote in two_sided])
    is_call = np.array([quote.is_call for quote in two_sided])
    prices = np.array([[quote.bid for quote in two_sided], [quote.mid for quote in two_sided],
                       [quote.ask for quote in two_sided]])  # fmt: skip

    def step(forward: float) -> _Step:
        return _step(volatilities(prices, forward, strike, is_call), np.log(strike / forward), is_call)

    first, last = low, high
    for _ in range(_HALVINGS):
        middle = 0.5 * (first + last)
        first, last = (first, middle) if step(middle).value < 0.0 else (middle, last)
    forward = 0.5 * (first + last)
    found, moved = step(forward), step(forward * (1.0 + _SHIFT))
    slope = (moved.value - found.value) / (_SHIFT * forward)
    if not (math.isfinite(found.value) and slope < 0.0 and low < first and last < high):
        return None
    doubt = 0.0 if found.quotes >= _QUOTES_FOR_SLOPE else _UNKNOWN_SKEW * found.level
    error = math.hypot(found.error, doubt) / -slope
    return SmileForward(forward, min(error, 0.5 * (high - low)), found.quotes)


def _step(volatility: FloatArray, moneyness: FloatArray, is_call: BoolArray) -> _Step:
    """Least squares, weighted with the quotes' widths in volatility, of a polynomial and a step at the calls, over the
    quotes nearest to the money. The step is -inf where no call has a volatility, because the forward is too high for
    its price, and +inf where no put has."""
    known = np.flatnonzero(np.isfinite(volatility).all(axis=0))
    if not is_call[known].any():
        return _Step(-math.inf, math.inf, math.nan, 0)
    if is_call[known].all():
        return _Step(math.inf, math.inf, math.nan, 0)
    ranked = known[np.argsort(np.abs(moneyness[known]), kind="stable")]
    use = ranked[:_QUOTES_USED]
    if is_call[use].all() or not is_call[use].any():
        use = np.concatenate([use, ranked[is_call[ranked] != is_call[use[0]]][:1]])
    degree = 2 if use.size >= _QUOTES_FOR_CURVATURE else 1 if use.size >= _QUOTES_FOR_SLOPE else 0
    columns = [moneyness[use] ** power for power in range(degree + 1)]
    design = np.stack([*columns, is_call[use].astype(np.float64)], axis=1)
    half = np.maximum(0.5 * (volatility[2, use] - volatility[0, use]), _LEAST_HALF_WIDTH)
    weighted = design / half[:, None]
    covariance = np.linalg.pinv(weighted.T @ weighted)
    value = covariance @ (weighted.T @ (volatility[1, use] / half))
    error = math.sqrt(max(float(covariance[-1, -1]), 0.0) / 3.0)
    return _Step(float(value[-1]), error, float(np.median(volatility[1, use[:4]])), int(use.size))
