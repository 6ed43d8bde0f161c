"""The one interface of parametric density families, vectorised over parameter vectors.

A family is a set of distributions of x = S/F with mean 1. Parameters are unconstrained real numbers in units of the
chain's own scale, the total at-the-money deviation sigma sqrt(T), so that one prior serves every chain. The prior is an
independent normal per parameter: what is plausible before any quote was seen.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.quoted_intervals import BoolArray


class DensityFamily(Protocol):
    """`parameters` are [n, p], `deviation` is the chain's scale, results are [n, m]."""

    @property
    def name(self) -> str:
        """What operators read."""
        ...

    @property
    def starts(self) -> FloatArray:
        """Starting points of the fit, [starts, p]."""
        ...

    @property
    def prior_mean(self) -> FloatArray:
        """Prior means, [p]."""
        ...

    @property
    def prior_deviation(self) -> FloatArray:
        """Prior standard deviations, [p]."""
        ...

    def prices(self, parameters: FloatArray, deviation: float, strike: FloatArray, is_call: BoolArray) -> FloatArray:
        """Undiscounted option prices over the forward at K/F = `strike` [m]."""
        ...

    def cdf(self, parameters: FloatArray, deviation: float, log_price: FloatArray) -> FloatArray:
        """P(ln x <= log_price) at `log_price` [m]."""
        ...

    def log_density(self, parameters: FloatArray, deviation: float, log_price: FloatArray) -> FloatArray:
        """Density of ln x at `log_price` [m]; never negative for admissible parameters."""
        ...

    def admissible(self, parameters: FloatArray, deviation: float) -> BoolArray:
        """Which parameter vectors are distributions at all (no butterfly arbitrage), [n]."""
        ...

    def penalties(self, parameters: FloatArray, deviation: float) -> FloatArray:
        """Residuals that keep a fit among admissible parameters, [n, rows]; no rows where all are admissible."""
        ...


def black_prices(strike: FloatArray, is_call: BoolArray, deviation: FloatArray) -> FloatArray:
    """Undiscounted Black prices over the forward for total deviations; all arguments broadcast."""
    from scipy.special import ndtr

    with np.errstate(all="ignore"):
        d1 = -np.log(strike) / deviation + 0.5 * deviation
        sign = np.where(is_call, 1.0, -1.0)
        result: FloatArray = sign * (ndtr(sign * d1) - strike * ndtr(sign * (d1 - deviation)))
    return result
