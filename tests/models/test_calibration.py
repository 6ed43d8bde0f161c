"""Platt scaling and isotonic regression."""

from __future__ import annotations

import numpy as np
import pytest

from engine.kernel.errors import CalculationError
from models.calibration import apply_platt, calibrate_isotonic, calibrate_on_purged_folds, fit_platt, isotonic_fit
from models.edge import EdgeConfig
from models.forecast_scores import brier_score, expected_calibration_error
from models.interface import FloatArray, TrainingConfig
from models.ridge import RidgeModel


def test_platt_undoes_an_overconfident_forecaster() -> None:
    generator = np.random.default_rng(1)
    truth = generator.normal(0.3, 1.0, 20_000)
    outcome = generator.random(20_000) < 1 / (1 + np.exp(-truth))
    loud = 1 / (1 + np.exp(-3.0 * truth))
    parameters = fit_platt(loud, outcome)
    assert parameters.slope == pytest.approx(1 / 3, abs=0.02)
    assert parameters.intercept == pytest.approx(0.0, abs=0.05)
    calibrated = apply_platt(parameters, loud)
    assert expected_calibration_error(calibrated, outcome) < 0.2 * expected_calibration_error(loud, outcome)
    assert brier_score(calibrated, outcome) < brier_score(loud, outcome)


def test_platt_stays_finite_on_a_separable_sample() -> None:
    probability = np.linspace(0.05, 0.95, 20)
    parameters = fit_platt(probability, probability > 0.5)
    assert 1.0 < parameters.slope < 100.0
    with pytest.raises(CalculationError):
        fit_platt(probability[:5], probability[:5] > 0.1)


def test_calibration_of_a_training_procedure_uses_purged_folds() -> None:
    generator = np.random.default_rng(2)
    X = generator.standard_normal((1200, 2))
    y = 0.001 * (0.4 * X[:, 0] + generator.standard_normal(1200))

    def train(rows: FloatArray, target: FloatArray) -> RidgeModel:
        return RidgeModel().train(rows, target, TrainingConfig(), feature_names=("a", "b"))

    report = calibrate_on_purged_folds(X, y, train, EdgeConfig())
    assert report.n == 1000
    assert report.parameters.slope == pytest.approx(1.0, abs=0.3)
    assert report.brier < 0.25
    assert 0.0 <= report.excess_error < 0.03


def test_isotonic_reproduces_the_published_case() -> None:
    score = np.repeat([0.1, 0.3, 0.5, 0.7, 0.9], 2)
    outcome = np.array([0, 0, 0, 1, 0, 1, 1, 1, 0, 1], dtype=bool)
    fitted = isotonic_fit(score, outcome)
    np.testing.assert_allclose(fitted, [0, 0, 0.5, 0.5, 0.5, 0.5, 0.75, 0.75, 0.75, 0.75])
    assert brier_score(fitted, outcome) == pytest.approx(0.175)


def test_isotonic_agrees_with_the_library_and_is_refused_on_small_samples() -> None:
    from sklearn.isotonic import IsotonicRegression

    generator = np.random.default_rng(3)
    score = np.round(generator.random(1500), 2)
    outcome = generator.random(1500) < score
    library = IsotonicRegression().fit(score, outcome).predict(score)
    np.testing.assert_allclose(calibrate_isotonic(score, outcome), library, atol=1e-9)
    with pytest.raises(CalculationError, match="Platt"):
        calibrate_isotonic(score[:1000], outcome[:1000])
