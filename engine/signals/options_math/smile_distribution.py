"""The distribution behind a smile: prices, CDF and density of x = S/F from total implied variance w(k), k = ln(K/F).

With d2 = -k/sqrt(w) - sqrt(w)/2: CDF = N(-d2) + n(d2) w'/(2 sqrt(w)), the derivative of the undiscounted call price in
strike, and density = g n(d2) / (x sqrt(w)) with Durrleman's g (Gatheral and Jacquier 2014, eq. 2.1-2.2). All closed
forms, no finite differences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.signals.options_math.black76 import FloatArray

_INVERSE_SQRT_2PI = 0.3989422804014327


class TotalVariance(Protocol):
    """A smile as total variance: volatility squared times years."""

    def total_variance(self, k: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """w, dw/dk and d2w/dk2 at log-moneyness k = ln(K/F)."""
        ...


@dataclass(frozen=True, slots=True)
class SmileDistribution:
    """Distribution of x = S/F at expiry of one smile (the interface PriceDistribution).

    It is a distribution only where the smile has no butterfly arbitrage; otherwise `pdf` goes negative and says so.
    """

    smile: TotalVariance

    def call_prices(self, strike: FloatArray) -> FloatArray:
        """E[max(x - strike, 0)]."""
        from scipy.special import ndtr

        d2, deviation = self._d2(strike)
        result: FloatArray = ndtr(d2 + deviation) - strike * ndtr(d2)
        return result

    def put_prices(self, strike: FloatArray) -> FloatArray:
        """E[max(strike - x, 0)], free of the cancellation of parity."""
        from scipy.special import ndtr

        d2, deviation = self._d2(strike)
        result: FloatArray = strike * ndtr(-d2) - ndtr(-d2 - deviation)
        return result

    def cdf(self, x: FloatArray) -> FloatArray:
        """P(S/F <= x)."""
        from scipy.special import ndtr

        k = np.log(x)
        w, slope, _ = self.smile.total_variance(k)
        deviation = np.sqrt(w)
        d2 = -k / deviation - 0.5 * deviation
        result: FloatArray = ndtr(-d2) + _normal(d2) * slope / (2.0 * deviation)
        return result

    def pdf(self, x: FloatArray) -> FloatArray:
        """Density of x."""
        k = np.log(x)
        w, slope, bend = self.smile.total_variance(k)
        deviation = np.sqrt(w)
        d2 = -k / deviation - 0.5 * deviation
        result: FloatArray = durrleman(k, w, slope, bend) * _normal(d2) / (x * deviation)
        return result

    def _d2(self, strike: FloatArray) -> tuple[FloatArray, FloatArray]:
        k = np.log(strike)
        deviation = np.sqrt(self.smile.total_variance(k)[0])
        return -k / deviation - 0.5 * deviation, deviation


def durrleman(k: FloatArray, w: FloatArray, slope: FloatArray, bend: FloatArray) -> FloatArray:
    """g(k) = (1 - k w'/(2w))^2 - (w'^2/4)(1/w + 1/4) + w''/2; negative exactly where the density is."""
    result: FloatArray = (1.0 - k * slope / (2.0 * w)) ** 2 - 0.25 * slope**2 * (1.0 / w + 0.25) + 0.5 * bend
    return result


def _normal(d: FloatArray) -> FloatArray:
    result: FloatArray = _INVERSE_SQRT_2PI * np.exp(-0.5 * d * d)
    return result
