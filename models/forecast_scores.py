"""Scores of forecasts against what came: correlation of returns, errors of probabilities. Pure numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError

_SMALLEST_PROBABILITY = 1e-12


def information_coefficient(forecast: NDArray[np.float64], realised: NDArray[np.float64]) -> float:
    """Pearson correlation of forecast and realised return; 0 for a constant forecast (it tells nothing).

    Raises CalculationError below two rows or where the realised returns do not vary.
    """
    if len(forecast) != len(realised) or len(forecast) < 2:
        raise CalculationError("an information coefficient needs two rows or more of equal length")
    left = forecast - forecast.mean()
    right = realised - realised.mean()
    if float(np.max(np.abs(right))) <= 1e-15 * float(np.max(np.abs(realised))):
        raise CalculationError("an information coefficient needs realised returns that vary")
    if float(np.max(np.abs(left))) <= 1e-12 * float(np.max(np.abs(forecast))):
        return 0.0
    return float(left @ right / np.sqrt((left @ left) * (right @ right)))


def brier_score(probability: NDArray[np.float64], outcome: NDArray[np.bool_]) -> float:
    """Mean squared error of the probability of an event (0 best, 0.25 for always one half)."""
    _check(probability, outcome)
    return float(np.mean((probability - outcome) ** 2))


def log_loss(probability: NDArray[np.float64], outcome: NDArray[np.bool_]) -> float:
    """Mean negative log likelihood in nats; probabilities are held off 0 and 1 by 1e-12."""
    _check(probability, outcome)
    held = np.clip(probability, _SMALLEST_PROBABILITY, 1.0 - _SMALLEST_PROBABILITY)
    return float(-np.mean(np.where(outcome, np.log(held), np.log1p(-held))))


def expected_calibration_error(
    probability: NDArray[np.float64], outcome: NDArray[np.bool_], *, bins: int = 10
) -> float:
    """Mean distance of forecast and frequency over `bins` equal bins of [0, 1], weighted by occupancy (Naeini 2015)."""
    _check(probability, outcome)
    place = np.minimum((probability * bins).astype(np.int64), bins - 1)
    forecast_sum = np.bincount(place, weights=probability, minlength=bins)
    outcome_sum = np.bincount(place, weights=outcome.astype(np.float64), minlength=bins)
    return float(np.abs(forecast_sum - outcome_sum).sum() / len(probability))


def calibration_error_under_null(
    probability: NDArray[np.float64], *, bins: int = 10, draws: int = 200, seed: int = 0
) -> float:
    """Mean calibration error that a *perfect* forecaster of these probabilities would show by chance (resampled)."""
    generator = np.random.default_rng(seed)
    errors = [
        expected_calibration_error(probability, generator.random(len(probability)) < probability, bins=bins)
        for _ in range(draws)
    ]
    return float(np.mean(errors))


def excess_calibration_error(
    probability: NDArray[np.float64], outcome: NDArray[np.bool_], *, bins: int = 10, draws: int = 200, seed: int = 0
) -> float:
    """Calibration error above its resampled null, at least 0: what is miscalibration and not sample size."""
    observed = expected_calibration_error(probability, outcome, bins=bins)
    return max(0.0, observed - calibration_error_under_null(probability, bins=bins, draws=draws, seed=seed))


def _check(probability: NDArray[np.float64], outcome: NDArray[np.bool_]) -> None:
    if len(probability) == 0 or len(probability) != len(outcome):
        raise CalculationError("a probability score needs one outcome for each of one or more probabilities")
    if not np.all(np.isfinite(probability)) or np.any(probability < 0.0) or np.any(probability > 1.0):
        raise CalculationError("a probability score needs finite probabilities in [0, 1]")
