"""A mixture of two lognormals: two regimes, skew and two modes with four parameters.

Parameters: logit of the second weight, distance of its centre in scales, and ln of both deviations over the scale. Both
centres are then shifted together so that the mean is 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.families.interface import black_prices
from engine.signals.options_math.families.lognormal import INVERSE_SQRT_2PI
from engine.signals.options_math.quoted_intervals import BoolArray


def _starts() -> FloatArray:
    return np.array(
        [[0.0, 0.3, -0.4, 0.2], [-1.5, -1.0, -0.2, 0.0], [0.0, 1.6, -0.7, -0.7], [-1.5, 1.0, -0.2, 0.0],
         [0.0, 0.1, -0.5, 0.3]]
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TwoLognormalsFamily:
    """See families/interface.py."""

    name: str = "two lognormals"
    starts: FloatArray = field(default_factory=_starts)
    prior_mean: FloatArray = field(default_factory=lambda: np.array([0.0, 0.0, -0.3, -0.3]))
    prior_deviation: FloatArray = field(default_factory=lambda: np.array([1.5, 1.4, 0.6, 0.6]))

    def prices(self, parameters: FloatArray, deviation: float, strike: FloatArray, is_call: BoolArray) -> FloatArray:
        """Weighted Black prices of both components."""
        weight, centre, own = _components(parameters, deviation)
        total = np.zeros((parameters.shape[0], strike.size))
        with np.errstate(all="ignore"):
            mean = np.exp(centre + 0.5 * own**2)
            for i in (0, 1):
                level = mean[:, i, None]
                total += weight[:, i, None] * level * black_prices(strike / level, is_call, own[:, i, None])
        return total

    def cdf(self, parameters: FloatArray, deviation: float, log_price: FloatArray) -> FloatArray:
        """Weighted normal CDFs in ln x."""
        from scipy.special import ndtr

        weight, centre, own = _components(parameters, deviation)
        total = np.zeros((parameters.shape[0], log_price.size))
        for i in (0, 1):
            total += weight[:, i, None] * ndtr((log_price - centre[:, i, None]) / own[:, i, None])
        return total

    def log_density(self, parameters: FloatArray, deviation: float, log_price: FloatArray) -> FloatArray:
        """Weighted normal densities of ln x."""
        weight, centre, own = _components(parameters, deviation)
        total = np.zeros((parameters.shape[0], log_price.size))
        for i in (0, 1):
            z = (log_price - centre[:, i, None]) / own[:, i, None]
            total += weight[:, i, None] * INVERSE_SQRT_2PI * np.exp(-0.5 * z * z) / own[:, i, None]
        return total

    def admissible(self, parameters: FloatArray, deviation: float) -> BoolArray:
        """All of them."""
        return np.ones(parameters.shape[0], dtype=bool)

    def penalties(self, parameters: FloatArray, deviation: float) -> FloatArray:
        """None needed."""
        return np.zeros((parameters.shape[0], 0))


def _components(parameters: FloatArray, deviation: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weights, centres of ln x and deviations, each [n, 2]."""
    second = 1.0 / (1.0 + np.exp(-parameters[:, 0]))
    weight = np.stack([1.0 - second, second], axis=1)
    own = np.exp(parameters[:, 2:4]) * deviation
    centre = np.stack([np.zeros_like(second), parameters[:, 1] * deviation], axis=1)
    with np.errstate(all="ignore"):
        log_mean = np.logaddexp.reduce(np.log(weight) + centre + 0.5 * own**2, axis=1)
        return weight, centre - log_mean[:, None], own
