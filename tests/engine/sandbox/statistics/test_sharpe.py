"""Sharpe conventions, by hand-computed cases and the published annualisation factors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.sharpe import (
    annual_growth,
    annualisation_factor,
    annualisation_factor_of_lags,
    calmar,
    max_drawdown,
    moments,
    sharpe_annualised,
    sharpe_estimate,
    sharpe_per_bar,
    sortino_annualised,
)

RETURNS = np.array([0.01, -0.02, 0.03, 0.0, -0.01])


def test_conventions_by_hand() -> None:
    assert sharpe_per_bar(RETURNS) == pytest.approx(0.002 / np.sqrt(0.00148 / 4))
    assert sharpe_annualised(RETURNS, 252) == pytest.approx(sharpe_per_bar(RETURNS) * np.sqrt(252))
    assert sortino_annualised(RETURNS, 252) == pytest.approx(0.002 / np.sqrt(0.0005 / 5) * np.sqrt(252))
    assert max_drawdown(RETURNS) == pytest.approx(0.02)
    growth = 1.01 * 0.98 * 1.03 * 0.99
    assert annual_growth(RETURNS, 252) == pytest.approx(growth ** (252 / 5) - 1)
    assert calmar(RETURNS, 252) == pytest.approx((growth ** (252 / 5) - 1) / 0.02)


def test_drawdown_counts_the_starting_equity() -> None:
    assert max_drawdown(np.array([-0.1, 0.05])) == pytest.approx(0.1)
    assert max_drawdown(np.array([0.1, 0.05])) == 0.0


@pytest.mark.parametrize(("rho", "factor"), [(0.0, 15.87), (0.1, 14.36), (0.2, 12.97), (0.5, 9.19)])
def test_annualisation_factor_reproduces_lo_2002(rho: float, factor: float) -> None:
    assert annualisation_factor(252, rho) == pytest.approx(factor, abs=0.006)


def test_standard_error_covers_skewed_fat_tailed_returns() -> None:
    generator = np.random.default_rng(1)
    draws = 0.3 + generator.standard_t(6, (3000, 300)) / np.sqrt(1.5)
    spread = np.std([sharpe_per_bar(row) for row in draws])
    errors = [sharpe_estimate(row, 1.0).standard_error for row in draws[:300]]
    assert np.mean(errors) == pytest.approx(spread, rel=0.06)
    skewness, kurtosis = moments(generator.standard_normal(200_000))
    assert (skewness, kurtosis) == (pytest.approx(0.0, abs=0.03), pytest.approx(3.0, abs=0.06))


@pytest.mark.parametrize("returns", [np.array([0.01]), np.array([0.01, 0.01]), np.array([0.01, np.nan])])
def test_undefined_sharpe_raises(returns: np.ndarray) -> None:
    with pytest.raises(CalculationError):
        sharpe_per_bar(returns)


def test_undefined_ratios_raise() -> None:
    with pytest.raises(CalculationError):
        sortino_annualised(np.array([0.01, 0.02]), 252)
    with pytest.raises(CalculationError):
        calmar(np.array([0.01, 0.02]), 252)


@given(st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=40), st.floats(0.1, 10))
def test_drawdown_lies_in_the_unit_interval(returns: list[float], _: float) -> None:
    assert 0.0 <= max_drawdown(np.array(returns)) <= 1.0


def test_annualisation_factor_of_lags_is_the_ratio_of_deviations_by_simulation() -> None:
    """MA(1) with rho_1 = .4: the yearly sum of 12 values has eta(12) times the Sharpe of one value."""
    noise = np.random.default_rng(3).standard_normal((60_000, 13))
    series = noise[:, 1:] + 0.5 * noise[:, :-1] + 1.0
    one, year = series[:, 0], series.sum(axis=1)
    measured = (year.mean() / year.std()) / (one.mean() / one.std())
    assert annualisation_factor_of_lags(12, np.array([0.4])) == pytest.approx(measured, rel=0.02)
    assert annualisation_factor_of_lags(252, np.array([])) == pytest.approx(np.sqrt(252))
    with pytest.raises(CalculationError):
        annualisation_factor_of_lags(10, np.array([-0.9]))
