"""Densities of a price as non-negative mixtures of many narrow lognormal kernels.

A mixture with weights w >= 0 is non-negative and smooth by construction; its mass is the sum of the weights, its mean
the weighted mean of the kernels, an option's price the weighted sum of Black prices, and its CDF and moments are closed
forms. All three kinds of constraint are linear in w. Everything is in units of the forward: x = S/F, y = ln x.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.signals.options_math.black76 import FloatArray

_INVERSE_SQRT_2PI = 0.3989422804014327


@dataclass(frozen=True, slots=True)
class KernelFamily:
    """`centre[k]`, `width[k]`: mean and standard deviation of ln(S/F) under kernel k."""

    centre: FloatArray
    width: FloatArray

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


def kernel_family(deviation: float, resolution: float, low: float, high: float) -> KernelFamily:
    """Kernels over y in [low, high] x deviation (both in standard deviations, low < 0 < high).

    Spacing is `resolution` standard deviations near the money and grows with distance; each kernel is 1.1 spacings
    wide, wide enough that a smooth vector of weights makes a smooth density.
    """
    growth = 0.35
    reach_low, reach_high = np.arcsinh(growth * -low) / growth, np.arcsinh(growth * high) / growth
    below = int(np.ceil(reach_low / resolution))
    above = int(np.ceil(reach_high / resolution))
    position = resolution * np.arange(-below, above + 1)
    centre = np.sinh(growth * position) / growth
    width = 1.1 * resolution * np.cosh(growth * position)
    return KernelFamily(deviation * centre, deviation * width)
