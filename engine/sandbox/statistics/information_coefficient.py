"""Correlation of forecast and realised return, with its standard error; Pearson and rank."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.forecast_scores import information_coefficient

__all__ = ["CoefficientEstimate", "information_coefficient", "information_coefficient_estimate", "rank_coefficient"]


@dataclass(frozen=True, slots=True)
class CoefficientEstimate:
    """A correlation with its standard error under no association, 1 / sqrt(n - 1)."""

    coefficient: float
    standard_error: float
    n: int


def information_coefficient_estimate(
    forecast: NDArray[np.float64], realised: NDArray[np.float64]
) -> CoefficientEstimate:
    """Pearson correlation over rows where both are finite; raises CalculationError below two such rows."""
    kept = np.isfinite(forecast) & np.isfinite(realised)
    coefficient = information_coefficient(forecast[kept], realised[kept])
    n = int(kept.sum())
    return CoefficientEstimate(coefficient, 1.0 / math.sqrt(n - 1), n)


def rank_coefficient(forecast: NDArray[np.float64], realised: NDArray[np.float64]) -> float:
    """Spearman correlation: Pearson of average ranks; robust to the fat tails of returns."""
    return information_coefficient(_average_ranks(forecast), _average_ranks(realised))


def _average_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, group, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2.0)[group], dtype=np.float64)
