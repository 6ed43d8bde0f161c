"""PSR, minimum track record and DSR reproduce the papers' cases."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.probabilistic_sharpe import (
    deflated_sharpe,
    deflated_sharpe_of_returns,
    expected_maximum_normal,
    minimum_track_record,
    probabilistic_sharpe,
)


@pytest.mark.parametrize(
    ("months", "skewness", "kurtosis", "expected"),
    [(24, -2.448, 10.164, 0.913), (24, 0.0, 3.0, 0.982), (36, -2.448, 10.164, 0.953)],
)
def test_probabilistic_sharpe_paper_cases(months: int, skewness: float, kurtosis: float, expected: float) -> None:
    value = probabilistic_sharpe(1.59 / math.sqrt(12), 0.0, months, skewness=skewness, kurtosis=kurtosis)
    assert value == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(("bars", "years"), [(252, 2.73), (52, 2.83), (12, 3.24)])
def test_minimum_track_record_paper_cases(bars: int, years: float) -> None:
    needed = minimum_track_record(2 / math.sqrt(bars), 1 / math.sqrt(bars), confidence=0.95)
    assert needed / bars == pytest.approx(years, abs=6e-3)


def test_deflated_sharpe_paper_cases() -> None:
    daily = 2.5 / math.sqrt(250)
    case = deflated_sharpe(daily, 1250, trials=100, trial_variance=0.5 / 250, skewness=-3.0, kurtosis=10.0)
    assert case.benchmark_per_bar == pytest.approx(0.1132, abs=5e-5)
    assert case.benchmark_per_bar * math.sqrt(250) == pytest.approx(1.789, abs=2e-3)
    assert case.probability == pytest.approx(0.9004, abs=1e-4)
    fewer = deflated_sharpe(daily, 1250, trials=46, trial_variance=0.5 / 250, skewness=-3.0, kurtosis=10.0)
    assert fewer.probability == pytest.approx(0.9505, abs=1e-4)
    normal = deflated_sharpe(daily, 1250, trials=88, trial_variance=0.5 / 250)
    assert normal.probability == pytest.approx(0.9505, abs=1e-4)


def test_expected_maximum() -> None:
    assert expected_maximum_normal(10) == pytest.approx(1.57, abs=6e-3)
    assert expected_maximum_normal(1) == 0.0
    values = [expected_maximum_normal(n) for n in range(1, 60)]
    assert values == sorted(values)


def test_one_trial_deflates_to_the_probabilistic_sharpe_against_zero() -> None:
    returns = np.random.default_rng(1).normal(0.05, 1.0, 500)
    one = deflated_sharpe_of_returns(returns, trials=1)
    many = deflated_sharpe_of_returns(returns, trials=50)
    assert one.benchmark_per_bar == 0.0
    assert many.probability < one.probability


def test_refusals() -> None:
    with pytest.raises(CalculationError):
        minimum_track_record(0.1, 0.1)
    with pytest.raises(CalculationError):
        expected_maximum_normal(0)
    with pytest.raises(CalculationError):
        probabilistic_sharpe(0.1, 0.0, 1)
    with pytest.raises(CalculationError):
        deflated_sharpe(0.1, 10, trials=2, trial_variance=-1.0)
