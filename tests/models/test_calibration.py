"""Platt scaling and isotonic regression."""

from __future__ import annotations

import numpy as np
import pytest

from engine.kernel.errors import CalculationError
from models.calibration import (
    BetaParameters,
    apply_beta,
    apply_platt,
    calibrate_isotonic,
    calibrate_on_purged_folds,
    fit_beta,
    fit_platt,
    isotonic_fit,
)
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


def test_beta_calibration_recovers_a_map_that_platt_cannot() -> None:
    generator = np.random.default_rng(4)
    probability = generator.uniform(0.01, 0.99, 40_000)
    truth = BetaParameters(0.5, 1.6, 0.3)
    outcome = generator.random(40_000) < apply_beta(truth, probability)
    fitted = fit_beta(probability, outcome)
    assert (fitted.a, fitted.b, fitted.c) == pytest.approx((0.5, 1.6, 0.3), abs=0.06)
    by_beta, by_platt = apply_beta(fitted, probability), apply_platt(fit_platt(probability, outcome), probability)
    assert brier_score(by_beta, outcome) < brier_score(by_platt, outcome)
    assert expected_calibration_error(by_beta, outcome) < expected_calibration_error(by_platt, outcome)


def test_beta_calibration_agrees_with_a_plain_logistic_regression() -> None:
    from sklearn.linear_model import LogisticRegression

    generator = np.random.default_rng(5)
    probability = generator.uniform(0.02, 0.98, 20_000)
    outcome = generator.random(20_000) < probability**1.3
    design = np.column_stack([np.log(probability), -np.log1p(-probability)])
    library = LogisticRegression(C=1e8, tol=1e-10, max_iter=1_000).fit(design, outcome)
    fitted = fit_beta(probability, outcome)
    assert (fitted.a, fitted.b) == pytest.approx(tuple(library.coef_[0]), abs=5e-3)
    assert fitted.c == pytest.approx(float(library.intercept_[0]), abs=5e-3)


def test_beta_calibration_never_falls_and_changes_nothing_at_its_prior() -> None:
    generator = np.random.default_rng(6)
    probability = generator.uniform(0.05, 0.95, 500)
    for outcome in (generator.random(500) < 1.0 - probability, generator.random(500) < np.abs(2 * probability - 1)):
        fitted = fit_beta(probability, outcome)
        assert fitted.a >= 0.0 and fitted.b >= 0.0
        assert np.all(np.diff(apply_beta(fitted, np.linspace(0.0, 1.0, 101))) >= 0.0)
    np.testing.assert_allclose(apply_beta(BetaParameters(1.0, 1.0, 0.0), probability), probability)
    with pytest.raises(CalculationError):
        fit_beta(probability[:9], probability[:9] > 0.5)
