"""Correlations of forecast and outcome agree with scipy and refuse what is undefined."""

from __future__ import annotations

import numpy as np
import pytest

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.information_coefficient import (
    information_coefficient,
    information_coefficient_estimate,
    rank_coefficient,
)


def test_agrees_with_scipy() -> None:
    from scipy.stats import pearsonr, spearmanr

    generator = np.random.default_rng(1)
    forecast = np.round(generator.standard_normal(300), 1)
    realised = 0.3 * forecast + generator.standard_t(3, 300)
    assert information_coefficient(forecast, realised) == pytest.approx(pearsonr(forecast, realised)[0], abs=1e-12)
    assert rank_coefficient(forecast, realised) == pytest.approx(spearmanr(forecast, realised)[0], abs=1e-12)


def test_missing_rows_are_left_out_and_the_error_says_how_many_counted() -> None:
    forecast = np.array([1.0, 2.0, np.nan, 3.0, 4.0, 5.0])
    realised = np.array([1.0, 2.0, 3.0, np.nan, 4.0, 5.0])
    estimate = information_coefficient_estimate(forecast, realised)
    assert estimate.n == 4
    assert estimate.coefficient == pytest.approx(1.0)
    assert estimate.standard_error == pytest.approx(1 / np.sqrt(3))


def test_constants() -> None:
    assert information_coefficient(np.full(5, 0.1), np.arange(5.0)) == 0.0
    with pytest.raises(CalculationError):
        information_coefficient(np.arange(5.0), np.full(5, 0.1))
    with pytest.raises(CalculationError):
        information_coefficient(np.array([1.0]), np.array([1.0]))
