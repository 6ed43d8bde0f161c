"""AR(1) innovations: exact on made series, white on random ones, and false alarms back to nominal."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.autoregressive_whitening import Autoregression, fit_autoregression
from engine.sandbox.statistics.cusum_run_length import two_sided_run_length
from engine.sandbox.statistics.kolmogorov_smirnov import exact_p_value
from engine.sandbox.statistics.tabular_cusum import cusum_run_lengths


def autoregressive(rng: np.random.Generator, phi: float, bars: int, streams: int) -> np.ndarray:
    """Unit-variance AR(1) streams in columns."""
    paths = rng.standard_normal((bars, streams))
    for bar in range(1, bars):
        paths[bar] = phi * paths[bar - 1] + math.sqrt(1.0 - phi * phi) * paths[bar]
    return paths


def test_innovations_undo_the_recursion() -> None:
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(500)
    series = np.empty(500)
    series[0] = 3.0
    for bar in range(1, 500):
        series[bar] = 3.0 + 0.7 * (series[bar - 1] - 3.0) + 0.5 * noise[bar]
    white = Autoregression(mean=3.0, coefficient=0.7, innovation_sd=0.5).innovations(series)
    assert math.isnan(white[0])
    assert white[1:] == pytest.approx(noise[1:], abs=1e-9)


def test_fit_finds_the_parameters() -> None:
    path = 10.0 + 2.0 * autoregressive(np.random.default_rng(2), 0.6, 40_000, 1)[:, 0]
    model = fit_autoregression(path)
    assert model.coefficient == pytest.approx(0.6, abs=0.015)
    assert model.mean == pytest.approx(10.0, abs=0.08)
    assert model.innovation_sd == pytest.approx(2.0 * 0.8, rel=0.015)
    assert model.effective_count(1000) == pytest.approx(250.0, rel=0.07)


def test_training_innovations_have_unit_variance_and_no_memory() -> None:
    path = autoregressive(np.random.default_rng(3), 0.9, 2000, 1)[:, 0]
    white = fit_autoregression(path).innovations(path)[1:]
    assert np.mean(white**2) == pytest.approx(1.0, abs=1e-9)
    assert abs(float(np.corrcoef(white[1:], white[:-1])[0, 1])) < 0.07


def test_missing_values_cost_two_innovations_each() -> None:
    path = autoregressive(np.random.default_rng(4), 0.5, 300, 1)[:, 0]
    path[100] = math.nan
    model = fit_autoregression(path)
    assert np.flatnonzero(~np.isfinite(model.innovations(path))).tolist() == [0, 100, 101]
    assert math.isfinite(model.coefficient)


@pytest.mark.parametrize(
    "series", [[1.0, 2.0], [5.0] * 50, [math.nan] * 50], ids=["too short", "constant", "nothing known"]
)
def test_series_without_innovations_are_refused(series: list[float]) -> None:
    with pytest.raises(CalculationError):
        fit_autoregression(np.array(series))


@pytest.mark.parametrize(("phi", "share"), [(0.0, 0.03), (0.3, 0.10), (0.6, 0.27), (0.9, 0.71)])
def test_smirnov_test_rejects_levels_far_too_often_and_innovations_as_often_as_it_says(
    phi: float, share: float
) -> None:
    """100 against 100 values, nominal 5 % (4 % at these sizes, the statistic being discrete)."""
    rng = np.random.default_rng(7)
    count = 400
    paths = autoregressive(rng, phi, 1200, count)
    levels = whitened = 0
    for path in paths.T:
        levels += exact_p_value(path[1000:1100], path[1100:]) <= 0.05
        white = fit_autoregression(path[:1000]).innovations(path)
        whitened += exact_p_value(white[1000:1100], white[1100:]) <= 0.05
    assert levels / count == pytest.approx(share, abs=3.0 * math.sqrt(share * (1.0 - share) / count) + 0.01)
    assert whitened / count <= 0.05 + 2.0 * math.sqrt(0.05 * 0.95 / count)


def test_cusum_of_innovations_has_its_nominal_run_length() -> None:
    """AR(1) .6: levels alarm every few dozen bars, innovations by the true model every 465."""
    rng = np.random.default_rng(8)
    paths = autoregressive(rng, 0.6, 4000, 800)
    model = Autoregression(mean=0.0, coefficient=0.6, innovation_sd=0.8)
    white = np.column_stack([model.innovations(path) for path in paths.T])
    nominal = two_sided_run_length(0.5, 5.0, 0.0)
    lengths = cusum_run_lengths(white[1:], 0.5, 5.0)
    assert np.all(lengths > 0)
    assert np.mean(lengths) == pytest.approx(nominal, abs=3.0 * np.std(lengths) / math.sqrt(lengths.size))
    assert np.mean(cusum_run_lengths(paths, 0.5, 5.0)) < 0.1 * nominal


def test_fitting_on_a_long_training_window_keeps_most_of_the_run_length() -> None:
    rng = np.random.default_rng(9)
    paths = autoregressive(rng, 0.6, 7000, 300)
    white = np.column_stack([fit_autoregression(path[:5000]).innovations(path)[5000:] for path in paths.T])
    lengths = cusum_run_lengths(white, 0.5, 5.0)
    lengths[lengths == 0] = len(white)
    assert np.mean(lengths) > 0.75 * two_sided_run_length(0.5, 5.0, 0.0)
