"""AR(1) innovations: what is new in each value of an autocorrelated series.

Idea. Tests of drift assume independent values; an input with memory violates that so badly that they reject always. Of
`x_t - mean = phi (x_{t-1} - mean) + sd u_t` the innovations u are white with mean 0 and variance 1, and a shift or
re-scaling of x shows in them at once. Memory, mean and spread are fitted on *training* by least squares and then held
fixed, so that the live series is judged by the training series and not by itself.

>>> model = fit_autoregression(np.array([1.0, 2.0, 1.0, 2.0, 1.0, 2.0]))
>>> round(model.coefficient, 3), round(model.mean, 3)
(-0.999, 1.5)

Source: Box, Jenkins, Reinsel, Time Series Analysis, chapter 7; Lu and Reynolds, CUSUM charts for monitoring an
autocorrelated process, Journal of Quality Technology 2001.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError

FloatArray = NDArray[np.float64]
LARGEST_COEFFICIENT = 0.999
FEWEST_PAIRS = 3


@dataclass(frozen=True, slots=True)
class Autoregression:
    """AR(1) of a training series: `mean` and `innovation_sd` in the unit of the series, `coefficient` per bar."""

    mean: float
    coefficient: float
    innovation_sd: float

    def innovations(self, series: FloatArray) -> FloatArray:
        """Whitened series, same length; NaN at the first bar and wherever this value or the former one is missing."""
        centred = np.asarray(series, dtype=np.float64) - self.mean
        white = np.full(len(centred), math.nan)
        white[1:] = (centred[1:] - self.coefficient * centred[:-1]) / self.innovation_sd
        return white

    def effective_count(self, count: int) -> float:
        """Independent values that tell the mean as well as `count` of these: `count (1 - phi) / (1 + phi)`."""
        return count * (1.0 - self.coefficient) / (1.0 + self.coefficient)


def fit_autoregression(series: FloatArray) -> Autoregression:
    """Least squares on the pairs of neighbouring values that are both there (NaN missing), |phi| at most 0.999.

    CalculationError where fewer than three pairs are there, the series does not vary, or its past explains it without
    rest.
    """
    values = np.asarray(series, dtype=np.float64)
    former, later = values[:-1], values[1:]
    both = np.isfinite(former) & np.isfinite(later)
    if int(both.sum()) < FEWEST_PAIRS:
        raise CalculationError(f"an autoregression needs {FEWEST_PAIRS} pairs of neighbouring values or more")
    mean = float(np.mean(values[np.isfinite(values)]))
    former, later = former[both] - mean, later[both] - mean
    energy = float(np.dot(former, former))
    spread = math.sqrt(energy / len(former))
    if spread <= 1e-12 * max(abs(mean), 1e-300):
        raise CalculationError("an autoregression needs a series that varies")
    coefficient = float(np.dot(former, later)) / energy
    coefficient = max(-LARGEST_COEFFICIENT, min(LARGEST_COEFFICIENT, coefficient))
    innovation_sd = math.sqrt(float(np.mean((later - coefficient * former) ** 2)))
    if innovation_sd <= 1e-9 * spread:
        raise CalculationError("an autoregression needs a series that its past does not fully explain")
    return Autoregression(mean, coefficient, innovation_sd)
