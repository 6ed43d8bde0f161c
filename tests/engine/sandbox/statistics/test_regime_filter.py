"""Regime filter: exact against enumeration, causal, quick after a jump and quiet on clustered volatility."""

from __future__ import annotations

import math
from itertools import pairwise, product
from statistics import NormalDist

import numpy as np
import pytest

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.regime_filter import (
    VolatilityRegimes,
    filtered_loud_probability,
    switches_to_loud,
)

GENERATORS = (
    "garch .06 .92 normal",
    "garch .06 .92 t5",
    "garch .05 .90 normal",
    "garch .08 .90 normal",
    "log AR(1) t5",
)
TRAINING, BARS, STREAMS = 1000, 2000, 200


def noise(rng: np.random.Generator, law: str, bars: int) -> np.ndarray:
    if law == "t5":
        return rng.standard_t(5, (bars, STREAMS)) / math.sqrt(5.0 / 3.0)
    return rng.standard_normal((bars, STREAMS))


def returns(kind: str, jump: float) -> tuple[np.ndarray, list[VolatilityRegimes]]:
    """Unit-variance returns with clustered volatility in columns, 60 bars after a jump last, and what training says."""
    rng = np.random.default_rng(12)
    bars = TRAINING + BARS + 60
    family, *numbers, law = kind.split()
    shocks = noise(rng, law, bars)
    if family == "log":
        level, logs = rng.standard_normal(STREAMS), np.empty((bars, STREAMS))
        for bar in range(bars):
            level = 0.98 * level + math.sqrt(1.0 - 0.98**2) * rng.standard_normal(STREAMS)
            logs[bar] = level
        paths = np.exp(0.2 * logs - 0.04) * shocks
    else:
        alpha, beta = map(float, numbers)
        variance, paths = np.ones(STREAMS), np.empty((bars, STREAMS))
        for bar in range(bars):
            paths[bar] = np.sqrt(variance) * shocks[bar]
            variance = (1.0 - alpha - beta) + alpha * paths[bar] ** 2 + beta * variance
    trained = [VolatilityRegimes(sd, 3.0 * sd) for sd in paths[:TRAINING].std(axis=0).tolist()]
    paths[TRAINING + BARS :] *= jump
    return paths[TRAINING:].T, trained


def test_probabilities_are_those_of_all_paths_of_the_chain() -> None:
    regimes = VolatilityRegimes(1.0, 2.5, quiet_bars=8.0, loud_bars=4.0, largest_size=1e9)
    values = [0.3, -1.8, 2.9, 0.1, -2.2, 0.4]
    stay = (1.0 - 1.0 / 8.0, 1.0 - 1.0 / 4.0)
    laws = (NormalDist(0.0, 1.0), NormalDist(0.0, 2.5))
    start = (1.0 - regimes.stationary_loud, regimes.stationary_loud)
    for end in range(1, len(values) + 1):
        weights = [0.0, 0.0]
        for path in product((0, 1), repeat=end + 1):  # the state before the first bar included
            weight = start[path[0]]
            for former, state in pairwise(path):
                weight *= stay[former] if state == former else 1.0 - stay[former]
            for state, value in zip(path[1:], values[:end], strict=True):
                weight *= laws[state].pdf(value)
            weights[path[-1]] += weight
        filtered = filtered_loud_probability(np.array(values[:end]), regimes)
        assert filtered[-1] == pytest.approx(weights[1] / sum(weights), abs=1e-12)


def test_later_bars_change_no_earlier_probability() -> None:
    values = 1.5 * np.random.default_rng(1).standard_normal(400)
    regimes = VolatilityRegimes(1.0, 2.5)
    whole = filtered_loud_probability(values, regimes)
    scrambled = np.concatenate((values[:200], 7.0 * values[200:][::-1]))
    assert filtered_loud_probability(scrambled, regimes)[:200].tolist() == whole[:200].tolist()


@pytest.mark.parametrize("kind", GENERATORS)
def test_jumps_are_seen_within_fifteen_bars_and_clusters_seldom_taken_for_one(kind: str) -> None:
    """Median delay after a jump of 2.5 times, and at most one false switch in 250 bars before it."""
    delays, switches = [], 0
    for path, regimes in zip(*returns(kind, 2.5), strict=True):
        probabilities = filtered_loud_probability(path, regimes, 0.0)
        switches += len(switches_to_loud(probabilities[:BARS]))
        loud = probabilities[BARS:] > 0.5
        delays.append(int(np.argmax(loud)) + 1 if loud.any() else 99)
    assert np.median(delays) <= 15
    assert np.mean(np.array(delays) <= 15) >= 0.5
    assert switches / (STREAMS * BARS) * 250 <= 1.0


def test_one_outlier_is_no_regime() -> None:
    values = np.zeros(50) + 0.8
    values[25] = 40.0
    assert filtered_loud_probability(values, VolatilityRegimes(1.0, 2.5), 0.0).max() < 0.5


def test_missing_returns_move_the_probability_towards_the_stationary_one() -> None:
    regimes = VolatilityRegimes(1.0, 2.5, quiet_bars=100.0, loud_bars=50.0)
    path = filtered_loud_probability(np.full(2000, math.nan), regimes, 0.9)
    assert np.all(np.diff(path) < 0.0) or path[-1] == pytest.approx(regimes.stationary_loud)
    assert path[-1] == pytest.approx(1.0 / 3.0)


@pytest.mark.parametrize(("quiet", "loud"), [(0.0, 1.0), (2.0, 1.0), (1.0, math.inf)])
def test_impossible_regimes_are_refused(quiet: float, loud: float) -> None:
    with pytest.raises(CalculationError):
        VolatilityRegimes(quiet, loud)
