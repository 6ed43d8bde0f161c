"""Brier, its decomposition, log loss and calibration error reproduce the published cases."""

from __future__ import annotations

import numpy as np
import pytest

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.calibration_scores import (
    brier_decomposition,
    brier_score,
    brier_skill,
    calibration_error_under_null,
    excess_calibration_error,
    expected_calibration_error,
    log_loss,
)

PROBABILITY = np.repeat([0.1, 0.3, 0.5, 0.7, 0.9], 2)
OUTCOME = np.array([0, 0, 0, 1, 0, 1, 1, 1, 0, 1], dtype=bool)


def test_published_case() -> None:
    parts = brier_decomposition(PROBABILITY, OUTCOME)
    assert (parts.reliability, parts.resolution, parts.uncertainty) == pytest.approx((0.06, 0.10, 0.25))
    assert brier_score(PROBABILITY, OUTCOME) == pytest.approx(0.21)
    assert log_loss(PROBABILITY, OUTCOME) == pytest.approx(0.62790, abs=5e-6)
    assert expected_calibration_error(PROBABILITY, OUTCOME) == pytest.approx(0.20)


def test_decomposition_is_exact() -> None:
    generator = np.random.default_rng(1)
    probability = np.round(generator.random(500), 1)
    outcome = generator.random(500) < probability**2
    parts = brier_decomposition(probability, outcome)
    assert parts.brier == pytest.approx(brier_score(probability, outcome), abs=1e-12)
    assert parts.reliability > 0.0 and parts.resolution > 0.0


def test_skill_and_log_loss_of_the_base_rate_and_of_certainty() -> None:
    outcome = np.array([True, False, True, False])
    assert brier_skill(np.full(4, 0.5), outcome) == 0.0
    assert brier_skill(outcome.astype(float), outcome) == 1.0
    assert log_loss(np.full(4, 0.5), outcome) == pytest.approx(np.log(2))
    with pytest.raises(CalculationError):
        brier_skill(np.full(3, 0.5), np.ones(3, dtype=bool))


@pytest.mark.parametrize(("n", "expected"), [(50, 0.141), (100, 0.101), (250, 0.063), (1000, 0.031), (5000, 0.014)])
def test_calibration_error_of_a_perfect_forecaster(n: int, expected: float) -> None:
    nulls = [
        calibration_error_under_null(np.random.default_rng(seed).random(n), draws=20, seed=seed + 500)
        for seed in range(30)
    ]
    assert np.mean(nulls) == pytest.approx(expected, rel=0.06)


def test_excess_error_is_small_when_calibrated_and_large_when_not() -> None:
    generator = np.random.default_rng(2)
    probability = generator.random(2000)
    good = generator.random(2000) < probability
    bad = generator.random(2000) < np.clip(probability + 0.2, 0, 1)
    assert excess_calibration_error(probability, good, seed=1) < 0.01
    assert excess_calibration_error(probability, bad, seed=1) == pytest.approx(0.18, abs=0.04)
    assert expected_calibration_error(np.array([1.0]), np.array([True])) == 0.0


@pytest.mark.parametrize("probability", [np.array([1.2]), np.array([np.nan]), np.array([])])
def test_impossible_probabilities_are_refused(probability: np.ndarray) -> None:
    with pytest.raises(CalculationError):
        brier_score(probability, np.ones(len(probability), dtype=bool))
