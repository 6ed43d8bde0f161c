"""What a density may be that none of the families can say: the doubt about its shape that quotes leave.

The posterior over families is sure of itself wherever one of them fits, and a market need not be any of them. So the
density is thought of as the fitted one times (1 + a smooth disturbance): Gaussian, a quarter of the density in size,
alike over about three quarters of a standard deviation. The quotes, mass 1 and mean = forward then say how much of it
is left: linear algebra with as many unknowns as there are splines. Far from quotes the disturbance is free; between
close narrow quotes it is small.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.density_fit import BASIS_STEP, least_half_width, smooth_basis
from engine.signals.options_math.lognormal_kernels import KernelMixture
from engine.signals.options_math.quoted_intervals import QuotedIntervals

_SIZE: Final = 0.25
_LENGTH: Final = 0.75
_NOISE_HALF_WIDTHS: Final = 0.8
_SURE: Final = 1e-9


class DensityDiscrepancy:
    """Gaussian doubt about the weights of one mixture, given its quotes."""

    def __init__(self, mixture: KernelMixture, intervals: QuotedIntervals) -> None:
        family, weight = mixture.family, mixture.weight
        self._mixture = mixture
        self._disturbed = weight[:, None] * smooth_basis(weight.size, family.spacing)
        size = self._disturbed.shape[1]
        place = BASIS_STEP * np.arange(size)
        prior = _SIZE**2 * np.exp(-0.5 * ((place[:, None] - place) / _LENGTH) ** 2) + _SURE * np.eye(size)
        quoted = intervals.two_sided
        strike, is_call = intervals.strike[quoted], intervals.is_call[quoted]
        payoff = np.where(is_call[:, None], family.call_prices(strike), family.put_prices(strike))
        half = least_half_width(intervals)[quoted]
        rows = np.concatenate(
            [payoff @ self._disturbed / half[:, None], self._disturbed.sum(axis=0)[None, :],
             ((family.means - 1.0) @ self._disturbed)[None, :] / float(half.min(initial=1.0))]
        )  # fmt: skip
        noise = np.concatenate([np.full(half.size, _NOISE_HALF_WIDTHS**2), [_SURE, _SURE]])
        gain = rows @ prior
        inner = gain @ rows.T + np.diag(noise)
        left = prior - gain.T @ np.linalg.solve(inner, gain)
        self._covariance: FloatArray = 0.5 * (left + left.T)

    def cdf_deviation(self, x: FloatArray) -> FloatArray:
        """Standard deviation of P(S/F <= x) at `x` [n]."""
        return self._deviation(self._mixture.family.cdf(x) @ self._disturbed)

    def functional_deviation(self, influence: FloatArray) -> FloatArray:
        """Standard deviation of functionals of the density whose first-order influence per kernel is `influence`
        [functionals, kernels]."""
        return self._deviation(influence @ self._disturbed)

    def _deviation(self, rows: FloatArray) -> FloatArray:
        result: FloatArray = np.sqrt(np.maximum(np.sum((rows @ self._covariance) * rows, axis=1), 0.0))
        return result
