"""One lognormal: the family of a flat smile. Parameter: ln of its deviation over the chain's scale."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.families.interface import black_prices
from engine.signals.options_math.quoted_intervals import BoolArray

INVERSE_SQRT_2PI: Final = 0.3989422804014327


@dataclass(frozen=True, slots=True)
class LognormalFamily:
    """See families/interface.py."""

    name: str = "lognormal"
    starts: FloatArray = field(default_factory=lambda: np.zeros((1, 1)))
    prior_mean: FloatArray = field(default_factory=lambda: np.zeros(1))
    prior_deviation: FloatArray = field(default_factory=lambda: np.array([0.5]))

    def prices(self, parameters: FloatArray, deviation: float, strike: FloatArray, is_call: BoolArray) -> FloatArray:
        """Black prices."""
        return black_prices(strike, is_call, _deviation(parameters, deviation))

    def cdf(self, parameters: FloatArray, deviation: float, log_price: FloatArray) -> FloatArray:
        """Normal in ln x with mean -deviation^2 / 2."""
        from scipy.special import ndtr

        own = _deviation(parameters, deviation)
        result: FloatArray = ndtr(log_price / own + 0.5 * own)
        return result

    def log_density(self, parameters: FloatArray, deviation: float, log_price: FloatArray) -> FloatArray:
        """Normal density of ln x."""
        own = _deviation(parameters, deviation)
        result: FloatArray = INVERSE_SQRT_2PI * np.exp(-0.5 * (log_price / own + 0.5 * own) ** 2) / own
        return result

    def admissible(self, parameters: FloatArray, deviation: float) -> BoolArray:
        """All of them."""
        return np.ones(parameters.shape[0], dtype=bool)

    def penalties(self, parameters: FloatArray, deviation: float) -> FloatArray:
        """None needed."""
        return np.zeros((parameters.shape[0], 0))


def _deviation(parameters: FloatArray, deviation: float) -> FloatArray:
    result: FloatArray = deviation * np.exp(parameters)
    return result
