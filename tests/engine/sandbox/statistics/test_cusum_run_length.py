"""Average run lengths against the published two-sided CUSUM table (Montgomery; Hawkins), simulation and the limits."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.cusum_run_length import (
    cusum_threshold,
    one_sided_run_length,
    sampled_run_length,
    siegmund_run_length,
    two_sided_run_length,
)
from engine.sandbox.statistics.tabular_cusum import cusum_run_lengths

SHIFTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
TABLE = {
    4.0: (168, 74.2, 26.6, 13.3, 8.38, 4.75, 3.34, 2.62, 2.19, 1.71),
    5.0: (465, 139, 38.0, 17.0, 10.4, 5.75, 4.01, 3.11, 2.57, 2.01),
}
CASES = [(h, shift, bars) for h, published in TABLE.items() for shift, bars in zip(SHIFTS, published, strict=True)]


@pytest.mark.parametrize(("h", "shift", "bars"), CASES)
def test_published_table_is_reproduced(h: float, shift: float, bars: float) -> None:
    assert two_sided_run_length(0.5, h, shift) == pytest.approx(bars, rel=0.0041)


@pytest.mark.parametrize(
    ("h", "shift", "bars"), [(4.0, 0.0, 167.68), (4.0, 0.25, 74.22), (5.0, 0.0, 465.44), (5.0, 0.25, 139.49)]
)
def test_exact_values_to_the_second_digit(h: float, shift: float, bars: float) -> None:
    assert two_sided_run_length(0.5, h, shift) == pytest.approx(bars, abs=0.005)


def test_hawkins_threshold() -> None:
    assert two_sided_run_length(0.5, 4.77, 0.0) == pytest.approx(368.6, abs=0.05)
    assert two_sided_run_length(0.5, 4.77, 0.0) == pytest.approx(370, rel=0.005)


@pytest.mark.parametrize("bars", [100.0, 370.4, 5000.0])
def test_threshold_for_a_run_length_is_its_inverse(bars: float) -> None:
    assert two_sided_run_length(0.25, cusum_threshold(0.25, bars), 0.0) == pytest.approx(bars, rel=1e-6)


@pytest.mark.parametrize("bars", [1.0, math.inf, math.nan])
def test_thresholds_for_impossible_run_lengths_are_refused(bars: float) -> None:
    with pytest.raises(CalculationError):
        cusum_threshold(0.5, bars)


def test_shewhart_limit_as_h_shrinks() -> None:
    """With a threshold of almost 0 the chart alarms on the first score above k: run length 1 / P(z > k)."""
    beyond = 1.0 - NormalDist().cdf(0.5)
    assert one_sided_run_length(0.5, 1e-9, 0.0) == pytest.approx(1.0 / beyond, rel=1e-6)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_simulated_charts_have_the_computed_run_length(shift: float) -> None:
    scores = np.random.default_rng(11).standard_normal((1500, 4000)) + shift
    lengths = cusum_run_lengths(scores, 0.5, 3.0)
    assert np.all(lengths > 0)
    error = float(np.std(lengths)) / math.sqrt(lengths.size)
    assert np.mean(lengths) == pytest.approx(two_sided_run_length(0.5, 3.0, shift), abs=3.0 * error)


@pytest.mark.parametrize(("k", "h"), [(0.5, 4.0), (0.5, 5.0), (0.25, 8.0), (0.25, 21.0)])
def test_planning_formula_is_close_to_the_integral_equation(k: float, h: float) -> None:
    assert siegmund_run_length(k, h) == pytest.approx(one_sided_run_length(k, h, 0.0), rel=0.03)


def test_run_lengths_beyond_double_precision_are_infinite() -> None:
    assert one_sided_run_length(0.5, 60.0, 0.0) == math.inf
    assert sampled_run_length(0.5, 4.0, np.array([-1.0, 0.2])) == math.inf


@pytest.mark.parametrize(("k", "h", "shift"), [(-0.1, 4.0, 0.0), (0.5, 0.0, 0.0), (0.5, 4.0, math.nan)])
def test_impossible_charts_are_refused(k: float, h: float, shift: float) -> None:
    with pytest.raises(CalculationError):
        one_sided_run_length(k, h, shift)


def test_markov_chain_on_a_normal_sample_agrees_with_the_integral_equation() -> None:
    sample = np.array([NormalDist().inv_cdf((index + 0.5) / 4000) for index in range(4000)])
    assert sampled_run_length(0.5, 4.0, sample) == pytest.approx(one_sided_run_length(0.5, 4.0, 0.0), rel=0.04)


@pytest.mark.parametrize(("degrees", "bars"), [(5.0, 286), (3.0, 239)])
def test_markov_chain_on_heavy_tails_gives_the_simulated_run_length(degrees: float, bars: float) -> None:
    from scipy.stats import t

    sample = t.ppf((np.arange(20_000) + 0.5) / 20_000, degrees) / math.sqrt(degrees / (degrees - 2.0))
    assert 0.5 * sampled_run_length(0.5, 5.0, sample) == pytest.approx(bars, rel=0.04)
