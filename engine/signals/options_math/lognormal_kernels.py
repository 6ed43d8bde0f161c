"""Densities of a price as non-negative mixtures of many narrow lognormal kernels.

A mixture with weights w >= 0 is non-negative and smooth by construction; its mass is the sum of the weights, its mean
the weighted mean of the kernels, an option's price the weighted sum of Black prices, and its CDF and moments are closed
forms. All three kinds of constraint are linear in w. Everything is in units of the forward: x = S/F, y = ln x.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.signals.options_math.black76 import FloatArray

_INVERSE_SQRT_2PI: Final = 0.3989422804014327
_SPACING: Final = 0.1
_GROWTH: Final = 0.25


@dataclass(frozen=True, slots=True)
class KernelFamily:
    """`centre[k]`, `width[k]`: mean and standard deviation of ln(S/F) under kernel k; `spacing` of the stretched
    positions that the kernels are even in."""

    centre: FloatArray
    width: FloatArray
    spacing: float

    @property
    def means(self) -> FloatArray:
        """E[S/F] under each kernel."""
        result: FloatArray = np.exp(self.centre + 0.5 * self.width**2)
        return result

    def call_prices(self, strike: FloatArray) -> FloatArray:
        """Undiscounted call prices over the forward, [strikes, kernels]; `strike` is K/F."""
        from scipy.special import ndtr

        d2 = (self.centre - np.log(strike)[:, None]) / self.width
        result: FloatArray = self.means * ndtr(d2 + self.width) - strike[:, None] * ndtr(d2)
        return result

    def put_prices(self, strike: FloatArray) -> FloatArray:
        """Undiscounted put prices over the forward, [strikes, kernels], free of cancellation."""
        from scipy.special import ndtr

        d2 = (self.centre - np.log(strike)[:, None]) / self.width
        result: FloatArray = strike[:, None] * ndtr(-d2) - self.means * ndtr(-d2 - self.width)
        return result

    def cdf(self, x: FloatArray) -> FloatArray:
        """P(S/F <= x) under each kernel, [points, kernels]."""
        from scipy.special import ndtr

        result: FloatArray = ndtr((np.log(x)[:, None] - self.centre) / self.width)
        return result

    def pdf(self, x: FloatArray) -> FloatArray:
        """Density of S/F under each kernel, [points, kernels]."""
        deviation = (np.log(x)[:, None] - self.centre) / self.width
        result: FloatArray = _INVERSE_SQRT_2PI * np.exp(-0.5 * deviation**2) / (self.width * x[:, None])
        return result

    def log_moments(self, weight: FloatArray) -> tuple[float, float, float, float]:
        """Mean, variance, skewness and excess kurtosis of ln(S/F) under the mixture."""
        mean = float(weight @ self.centre)
        shift, variance = self.centre - mean, self.width**2
        second = float(weight @ (shift**2 + variance))
        third = float(weight @ (shift**3 + 3.0 * shift * variance))
        fourth = float(weight @ (shift**4 + 6.0 * shift**2 * variance + 3.0 * variance**2))
        return mean, second, third / second**1.5, fourth / second**2 - 3.0


@dataclass(frozen=True, slots=True)
class KernelMixture:
    """One distribution of x = S/F: a kernel family with weights [kernels] (the interface PriceDistribution)."""

    family: KernelFamily
    weight: FloatArray

    def call_prices(self, strike: FloatArray) -> FloatArray:
        """E[max(x - strike, 0)]."""
        result: FloatArray = self.family.call_prices(strike) @ self.weight
        return result

    def put_prices(self, strike: FloatArray) -> FloatArray:
        """E[max(strike - x, 0)]."""
        result: FloatArray = self.family.put_prices(strike) @ self.weight
        return result

    def cdf(self, x: FloatArray) -> FloatArray:
        """P(S/F <= x)."""
        result: FloatArray = self.family.cdf(x) @ self.weight
        return result

    def pdf(self, x: FloatArray) -> FloatArray:
        """Density of x."""
        result: FloatArray = self.family.pdf(x) @ self.weight
        return result


def fine_kernels(deviation: float, low: float, high: float) -> KernelFamily:
    """Kernels over ln x in [low, high] x deviation (both in standard deviations, low < 0 < high).

    Spacing is a tenth of a standard deviation near the money and grows with distance, evenly in a stretched position;
    each kernel is 1.1 spacings wide, so that smooth weights make a smooth density.
    """
    reach_low, reach_high = np.arcsinh(_GROWTH * -low) / _GROWTH, np.arcsinh(_GROWTH * high) / _GROWTH
    below = int(np.ceil(reach_low / _SPACING))
    above = int(np.ceil(reach_high / _SPACING))
    position = _SPACING * np.arange(-below, above + 1)
    centre = np.sinh(_GROWTH * position) / _GROWTH
    width = 1.1 * _SPACING * np.cosh(_GROWTH * position)
    return KernelFamily(deviation * centre, deviation * width, _SPACING)
