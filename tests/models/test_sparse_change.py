"""Sparse change of weights: exact against enumeration, quick after a flip of two weights, quiet where nothing moved."""

from __future__ import annotations

import doctest
import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

import models.sparse_change as module
from models.sparse_change import CHANGE_CHANCE, FRESH_CHANCE, MOVE_SCALE, SparseChange, sparse_change

NOISE = 0.88


def enumerated(old: np.ndarray, inputs: np.ndarray, returns: np.ndarray, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Weights and chances of a move from the n-dimensional marginal density of the returns under every hypothesis."""
    width, size = len(old), float(np.mean(old**2))
    logs, moves, touched = [], [], []
    subsets = [subset for count in range(width + 1) for subset in combinations(range(width), count)]
    for subset in [*subsets, None]:
        places = list(range(width)) if subset is None else list(subset)
        middle = np.zeros(width) if subset is None else old
        variance = size if subset is None else MOVE_SCALE**2 * size
        loadings = inputs[:, places]
        covariance = noise * np.eye(len(returns)) + variance * loadings @ loadings.T
        prior = FRESH_CHANCE
        if subset is not None:
            prior = (1.0 - FRESH_CHANCE) * CHANGE_CHANCE ** len(subset) * (1.0 - CHANGE_CHANCE) ** (width - len(subset))
        logs.append(math.log(prior) + multivariate_normal.logpdf(returns, inputs @ middle, covariance))
        mean = middle.copy()
        mean[places] += variance * loadings.T @ np.linalg.solve(covariance, returns - inputs @ middle)
        moves.append(mean)
        touched.append([index in places for index in range(width)])
    chances = np.exp(np.array(logs) - max(logs))
    chances /= chances.sum()
    return chances @ np.array(moves), chances @ np.array(touched, dtype=float)


def found(old: np.ndarray, inputs: np.ndarray, returns: np.ndarray, noise: float = NOISE) -> SparseChange:
    return sparse_change(old, inputs.T @ inputs, inputs.T @ returns, noise_variance=noise)


def market(seed: int, bars: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights of rho .35 over six inputs, inputs[bars, 6], noise[bars]."""
    rng = np.random.default_rng(seed)
    weights = rng.permutation(np.array([0.7, 0.5, 0.4, 0.25, 0.15, 0.1]))
    weights *= 0.35 / np.linalg.norm(weights)
    return weights, rng.standard_normal((bars, 6)), math.sqrt(NOISE) * rng.standard_normal(bars)


def flipped(weights: np.ndarray) -> np.ndarray:
    """The two largest weights turned."""
    turned = weights.copy()
    turned[np.argsort(-np.abs(weights))[:2]] *= -1.0
    return turned


def test_the_worked_example_runs() -> None:
    result = doctest.testmod(module)
    assert (result.attempted > 0, result.failed) == (True, 0)


@pytest.mark.parametrize("width", [1, 2, 4])
@pytest.mark.parametrize("bars", [3, 25])
def test_it_is_the_average_over_all_hypotheses(width: int, bars: int) -> None:
    rng = np.random.default_rng([width, bars])
    old = rng.standard_normal(width)
    inputs = rng.standard_normal((bars, width))
    returns = inputs @ (old * rng.choice([-1.0, 1.0], width)) + 0.7 * rng.standard_normal(bars)
    weights, changed = enumerated(old, inputs, returns, 0.49)
    answer = found(old, inputs, returns, 0.49)
    assert answer.weights == pytest.approx(weights, rel=1e-8, abs=1e-10)
    assert answer.changed == pytest.approx(changed, rel=1e-8, abs=1e-10)


def growth_shares(bars: int) -> tuple[float, float, float]:
    """Mean share of the growth at stake that a forecast earns after a flip of two weights: sparse change, the best
    ridge (prior variance = mean squared weight), the weights of before. Growth of guess g under truth w is
    2 w.g - g.g."""
    shares = []
    for seed in range(150):
        weights, inputs, noise = market(seed, bars)
        truth = flipped(weights)
        returns = inputs @ truth + noise
        ridge = np.linalg.solve(inputs.T @ inputs + NOISE / np.mean(weights**2) * np.eye(6), inputs.T @ returns)
        guesses = (found(weights, inputs, returns).weights, ridge, weights)
        shares.append([float(2.0 * truth @ guess - guess @ guess) / float(truth @ truth) for guess in guesses])
    sparse, fresh, old = np.mean(shares, axis=0).tolist()
    return sparse, fresh, old


def test_sixty_bars_after_a_flip_of_two_weights_it_earns_where_the_old_ones_lose() -> None:
    sparse, _, old = growth_shares(60)
    assert old < -1.5
    assert sparse > 0.4


@pytest.mark.parametrize("bars", [150, 250])
def test_later_after_a_flip_of_two_weights_it_earns_more_than_the_best_ridge(bars: int) -> None:
    sparse, fresh, _ = growth_shares(bars)
    assert sparse > fresh + 0.015


def test_where_nothing_changed_the_weights_stay() -> None:
    moved, errors = [], []
    for seed in range(100):
        weights, inputs, noise = market(seed, 250)
        answer = found(weights, inputs, inputs @ weights + noise)
        moved.append(answer.changed.max())
        errors.append(float(np.sum((answer.weights - weights) ** 2)) / float(weights @ weights))
    assert np.median(moved) < CHANGE_CHANCE
    assert np.mean(errors) < 0.05


def test_without_bars_it_says_the_prior_mean() -> None:
    old = np.array([0.3, -0.2, 0.1])
    answer = sparse_change(old, np.zeros((3, 3)), np.zeros(3), noise_variance=1.0)
    assert answer.weights == pytest.approx((1.0 - FRESH_CHANCE) * old)
    assert answer.changed == pytest.approx(FRESH_CHANCE + (1.0 - FRESH_CHANCE) * CHANGE_CHANCE)


def test_weights_of_nothing_stay_nothing() -> None:
    answer = sparse_change(np.zeros(2), np.eye(2), np.ones(2), noise_variance=1.0)
    assert answer.weights.tolist() == [0.0, 0.0]
    assert answer.changed.tolist() == [0.0, 0.0]


def test_many_inputs_find_the_one_that_turned() -> None:
    rng = np.random.default_rng(5)
    old = rng.choice([-1.0, 1.0], 30) * 0.2
    truth = old.copy()
    truth[17] *= -1.0
    inputs = rng.standard_normal((400, 30))
    answer = found(old, inputs, inputs @ truth + 0.9 * rng.standard_normal(400))
    assert int(np.argmax(answer.changed)) == 17
    assert answer.changed[17] > 0.9
    assert answer.weights[17] == pytest.approx(truth[17], abs=0.1)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 1000), st.permutations(range(4)), st.integers(1, 80))
def test_the_order_of_inputs_does_not_matter(seed: int, order: list[int], bars: int) -> None:
    rng = np.random.default_rng(seed)
    old, inputs = rng.standard_normal(4), rng.standard_normal((bars, 4))
    returns = rng.standard_normal(bars)
    straight, turned = found(old, inputs, returns), found(old[order], inputs[:, order], returns)
    assert turned.weights == pytest.approx(straight.weights[order], rel=1e-8, abs=1e-10)
    assert turned.changed == pytest.approx(straight.changed[order], rel=1e-8, abs=1e-10)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 1000), st.floats(1e-3, 1e3))
def test_the_unit_of_returns_does_not_matter(seed: int, unit: float) -> None:
    rng = np.random.default_rng(seed)
    old, inputs = rng.standard_normal(3), rng.standard_normal((20, 3))
    returns = rng.standard_normal(20)
    straight = found(old, inputs, returns)
    scaled = found(unit * old, inputs, unit * returns, NOISE * unit**2)
    assert scaled.weights == pytest.approx(unit * straight.weights, rel=1e-7)
    assert scaled.changed == pytest.approx(straight.changed, rel=1e-7, abs=1e-12)
