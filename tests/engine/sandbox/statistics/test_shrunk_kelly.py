"""Kelly: the published multipliers, shares and chances of a fall, against simulated wealth where there is one."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.shrunk_kelly import (
    binary_kelly,
    continuous_kelly,
    fall_probability,
    growth_share,
    kelly_multiplier,
    shrunk_kelly,
)


@pytest.mark.parametrize(("sharpe", "bars", "multiplier"), [(0.05, 250, 0.385), (0.1, 250, 0.714), (0.02, 1000, 0.286)])
def test_published_shrinkage(sharpe: float, bars: int, multiplier: float) -> None:
    assert kelly_multiplier(sharpe, bars, edge_lower_bound=1e-9, cap=1.0) == pytest.approx(multiplier, abs=5e-4)


@pytest.mark.parametrize(("multiplier", "half", "share"), [(0.25, 0.0078, 0.4375), (0.5, 0.125, 0.75), (1.0, 0.5, 1.0)])
def test_published_fall_to_one_half_and_share_of_growth(multiplier: float, half: float, share: float) -> None:
    assert fall_probability(0.5, multiplier) == pytest.approx(half, abs=5e-5)
    assert growth_share(multiplier) == pytest.approx(share)


def test_double_kelly_earns_nothing_and_falls_for_sure() -> None:
    assert growth_share(2.0) == 0.0
    assert growth_share(2.5) < 0.0
    assert fall_probability(0.01, 2.0) == fall_probability(0.01, 3.0) == 1.0


@pytest.mark.parametrize("multiplier", [0.5, 1.0])
def test_fall_probability_agrees_with_simulated_wealth(multiplier: float) -> None:
    """Log wealth in steps of SR .05; the level is moved by .5826 step deviations (Broadie, Glasserman and Kou 1997)."""
    sharpe, paths = 0.05, 2_000
    generator = np.random.default_rng(1)
    log_wealth, lowest = np.zeros(paths), np.zeros(paths)
    for _ in range(6_000):
        step = generator.standard_normal(paths) * multiplier * sharpe
        log_wealth += step + (multiplier - multiplier**2 / 2.0) * sharpe**2
        lowest = np.minimum(lowest, log_wealth)
    level = math.log(0.5) + 0.5826 * multiplier * sharpe
    expected = fall_probability(0.5, multiplier)
    error = math.sqrt(expected * (1.0 - expected) / paths)
    assert abs(np.mean(lowest <= level) - expected) < 3.0 * error


@pytest.mark.parametrize("multiplier", [0.5, 1.0, 2.0])
def test_share_of_growth_agrees_with_expected_log_wealth(multiplier: float) -> None:
    mean, sd = 2e-5, 0.002
    returns = mean + sd * np.array([-1.0, 1.0])
    growth = np.log1p(multiplier * continuous_kelly(mean, sd) * returns).mean()
    best = np.log1p(continuous_kelly(mean, sd) * returns).mean()
    assert growth / best == pytest.approx(growth_share(multiplier), abs=2e-3)


def test_binary_kelly_maximises_log_growth() -> None:
    stake = np.linspace(-0.5, 0.95, 14_501)
    growth = 0.55 * np.log1p(1.5 * stake) + 0.45 * np.log1p(-stake)
    assert binary_kelly(0.55, 1.5) == pytest.approx(stake[np.argmax(growth)], abs=1e-4)
    assert binary_kelly(0.5, 1.0) == 0.0


bars_strategy = st.integers(1, 100_000)


@given(st.floats(-0.01, 0.01), st.floats(1e-4, 0.1), bars_strategy, st.floats(-1, 1), st.floats(0, 1), st.floats(0, 5))
def test_bounds_of_the_shrunk_fraction(
    mean: float, sd: float, bars: int, bound: float, cap: float, largest: float
) -> None:
    fraction = shrunk_kelly(mean, sd, bars, edge_lower_bound=bound, cap=cap, largest_fraction=largest)
    multiplier = kelly_multiplier(abs(mean) / sd, bars, edge_lower_bound=bound, cap=cap)
    assert abs(fraction) <= largest
    assert multiplier <= cap
    assert abs(fraction) <= multiplier * abs(mean) / sd**2 * (1.0 + 1e-12) + sys.float_info.min  # denormals round far
    assert fraction * mean >= 0.0
    if bound <= 0.0:
        assert fraction == 0.0


@given(st.floats(0.001, 1.0), bars_strategy, st.integers(0, 1000))
def test_more_evidence_never_lowers_the_multiplier(sharpe: float, bars: int, more: int) -> None:
    few = kelly_multiplier(sharpe, bars, edge_lower_bound=0.1, cap=0.5)
    many = kelly_multiplier(sharpe, bars + more, edge_lower_bound=0.1, cap=0.5)
    assert few <= many <= 0.5


def test_the_shrunk_bet_grows_faster_than_the_plug_in_on_average() -> None:
    """True Sharpe .05 a bar, estimated from 250 bars: growth of a bet f is f mu - f^2 sigma^2 / 2, by simulation."""
    generator = np.random.default_rng(2)
    estimates = 0.05 + generator.standard_normal(4_000) / math.sqrt(250)
    plug_in = estimates
    shrunk = np.array(
        [shrunk_kelly(value, 1.0, 250, edge_lower_bound=1.0, cap=1.0, largest_fraction=9.0) for value in estimates]
    )
    gain = (shrunk - plug_in) * 0.05 - (shrunk**2 - plug_in**2) / 2.0
    assert gain.mean() > 3.0 * gain.std() / math.sqrt(len(gain))


def test_unknown_or_impossible_is_no_bet_or_refused() -> None:
    assert kelly_multiplier(math.nan, 100, edge_lower_bound=0.1, cap=1.0) == 0.0
    assert kelly_multiplier(0.1, 100, edge_lower_bound=math.nan, cap=1.0) == 0.0
    for refused in (
        lambda: binary_kelly(1.1, 1.0),
        lambda: binary_kelly(0.5, 0.0),
        lambda: continuous_kelly(0.1, 0.0),
        lambda: fall_probability(0.0, 1.0),
        lambda: fall_probability(0.5, 0.0),
        lambda: kelly_multiplier(0.1, 10, edge_lower_bound=0.1, cap=1.1),
        lambda: shrunk_kelly(0.1, 1.0, 10, edge_lower_bound=0.1, cap=1.0, largest_fraction=-1.0),
    ):
        with pytest.raises(CalculationError):
            refused()
