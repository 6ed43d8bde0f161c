"""Volatility filter: exact against the sum over all moments of a jump, quick to follow one, quick to forget it."""

from __future__ import annotations

import doctest
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

import engine.sandbox.statistics.volatility_filter as module
from engine.sandbox.statistics.volatility_filter import (
    LARGEST_RETURN,
    MULTIPLES,
    TAIL,
    VolatilityFilter,
    filtered_volatilities,
)

LEVEL, LOG_SD, PERSISTENCE, HAZARD_BARS = 0.01, 0.2, 0.98, 500.0
RETURNS = (0.4, -1.1, 0.2, 2.6, -3.1, 1.9, 0.1, -2.2, 5.0, 0.3)  # in levels


def discretised(points: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log levels within 3 sd, transition matrix and stationary weights of the AR(1)."""
    grid = np.linspace(-3.0, 3.0, points) * LOG_SD
    steps = bell(grid[None, :] - PERSISTENCE * grid[:, None], LOG_SD * math.sqrt(1.0 - PERSISTENCE**2))
    weights = bell(grid, LOG_SD)
    return grid, steps / steps.sum(axis=1, keepdims=True), weights / weights.sum()


def bell(x: np.ndarray, sd: float) -> np.ndarray:
    return np.asarray(np.exp(-0.5 * (x / sd) ** 2))


def path_weights(sizes: list[float], points: int, multiple: float, jump: int) -> np.ndarray:
    """Joint weight of all returns and the present state, where volatility is `multiple` times as large from bar `jump`
    on (0-based); unnormalised forward recursion."""
    grid, transition, weights = discretised(points)
    for bar, size in enumerate(sizes):
        scale = np.exp(grid) * (multiple if bar >= jump else 1.0)
        unit = math.sqrt((TAIL - 2.0) / TAIL)
        weights = (weights @ transition) * student.pdf(size, TAIL, scale=scale * unit)
    return weights


def enumerated(sizes: list[float], points: int) -> tuple[float, float, float]:
    """Evidence, multiple and volatility from every multiple and every moment of a jump."""
    grid = discretised(points)[0]
    calm = path_weights(sizes, points, 1.0, len(sizes))
    total = calm.sum()
    sums, mean_log, share = 0.0, 0.0, 1.0 / (len(MULTIPLES) * HAZARD_BARS)
    mass, variance = 1.0, float(calm @ np.exp(2.0 * grid)) / total
    for multiple in MULTIPLES:
        for jump in range(len(sizes)):
            weights = path_weights(sizes, points, multiple, jump) / total
            sums += weights.sum()
            mean_log += float(weights @ (grid + math.log(multiple)))
            mass += share * weights.sum()
            variance += share * float(weights @ (multiple * np.exp(grid)) ** 2)
    return math.log(sums / len(MULTIPLES)), math.exp(mean_log / sums), LEVEL * math.sqrt(variance / mass)


def fed(sizes: list[float]) -> VolatilityFilter:
    running = VolatilityFilter(LEVEL, LOG_SD, PERSISTENCE)
    for size in sizes:
        running.add(LEVEL * size)
    return running


def market(seed: int, bars: int, multiples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns and true volatility: log AR(1) about the level times `multiples[bars]`, noise t5."""
    rng = np.random.default_rng(seed)
    logs, state = np.empty(bars), rng.standard_normal()
    for bar in range(bars):
        state = PERSISTENCE * state + math.sqrt(1.0 - PERSISTENCE**2) * rng.standard_normal()
        logs[bar] = state
    volatility = LEVEL * np.exp(LOG_SD * logs) * multiples
    return volatility * rng.standard_t(5, bars) / math.sqrt(5.0 / 3.0), volatility


def filtered(returns: np.ndarray) -> np.ndarray:
    return filtered_volatilities(returns, level=LEVEL, log_sd=LOG_SD, persistence=PERSISTENCE, hazard_bars=HAZARD_BARS)


def test_the_worked_example_runs() -> None:
    result = doctest.testmod(module)
    assert (result.attempted > 0, result.failed) == (True, 0)


@pytest.mark.parametrize("bars", [1, 4, len(RETURNS)])
def test_it_is_the_sum_over_all_moments_of_a_jump(bars: int) -> None:
    sizes = list(RETURNS[:bars])
    running = fed(sizes)
    evidence, multiple, volatility = enumerated(sizes, module.GRID_POINTS)
    assert running.evidence() == pytest.approx(evidence, rel=1e-9, abs=1e-9)
    assert running.multiple() == pytest.approx(multiple, rel=1e-9)
    assert running.volatility(HAZARD_BARS) == pytest.approx(volatility, rel=1e-9)


def test_a_finer_grid_says_the_same() -> None:
    running = fed(list(RETURNS))
    evidence, _, volatility = enumerated(list(RETURNS), 301)
    assert running.evidence() == pytest.approx(evidence, abs=0.02)
    assert running.volatility(HAZARD_BARS) == pytest.approx(volatility, rel=0.005)


def test_it_follows_a_jump_and_comes_back() -> None:
    """A shock of 2.5 times for 100 bars: level of the estimate over the truth before, in and after it."""
    multiples = np.ones(500)
    multiples[300:400] = 2.5
    ratios = []
    for seed in range(40):
        returns, volatility = market(seed, 500, multiples)
        ratios.append(np.log(filtered(returns) / volatility))
    bias = np.exp(np.mean(ratios, axis=0))
    assert np.all(np.abs(bias[20:300] - 1.0) < 0.15)
    assert bias[300] < 0.5
    assert np.all(bias[325:400] > 0.8)
    assert np.all(bias[325:400] < 1.2)
    assert bias[400] > 2.0
    assert np.all(bias[460:] < 1.45)
    assert bias[490:].mean() < 1.3


def test_calm_returns_forget_a_jump_however_long_it_lasted() -> None:
    bars = []
    for loud in (30, 3000):
        running = fed([3.0, -2.0] * (loud // 2))
        assert running.evidence() > 10.0
        assert running.volatility(HAZARD_BARS) > 1.8 * LEVEL
        quiet = 0
        while running.evidence() > 1.0:
            running.add(LEVEL * (0.8 if quiet % 2 else -0.5))
            quiet += 1
        bars.append(quiet)
        assert running.volatility(HAZARD_BARS) < 1.2 * LEVEL
    assert max(bars) < 120


@pytest.mark.parametrize("generator", ["log AR(1)", "constant"])
def test_a_market_as_in_training_hardly_ever_shows_ten_nats(generator: str) -> None:
    """Under its own null a Shiryaev-Roberts sum grows by 1 a bar in the mean: P(sum > e^10 on a given bar) < n / e^10;
    40 markets of 500 bars exceed it on few bars if on any."""
    loud = 0
    for seed in range(40):
        returns, _ = market(seed, 500, np.ones(500))
        if generator == "constant":
            returns = LEVEL * np.random.default_rng(seed).standard_t(TAIL, 500) / math.sqrt(TAIL / (TAIL - 2.0))
        running = VolatilityFilter(LEVEL, LOG_SD, PERSISTENCE)
        highest = -math.inf
        for value in returns.tolist():
            running.add(value)
            highest = max(highest, running.evidence())
        loud += highest > 10.0
    assert loud <= 3


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(0, 1000), st.integers(0, 60))
def test_nothing_later_is_looked_at(seed: int, cut: int) -> None:
    returns, _ = market(seed, 60, np.ones(60))
    changed = returns.copy()
    changed[cut:] *= 7.0
    assert filtered(returns)[: cut + 1].tolist() == filtered(changed)[: cut + 1].tolist()


def test_neither_sign_nor_unit_matters() -> None:
    returns, _ = market(3, 80, np.ones(80))
    straight = filtered(returns)
    assert filtered(-returns).tolist() == straight.tolist()
    scaled = filtered_volatilities(
        1e-4 * returns, level=1e-4 * LEVEL, log_sd=LOG_SD, persistence=PERSISTENCE, hazard_bars=HAZARD_BARS
    )
    assert scaled == pytest.approx(1e-4 * straight, rel=1e-9)


def test_a_crash_counts_no_more_than_the_largest_return() -> None:
    assert fed([1e6]).state() == fed([LARGEST_RETURN]).state()


def test_a_restored_filter_and_one_that_took_over_go_on_to_the_last_bit() -> None:
    running = fed(list(RETURNS))
    running.volatility(HAZARD_BARS)
    resumed = VolatilityFilter(LEVEL, LOG_SD, PERSISTENCE)
    resumed.volatility(HAZARD_BARS)
    resumed.restore(json.loads(json.dumps(running.state(), allow_nan=False)))
    heir = VolatilityFilter(LEVEL, LOG_SD, PERSISTENCE)
    heir.volatility(HAZARD_BARS)
    heir.continue_from(running)
    stranger = VolatilityFilter(2.0 * LEVEL, LOG_SD, PERSISTENCE)
    stranger.continue_from(running)
    assert stranger.evidence() < -100.0
    for size in RETURNS:
        said = running.volatility(HAZARD_BARS)
        assert said == resumed.volatility(HAZARD_BARS) == heir.volatility(HAZARD_BARS)
        for item in (running, resumed, heir):
            item.add(LEVEL * size)
    assert running.state() == resumed.state() == heir.state()
