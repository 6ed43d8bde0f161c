"""Promotion gate: luck is promoted with probability at most alpha, a better candidate soon, state resumes exactly."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.promotion_gate import CLIP, EProcessGate, catoni_influence
from engine.sandbox.statistics.promotion_gate_power import peak_log_wealth

BARS = 250
CANDIDATES = 16


def noise(kind: str, paths: int, seed: int, bars: int = BARS) -> NDArray[np.float64]:
    """Mean 0, standard deviation 1 (2.5 after the jump of volatility)."""
    generator = np.random.default_rng(seed)
    if kind == "normal":
        return generator.standard_normal((paths, bars))
    if kind == "t5":
        return generator.standard_t(5, (paths, bars)) / np.sqrt(5 / 3)
    if kind == "t3":
        return generator.standard_t(3, (paths, bars)) / np.sqrt(3)
    if kind == "rare disaster":
        return np.where(generator.random((paths, bars)) < 0.01, -np.sqrt(99), np.sqrt(1 / 99))
    if kind == "rare windfall":
        return np.where(generator.random((paths, bars)) < 0.01, np.sqrt(99), -np.sqrt(1 / 99))
    if kind == "volatility jump":
        loud = np.where(np.arange(bars) < 100, 1.0, 2.5)
        return generator.standard_t(5, (paths, bars)) / np.sqrt(5 / 3) * loud
    rho = float(kind.removeprefix("AR "))
    values = generator.standard_normal((paths, bars))
    for bar in range(1, bars):
        values[:, bar] = rho * values[:, bar - 1] + math.sqrt(1.0 - rho * rho) * values[:, bar]
    return values


def share_promoted(differences: NDArray[np.float64], trials: int, alpha: float, *, allowance: float = 1.0) -> float:
    peaks = peak_log_wealth(differences, scale=1.0, variance_allowance=allowance)[:, -1]
    return float(np.mean(peaks >= math.log(trials / alpha)))


def family_error(differences: NDArray[np.float64], alpha: float, *, allowance: float = 1.0) -> float:
    """Share of families of 16 candidates, looked at on every bar, with a promotion."""
    peaks = peak_log_wealth(differences, scale=1.0, variance_allowance=allowance)[:, -1]
    best = peaks.reshape(-1, CANDIDATES).max(axis=1)
    return float(np.mean(best >= math.log(CANDIDATES / alpha)))


@pytest.mark.parametrize("correlation", [0.0, 0.5])
@pytest.mark.parametrize("kind", ["normal", "t5", "t3", "AR 0.1", "rare disaster", "rare windfall", "volatility jump"])
def test_sixteen_candidates_together_promote_luck_at_most_with_alpha(kind: str, correlation: float) -> None:
    families = 500
    own = noise(kind, families * CANDIDATES, 1)
    common = np.repeat(noise(kind, families, 2), CANDIDATES, axis=0)
    mixed = math.sqrt(correlation) * common + math.sqrt(1.0 - correlation) * own
    assert family_error(mixed, 0.05) <= 0.05
    assert family_error(mixed, 0.025) <= 0.025


def test_wealth_of_a_null_never_grows_on_average() -> None:
    """E[wealth] <= 1 at a fixed bar, to three standard errors, where the conditions of the proof hold."""
    for kind, bars in (("normal", 30), ("t5", 30), ("rare windfall", 30)):
        wealths = []
        for row in noise(kind, 1_500, 3, bars).tolist():
            gate = fed(row)
            wealths.append(gate.wealth)
        assert np.mean(wealths) <= 1.0 + 3.0 * np.std(wealths) / math.sqrt(len(wealths))


POWER = [
    (1, 0.05, 0.984),
    (4, 0.05, 0.950),
    (16, 0.05, 0.882),
    (64, 0.05, 0.777),
    (1, 0.025, 0.971),
    (4, 0.025, 0.920),
    (16, 0.025, 0.833),
    (64, 0.025, 0.710),
]


@pytest.mark.parametrize(("trials", "alpha", "power"), POWER)
def test_power_within_250_bars_for_a_candidate_better_by_three_tenths(trials: int, alpha: float, power: float) -> None:
    reached = share_promoted(noise("normal", 4_000, 4) + 0.3, trials, alpha)
    assert abs(reached - power) < 3.0 * math.sqrt(power * (1.0 - power) / 4_000)


@pytest.mark.parametrize("kind", ["normal", "t5", "AR 0.1"])
def test_power_is_at_least_eighty_percent_for_sixteen_trials(kind: str) -> None:
    assert share_promoted(noise(kind, 4_000, 5) + 0.3, CANDIDATES, 0.05) >= 0.85


def test_a_fault_of_dependence_is_stated_and_the_allowance_repairs_it() -> None:
    dependent = noise("AR 0.2", 500 * CANDIDATES, 6)
    assert 0.05 < family_error(dependent, 0.05) < 0.12
    assert family_error(dependent, 0.05, allowance=1.25) <= 0.05


@pytest.mark.slow
def test_allowance_covers_weak_dependence_over_a_thousand_bars() -> None:
    dependent = noise("AR 0.1", 800 * CANDIDATES, 7, 1_000)
    assert family_error(dependent, 0.05, allowance=1.1) <= 0.05
    assert share_promoted(noise("normal", 4_000, 8) + 0.3, CANDIDATES, 0.05, allowance=1.1) >= 0.80


def fed(differences: list[float], scale: float = 1.0) -> EProcessGate:
    gate = EProcessGate(alpha=0.05, trial_number=1, scale=scale)
    for difference in differences:
        gate.add(difference)
    return gate


differences_strategy = st.lists(st.floats(-50, 50), max_size=60)


@given(differences_strategy, st.floats(0, 5))
@settings(deadline=None)
def test_wealth_rises_with_the_mean_path_by_path(differences: list[float], shift: float) -> None:
    low, high = fed(differences), fed([value + shift for value in differences])
    assert high.log_wealth >= low.log_wealth - 1e-9
    assert math.isfinite(low.log_wealth) and low.wealth >= 0.0


@given(differences_strategy, differences_strategy)
@settings(deadline=None)
def test_a_gate_restored_midway_continues_bit_for_bit(first: list[float], then: list[float]) -> None:
    through = fed([*first, *then])
    restored = EProcessGate.from_json(json.loads(json.dumps(fed(first).to_json())))
    for difference in then:
        restored.add(difference)
    assert restored == through
    assert json.dumps(restored.to_json()) == json.dumps(through.to_json())


@given(differences_strategy.filter(bool), st.floats(0.2, 5))
@settings(deadline=None)
def test_paths_and_gate_are_one_recipe(differences: list[float], scale: float) -> None:
    paths = peak_log_wealth(np.array([differences]), scale=scale)[0]
    assert fed(differences, scale).peak_log_wealth == pytest.approx(paths[-1], abs=1e-9)
    assert np.all(np.diff(paths) >= 0.0)


@given(differences_strategy, st.floats(0.01, 100))
@settings(deadline=None)
def test_the_unit_of_the_differences_does_not_matter(differences: list[float], unit: float) -> None:
    in_unit = fed([value * unit for value in differences], unit)
    assert in_unit.log_wealth == pytest.approx(fed(differences).log_wealth, abs=1e-6)


def test_a_fair_coin_keeps_its_expectation_below_one_over_all_paths() -> None:
    wealth = [fed([1.0 if path >> bit & 1 else -1.0 for bit in range(10)]).wealth for path in range(2**10)]
    assert 0.5 < np.mean(wealth) <= 1.0


def test_a_loss_beyond_the_clip_stays_a_debt() -> None:
    gate = fed([-10.0])
    assert gate.carried_loss == -10.0 + CLIP
    assert fed([50.0]).carried_loss == 0.0


def test_passing_is_at_the_threshold_and_is_not_taken_back() -> None:
    gate = EProcessGate(alpha=0.05, trial_number=16, scale=1.0)
    while not gate.passed:
        gate.add(0.6)
    assert gate.wealth >= 320.0
    assert gate.log_threshold == pytest.approx(math.log(320.0))
    for _ in range(50):
        gate.add(-1.0)
    assert gate.passed and gate.wealth < 1.0


def test_scale_follows_the_past_upwards_and_has_a_floor() -> None:
    gate = fed([5.0, -5.0] * 100)
    assert gate.scale_now == pytest.approx(5.0, rel=0.06)
    assert fed([0.01, -0.01] * 200).scale_now == pytest.approx(0.7)


@given(st.floats(-1e6, 1e6))
def test_influence_is_odd_increasing_and_bounded_by_the_second_order(z: float) -> None:
    assert catoni_influence(-z) == -catoni_influence(z)
    assert catoni_influence(z) <= math.log(1.0 + z + z * z / 2.0) + 1e-9
    assert catoni_influence(z + 1.0) > catoni_influence(z)


def test_what_cannot_be_a_gate_is_refused() -> None:
    for alpha, trials, scale, allowance in ((0.0, 1, 1.0, 1.0), (1.0, 1, 1.0, 1.0), (0.05, 0, 1.0, 1.0)):
        with pytest.raises(CalculationError):
            EProcessGate(alpha, trials, scale, allowance)
    for scale, allowance in ((0.0, 1.0), (math.nan, 1.0), (math.inf, 1.0), (1.0, 0.9)):
        with pytest.raises(CalculationError):
            EProcessGate(0.05, 1, scale, allowance)
    gate = fed([])
    for difference in (math.nan, math.inf, -1e101):
        with pytest.raises(CalculationError):
            gate.add(difference)
    assert gate == fed([])
    with pytest.raises(CalculationError):
        EProcessGate.from_json({**gate.to_json(), "catoni_log_wealths": [0.0]})
    with pytest.raises(CalculationError):
        peak_log_wealth(np.array([[np.nan]]), scale=1.0)
