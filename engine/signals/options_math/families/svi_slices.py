"""Raw SVI slices without butterfly arbitrage, as a family of densities.

Parameters: a over scale^2, ln(b / scale), atanh(rho), m over scale, ln(s / scale), with w in total variance (svi.py). A
slice is admissible where Durrleman's g is not negative from seven scales below to six above, the wings are flatter than
Lee's bound, and the variance stays positive.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.families.interface import black_prices
from engine.signals.options_math.families.lognormal import INVERSE_SQRT_2PI
from engine.signals.options_math.quoted_intervals import BoolArray
from engine.signals.options_math.smile_distribution import durrleman

_LEAST_SHARE: Final = 1e-3
_CHECKED: Final = np.linspace(-7.0, 6.0, 53)
_PENALISED: Final = np.linspace(-6.0, 5.0, 23)
_MARGIN: Final = 0.02
_PENALTY: Final = 20.0
_FURTHEST: Final = 40.0


@dataclass(frozen=True, slots=True)
class SviSlices:
    """See families/interface.py."""

    name: str = "svi"
    starts: FloatArray = field(
        default_factory=lambda: np.array(
            [[0.7, -1.5, 0.0, 0.0, 0.0], [0.7, -1.5, -0.4, 0.0, -0.5], [0.7, -1.5, 0.4, 0.0, -0.5]]
        )
    )
    prior_mean: FloatArray = field(default_factory=lambda: np.array([0.7, -1.5, 0.0, 0.0, -0.2]))
    prior_deviation: FloatArray = field(default_factory=lambda: np.array([0.5, 1.0, 0.8, 0.7, 0.7]))

    def prices(self, parameters: FloatArray, deviation: float, strike: FloatArray, is_call: BoolArray) -> FloatArray:
        """Black prices at the smile's volatility."""
        w, _, _ = _total_variance(parameters, deviation, np.log(strike))
        return black_prices(strike, is_call, np.sqrt(w))

    def cdf(self, parameters: FloatArray, deviation: float, log_price: FloatArray) -> FloatArray:
        """N(-d2) + n(d2) w' / (2 sqrt(w))."""
        from scipy.special import ndtr

        w, slope, _ = _total_variance(parameters, deviation, log_price)
        root = np.sqrt(w)
        d2 = -log_price / root - 0.5 * root
        result: FloatArray = ndtr(-d2) + INVERSE_SQRT_2PI * np.exp(-0.5 * d2 * d2) * slope / (2.0 * root)
        return result

    def log_density(self, parameters: FloatArray, deviation: float, log_price: FloatArray) -> FloatArray:
        """g n(d2) / sqrt(w)."""
        w, slope, bend = _total_variance(parameters, deviation, log_price)
        root = np.sqrt(w)
        d2 = -log_price / root - 0.5 * root
        g = np.maximum(durrleman(log_price, w, slope, bend), 0.0)
        result: FloatArray = g * INVERSE_SQRT_2PI * np.exp(-0.5 * d2 * d2) / root
        return result

    def admissible(self, parameters: FloatArray, deviation: float) -> BoolArray:
        """g >= 0 where checked, wings within Lee's bound, positive variance."""
        k = _CHECKED * deviation
        w, slope, bend = _total_variance(parameters, deviation, k)
        wing = np.exp(parameters[:, 1]) * deviation * (1.0 + np.abs(np.tanh(parameters[:, 2])))
        with np.errstate(all="ignore"):
            sound = durrleman(k, w, slope, bend).min(axis=1) >= 0.0
        positive = w.min(axis=1) > _LEAST_SHARE * deviation**2
        result: BoolArray = sound & (wing < 2.0) & positive
        return result

    def penalties(self, parameters: FloatArray, deviation: float) -> FloatArray:
        """How far g falls below a small margin."""
        k = _PENALISED * deviation
        w, slope, bend = _total_variance(parameters, deviation, k)
        with np.errstate(all="ignore"):
            short = np.minimum(durrleman(k, w, slope, bend) - _MARGIN, 0.0)
        result: FloatArray = np.maximum(_PENALTY * short, -_FURTHEST)
        return result


def _total_variance(
    parameters: FloatArray, deviation: float, k: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """w, w' and w'' at k, [n, m]; w has a floor that admissible slices never reach."""
    level = parameters[:, 0, None] * deviation**2
    slope = np.exp(parameters[:, 1, None]) * deviation
    tilt = np.tanh(parameters[:, 2, None])
    width = np.exp(parameters[:, 4, None]) * deviation
    y = k - parameters[:, 3, None] * deviation
    root = np.sqrt(y * y + width * width)
    w = np.maximum(level + slope * (tilt * y + root), _LEAST_SHARE * deviation**2)
    return w, slope * (tilt + y / root), slope * width * width / (root * root * root)
