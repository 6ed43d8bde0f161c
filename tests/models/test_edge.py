"""The estimate of an edge: silent on noise, sure of a real one, honest about its size."""

from __future__ import annotations

import numpy as np
import pytest

from engine.kernel.errors import CalculationError
from models.edge import EdgeConfig, EdgeEstimate, estimate_edge, kelly_shrinkage
from models.interface import FloatArray, TrainingConfig
from models.ridge import RidgeModel

NAMES = tuple(f"feature_{index}" for index in range(6))


def market(seed: int, strength: float, rows: int = 1000) -> tuple[FloatArray, FloatArray]:
    """Six AR(1) features (phi .9), fat-tailed noise with wandering volatility: the world of the simulated venue."""
    generator = np.random.default_rng(seed)
    shocks = generator.standard_normal((rows + 50, 6)) * np.sqrt(1 - 0.81)
    X = np.zeros_like(shocks)
    log_sigma = np.zeros(rows + 50)
    for row in range(1, rows + 50):
        X[row] = 0.9 * X[row - 1] + shocks[row]
        log_sigma[row] = 0.98 * log_sigma[row - 1] + 0.04 * generator.standard_normal()
    X, sigma = X[50:], 0.0025 * np.exp(log_sigma[50:])
    noise = generator.standard_t(5, rows) / np.sqrt(5 / 3)
    return X, sigma * (strength * X @ np.full(6, 1 / np.sqrt(6)) + np.sqrt(1 - strength**2) * noise)


def train(X: FloatArray, y: FloatArray) -> RidgeModel:
    return RidgeModel().train(X, y, TrainingConfig(ridge_prior_r2=0.15), feature_names=NAMES)


def edge(seed: int, strength: float) -> EdgeEstimate:
    return estimate_edge(*market(seed, strength), train, EdgeConfig())


def test_no_edge_market_is_not_traded_in_98_of_100_seeds() -> None:
    found = sum(edge(seed, 0.0).lower_bound > 0.0 for seed in range(200))
    assert found <= 4


def test_a_real_edge_is_always_found() -> None:
    estimates = [edge(seed, 0.3) for seed in range(60)]
    assert all(estimate.lower_bound > 0.0 and estimate.deployable for estimate in estimates)
    assert np.mean([estimate.information_coefficient for estimate in estimates]) == pytest.approx(0.27, abs=0.03)


def test_estimate_hangs_together() -> None:
    estimate = edge(1, 0.3)
    assert estimate.n == 833
    assert estimate.lower_bound == pytest.approx(estimate.mean_score - 1.2815515655 * estimate.standard_error)
    sharpe = estimate.mean_score / (estimate.standard_error * np.sqrt(estimate.n))
    assert estimate.shrinkage == pytest.approx(kelly_shrinkage(sharpe, estimate.n))
    assert estimate.summary().lower_bound == estimate.lower_bound


def test_nothing_after_a_fold_can_change_its_forecasts() -> None:
    X, y = market(2, 0.3)
    y_later = y.copy()
    y_later[900:] *= -3.0
    changed = [estimate_edge(X[:900], target[:900], train, EdgeConfig()) for target in (y, y_later)]
    assert changed[0] == changed[1]


def test_a_leaking_target_is_not_reached_by_the_training_rows() -> None:
    """Labels of three bars overlap; a fit that saw the rows next to the test fold would know part of its targets."""
    seen: list[FloatArray] = []

    def record(X: FloatArray, y: FloatArray) -> RidgeModel:
        seen.append(X[:, 0])
        return train(X, y)

    X, y = market(3, 0.3)
    X[:, 0] = np.arange(len(X))
    estimate_edge(X, y, record, EdgeConfig(folds=4, label_horizon_bars=3, embargo_bars=3))
    assert [int(rows.max()) for rows in seen] == [196, 396, 596, 796]


@pytest.mark.parametrize(("sharpe", "n", "expected"), [(0.05, 250, 0.385), (0.1, 250, 0.714), (0.02, 1000, 0.286)])
def test_shrinkage_reproduces_the_published_multipliers(sharpe: float, n: int, expected: float) -> None:
    assert kelly_shrinkage(sharpe, n) == pytest.approx(expected, abs=5e-4)


def test_shrinkage_grows_with_evidence_and_is_zero_without_edge() -> None:
    values = [kelly_shrinkage(0.05, n) for n in (10, 100, 1000, 10000)]
    assert values == sorted(values)
    assert kelly_shrinkage(-0.1, 1000) == 0.0


def test_too_few_rows_are_refused() -> None:
    X, y = market(4, 0.3, rows=8)
    with pytest.raises(CalculationError):
        estimate_edge(X, y, train, EdgeConfig())
    X, y = market(4, 0.3, rows=300)
    with pytest.raises(CalculationError, match="embargo"):
        estimate_edge(X, y, train, EdgeConfig(label_horizon_bars=5, embargo_bars=1))
