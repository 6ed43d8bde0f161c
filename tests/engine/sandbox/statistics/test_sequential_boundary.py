"""Peeking boundaries reproduce the published half-widths."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.sequential_boundary import (
    MixtureSprt,
    mixture_precision,
    mixture_sprt,
    normal_mixture_half_width,
    normal_mixture_interval,
)


@pytest.mark.parametrize(("bars", "width"), [(30, 0.675), (100, 0.312), (250, 0.192), (500, 0.137), (1000, 0.099)])
def test_half_widths(bars: int, width: float) -> None:
    assert normal_mixture_half_width(bars, 0.05, 250) == pytest.approx(width, abs=6e-4)


def test_mixture_sprt_is_the_average_of_the_likelihood_ratios() -> None:
    effects = np.linspace(-8, 8, 20_001) * 0.3
    weights = np.exp(-0.5 * (effects / 0.3) ** 2)
    ratio = np.exp(40 * (0.2 * effects - effects**2 / 2))
    assert mixture_sprt(0.2, 40, variance=1.0, mixing_variance=0.09) == pytest.approx(
        float((weights * ratio).sum() / weights.sum()), rel=1e-6
    )


def test_all_intervals_of_a_path_hold_the_mean_with_the_stated_confidence() -> None:
    bars = np.arange(1, 1_001)
    widths = np.array([normal_mixture_half_width(int(n), 0.05, 250) for n in bars])
    noise = np.random.default_rng(1).standard_normal((2_000, 1_000))
    missed = np.any(np.abs(noise.cumsum(axis=1) / bars) > widths, axis=1).mean()
    assert 0.01 < missed <= 0.05
    low, high = normal_mixture_interval(0.4, 100, standard_deviation=2.0, alpha=0.05, target_bars=250)
    assert (low, high) == pytest.approx((0.4 - 0.624, 0.4 + 0.624), abs=2e-3)


def test_running_p_value_never_rises_and_falls_to_five_percent_rarely() -> None:
    precision = mixture_precision(0.05, 250)
    noise = np.random.default_rng(2).standard_normal((400, 250))
    final = []
    for row in noise.tolist():
        state, last = MixtureSprt(1.0, precision), 1.0
        for value in row:
            state = state.updated(value)
            assert state.p_value <= last
            last = state.p_value
        final.append(last)
    assert np.mean(np.array(final) <= 0.05) <= 0.05
    better = [MixtureSprt(1.0, precision).updated_many(row).p_value for row in (noise + 0.3).tolist()]
    assert np.mean(np.array(better) <= 0.05) > 0.95


def test_p_value_reaches_alpha_where_the_interval_first_leaves_zero() -> None:
    """Interval and test are one boundary: L_n >= 1/alpha exactly where |mean| >= half-width, at the same mixing."""
    precision = mixture_precision(0.05, 250)
    for bars in (10, 100, 600):
        edge = normal_mixture_half_width(bars, 0.05, 250)
        assert mixture_sprt(edge, bars, variance=1.0, mixing_variance=precision) == pytest.approx(20.0)


def test_undefined_boundaries_are_refused() -> None:
    with pytest.raises(CalculationError):
        MixtureSprt(0.0, 1.0)
    with pytest.raises(CalculationError):
        MixtureSprt(1.0, 1.0).updated(math.nan)
    with pytest.raises(CalculationError):
        normal_mixture_interval(0.0, 0, standard_deviation=1.0, alpha=0.05, target_bars=250)
