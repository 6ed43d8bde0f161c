"""Scores of probability forecasts: Brier and its decomposition, skill, log loss, calibration error above its null.

The plain scores live in `models/forecast_scores.py`, where models need them too; they are named here again so that the
sandbox has all of them in one place.

>>> parts = brier_decomposition(np.array([0.2, 0.2, 0.8, 0.8]), np.array([False, False, True, False]))
>>> [round(value, 4) for value in (parts.reliability, parts.resolution, parts.uncertainty, parts.brier)]
[0.065, 0.0625, 0.1875, 0.19]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError
from models.forecast_scores import (
    brier_score,
    calibration_error_under_null,
    excess_calibration_error,
    expected_calibration_error,
    log_loss,
)

__all__ = [
    "BrierDecomposition",
    "brier_decomposition",
    "brier_score",
    "brier_skill",
    "calibration_error_under_null",
    "excess_calibration_error",
    "expected_calibration_error",
    "log_loss",
]


@dataclass(frozen=True, slots=True)
class BrierDecomposition:
    """Murphy (1973): Brier = reliability - resolution + uncertainty, exact where each group has one forecast value."""

    reliability: float
    resolution: float
    uncertainty: float

    @property
    def brier(self) -> float:
        """The score that the parts add up to."""
        return self.reliability - self.resolution + self.uncertainty


def brier_decomposition(probability: NDArray[np.float64], outcome: NDArray[np.bool_]) -> BrierDecomposition:
    """Decompose over the distinct forecast values (no binning, hence exact)."""
    brier_score(probability, outcome)
    level, group, count = np.unique(probability, return_inverse=True, return_counts=True)
    frequency = np.bincount(group, weights=outcome.astype(np.float64)) / count
    base = float(np.mean(outcome))
    n = len(probability)
    return BrierDecomposition(
        reliability=float(count @ (level - frequency) ** 2) / n,
        resolution=float(count @ (frequency - base) ** 2) / n,
        uncertainty=base * (1.0 - base),
    )


def brier_skill(probability: NDArray[np.float64], outcome: NDArray[np.bool_]) -> float:
    """1 - Brier / Brier of the base rate: 0 = no better than always forecasting the frequency, 1 = perfect."""
    base = float(np.mean(outcome))
    if base in (0.0, 1.0):
        raise CalculationError("a Brier skill needs outcomes of both kinds")
    return 1.0 - brier_score(probability, outcome) / (base * (1.0 - base))
