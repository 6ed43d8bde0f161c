"""Ridge that forgets is weighted least squares with a prior, however its bars come."""

from __future__ import annotations

import doctest
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import models.forgetting_ridge as module
from models.forgetting_ridge import ForgettingRidge


def bars_of(seed: int, bars: int, width: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((bars, width))
    return inputs, inputs @ np.arange(1.0, width + 1.0) + rng.standard_normal(bars)


def least_squares(
    inputs: np.ndarray, returns: np.ndarray, centre: np.ndarray, penalty: float, memory: float
) -> np.ndarray:
    """The prior as further rows, every row weighted by the root of what it counts."""
    width = len(centre)
    ages = np.arange(len(returns))[::-1]
    roots = np.sqrt(np.concatenate([memory**ages, np.full(width, penalty)]))
    rows = np.vstack([inputs, np.eye(width)]) * roots[:, None]
    told = np.concatenate([returns, centre]) * roots
    return np.asarray(np.linalg.lstsq(rows, told, rcond=None)[0])


def test_the_worked_example_runs() -> None:
    result = doctest.testmod(module)
    assert (result.attempted > 0, result.failed) == (True, 0)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(0, 60), st.floats(0.5, 1.0), st.floats(0.1, 50.0))
def test_it_is_weighted_least_squares_with_a_prior(seed: int, bars: int, memory: float, penalty: float) -> None:
    inputs, returns = bars_of(seed, bars)
    centre = np.array([0.5, -1.0, 2.0])
    fit = ForgettingRidge.around(centre, penalty=penalty, memory=memory)
    for row, told in zip(inputs, returns.tolist(), strict=True):
        fit.add(row, told)
    assert fit.weights() == pytest.approx(least_squares(inputs, returns, centre, penalty, memory), rel=1e-8, abs=1e-9)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(0, 40), st.integers(0, 40), st.floats(0.5, 1.0))
def test_many_at_once_are_one_after_the_other(seed: int, first: int, second: int, memory: float) -> None:
    inputs, returns = bars_of(seed, first + second)
    single = ForgettingRidge.around([0.0] * 3, penalty=1.0, memory=memory)
    block = ForgettingRidge.around([0.0] * 3, penalty=1.0, memory=memory)
    for row, told in zip(inputs, returns.tolist(), strict=True):
        single.add(row, told)
    block.add_many(inputs[:first], returns[:first])
    block.add_many(inputs[first:], returns[first:])
    assert block.gram == pytest.approx(single.gram, rel=1e-10, abs=1e-12)
    assert block.moment == pytest.approx(single.moment, rel=1e-10, abs=1e-12)
    assert block.weights() == pytest.approx(single.weights(), rel=1e-9, abs=1e-12)


def test_it_follows_a_relation_that_turned_and_one_that_never_forgets_does_not() -> None:
    rng = np.random.default_rng(3)
    inputs = rng.standard_normal((1200, 1))
    returns = np.where(np.arange(1200) < 800, 1.0, -1.0) * inputs[:, 0] + rng.standard_normal(1200)
    quick = ForgettingRidge.around([0.0], penalty=1.0, memory=1.0 - 1.0 / 100.0)
    steady = ForgettingRidge.around([0.0], penalty=1.0, memory=1.0)
    for fit in (quick, steady):
        fit.add_many(inputs, returns)
    assert quick.weights()[0] == pytest.approx(-1.0, abs=0.25)
    assert steady.weights()[0] > 0.2


def test_nothing_seen_is_the_centre() -> None:
    assert ForgettingRidge.around([0.3, -0.4], penalty=2.0, memory=0.9).weights() == pytest.approx([0.3, -0.4])


def test_the_centre_is_a_copy() -> None:
    centre = np.array([1.0, 2.0])
    fit = ForgettingRidge.around(centre, penalty=1.0, memory=0.9)
    centre[:] = 0.0
    assert fit.weights() == pytest.approx([1.0, 2.0])


def test_a_restored_one_goes_on_to_the_last_bit() -> None:
    inputs, returns = bars_of(1, 50)
    fit = ForgettingRidge.around([0.1] * 3, penalty=3.0, memory=0.97)
    fit.add_many(inputs[:20], returns[:20])
    resumed = ForgettingRidge.from_json(json.loads(json.dumps(fit.to_json(), allow_nan=False)))
    for row, told in zip(inputs[20:], returns[20:].tolist(), strict=True):
        fit.add(row, told)
        resumed.add(row, told)
        assert resumed.weights().tolist() == fit.weights().tolist()
    assert resumed.to_json() == fit.to_json()


@given(st.integers(0, 10_000), st.sampled_from([0.98, 1.0]))
def test_a_bar_and_its_products_teach_the_same(seed: int, memory: float) -> None:
    by_bar, by_products = (ForgettingRidge.around(np.zeros(3), penalty=2.0, memory=memory) for _ in range(2))
    for row, target in zip(*bars_of(seed, 5), strict=True):
        by_bar.add(row, float(target))
        by_products.add_products(row[:, None] * row, row * float(target))
    assert by_bar.to_json() == by_products.to_json()
