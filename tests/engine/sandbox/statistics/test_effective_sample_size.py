"""Variance inflation of a distribution function: exact limits for AR(1), and a test that keeps its size with it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.effective_sample_size import distribution_inflation
from engine.sandbox.statistics.kolmogorov_smirnov import drifted_features


def autoregressive(rng: np.random.Generator, phi: float, bars: int, streams: int) -> np.ndarray:
    paths = rng.standard_normal((bars, streams))
    for bar in range(1, bars):
        paths[bar] = phi * paths[bar - 1] + math.sqrt(1.0 - phi * phi) * paths[bar]
    return paths


@pytest.mark.parametrize("phi", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("lags", [10, 40])
def test_memory_of_a_normal_autoregression(phi: float, lags: int) -> None:
    """Signs of a normal AR(1) correlate by 2/pi asin(phi^k), and no decile has more memory than the median."""
    path = autoregressive(np.random.default_rng(2), phi, 100_000, 1)[:, 0]
    weights = [1.0 - lag / (lags + 1.0) for lag in range(1, lags + 1)]
    signs = [2.0 / math.pi * math.asin(phi**lag) for lag in range(1, lags + 1)]
    expected = 1.0 + 2.0 * sum(weight * sign for weight, sign in zip(weights, signs, strict=True))
    assert distribution_inflation(path, lags) == pytest.approx(expected, rel=0.06)


def test_independent_values_count_nearly_in_full() -> None:
    rng = np.random.default_rng(3)
    factors = [distribution_inflation(rng.standard_normal(360)) for _ in range(200)]
    assert min(factors) >= 1.0
    assert np.mean(factors) == pytest.approx(1.2, abs=0.03)


def test_values_that_repel_each_other_are_not_counted_twice() -> None:
    assert distribution_inflation(np.tile([1.0, -1.0, 2.0, -2.0], 100)) == 1.0


def test_scale_and_missing_values_do_not_matter() -> None:
    path = autoregressive(np.random.default_rng(4), 0.6, 500, 1)[:, 0]
    with_gap = np.insert(np.exp(3.0 * path), 100, math.nan)
    assert distribution_inflation(with_gap) == distribution_inflation(path)


def test_smirnov_test_keeps_its_size_on_values_with_a_little_memory() -> None:
    """AR(1) .3, 360 against 120 values: 5 % tests of as many independent values reject far more often."""
    rng = np.random.default_rng(5)
    plain = corrected = 0
    paths = autoregressive(rng, 0.3, 480, 600)
    for path in paths.T:
        before, now = [path[:360]], [path[360:]]
        plain += drifted_features(before, now, 0.05, [1.0])[0][2]
        corrected += drifted_features(before, now, 0.05, [distribution_inflation(path[:360])])[0][2]
    assert plain / 600 > 0.08
    assert corrected / 600 <= 0.05 + 2.0 * math.sqrt(0.05 * 0.95 / 600)


@pytest.mark.parametrize(("count", "lags"), [(99, 10), (500, 0)])
def test_too_little_is_refused(count: int, lags: int) -> None:
    with pytest.raises(CalculationError):
        distribution_inflation(np.arange(float(count)), lags)


def test_a_constant_series_has_no_memory_to_measure() -> None:
    assert distribution_inflation(np.ones(200)) == 1.0
