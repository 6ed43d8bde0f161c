"""The smile of one expiry in two numbers: at-the-money volatility and skew slope, robust with few strikes.

Implied volatilities of the out-of-the-money quotes (both rights within half a standard deviation of the money) are
regressed on standardised log-moneyness z = ln(K/F) / (sigma_atm sqrt(T)): sigma(z) = atm + slope z + curvature z^2, by
least squares weighted with the inverse squared quote width in volatility, then once more with Huber weights, so that
one wild quote does not tilt the smile. The slope is in volatility per standard deviation; the 25-delta risk reversal
is close to 2 x 0.67 x slope.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.signals.options_math.black76 import FloatArray, IntArray
from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.implied_volatility import implied_volatility
from engine.signals.options_math.status_codes import OptionStatus

_Z_LIMIT = 2.5
_BOTH_SIDES_Z = 0.5
_HUBER = 1.5
_CURVATURE_PRIOR_SD = 0.15


@dataclass(frozen=True, slots=True)
class Smile:
    """`atm_iv` per sqrt(year); `skew_slope`, `curvature` in volatility per sd and per sd^2; standard errors of the
    first two from the quotes' widths and scatter; `quotes_used` volatilities on `strikes_used` strikes. `unit` is the
    volatility that standardises ln(K/F)."""

    atm_iv: float
    skew_slope: float
    curvature: float
    atm_iv_error: float
    skew_slope_error: float
    quotes_used: int
    strikes_used: int
    unit: float = math.nan

    def volatility(self, log_moneyness: FloatArray, years: float) -> FloatArray:
        """The fitted curve at ln(K/F); NaN where only the level is known."""
        z = log_moneyness / (self.unit * math.sqrt(years))
        return self.atm_iv + self.skew_slope * z + self.curvature * z * z


def fit_smile(quotes: Sequence[CleanQuote], forward: float, years: float, discount: float = 1.0) -> Smile | None:
    """Smile of two-sided quotes; None where no volatility can be inverted. With fewer than three strikes, or strikes on
    one side of the money only, the slope is NaN and `atm_iv` the volatility nearest to the money."""
    two_sided = [quote for quote in quotes if quote.two_sided]
    if not two_sided or not forward > 0.0 or not years > 0.0:
        return None
    strike = np.array([quote.strike for quote in two_sided])
    is_call = np.array([quote.is_call for quote in two_sided])
    prices = np.array([[quote.bid for quote in two_sided], [quote.ask for quote in two_sided]])
    stacked = np.vstack([prices, prices.mean(axis=0)])
    values, status = implied_volatility(stacked, forward, strike, years, is_call, discount)
    valid = status[2] == OptionStatus.OK
    if not valid.any():
        return None
    k = np.log(strike / forward)
    nearest = np.flatnonzero(valid)[np.argmin(np.abs(k[valid]))]
    guess = float(np.mean(values[2][valid & (np.abs(k) <= np.abs(k[nearest]) + 1e-12)]))
    z = k / (guess * math.sqrt(years))
    chosen = valid & (np.abs(z) <= _Z_LIMIT) & ((is_call == (k >= 0.0)) | (np.abs(z) <= _BOTH_SIDES_Z))
    if np.unique(strike[chosen]).size < 3 or not (z[chosen].min() < 0.0 < z[chosen].max()):
        error = _half_width(values, status, guess)[nearest]
        return Smile(guess, math.nan, math.nan, float(error), math.nan, int(valid.sum()), np.unique(strike[valid]).size)
    half = _half_width(values, status, guess)[chosen]
    atm, slope, curvature, errors = _regress(z[chosen], values[2][chosen], half, guess)
    if not atm > 0.0:
        return Smile(guess, math.nan, math.nan, float(half.min()), math.nan, int(chosen.sum()), 1)
    strikes = np.unique(strike[chosen]).size
    return Smile(atm, slope, curvature, errors[0], errors[1], int(chosen.sum()), strikes, guess)


def _half_width(values: FloatArray, status: IntArray, guess: float) -> FloatArray:
    """Half of the quote's width in volatility; a bid that cannot be inverted counts as far away as the ask."""
    ask = np.where(status[1] == OptionStatus.OK, values[1] - values[2], guess)
    bid = np.where(status[0] == OptionStatus.OK, values[2] - values[0], ask)
    return np.maximum(0.5 * (ask + bid), 1e-3 * guess)


def _regress(
    z: FloatArray, volatility: FloatArray, half_width: FloatArray, scale: float
) -> tuple[float, float, float, tuple[float, float]]:
    design = np.stack([np.ones_like(z), z, z * z], axis=1)
    prior = np.diag([0.0, 0.0, 1.0 / (_CURVATURE_PRIOR_SD * scale) ** 2])
    # Half widths enter with a floor, so that a few one-tick quotes do not silence all others.
    noise = np.sqrt(half_width**2 / 3.0 + (0.25 * np.median(half_width)) ** 2)
    weight: FloatArray = 1.0 / noise**2
    coefficients: FloatArray = np.zeros(3)
    inverse: FloatArray = np.eye(3)
    for _ in range(3):
        normal = design.T @ (design * weight[:, None]) + prior
        inverse = np.asarray(np.linalg.inv(normal), dtype=np.float64)
        coefficients = inverse @ (design.T @ (weight * volatility))
        surprise = np.abs(volatility - design @ coefficients) / noise
        weight = np.minimum(1.0, _HUBER / np.maximum(surprise, 1e-12)) / noise**2
    errors = np.sqrt(np.diag(inverse))
    return (
        float(coefficients[0]),
        float(coefficients[1]),
        float(coefficients[2]),
        (float(errors[0]), float(errors[1])),
    )
