"""The corridor of call prices: its hull, its lowest prices, what rows of both rights leave."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.signals.options_math.call_corridor import call_corridor, corridor_of_calls
from engine.signals.options_math.quoted_intervals import QuotedIntervals


def test_rows_of_a_strike_intersect_and_puts_count_by_parity() -> None:
    strike = np.array([1.1, 1.1, 0.9, math.nan])
    intervals = QuotedIntervals(strike, np.array([True, False, False, True]), np.array([0.02, 0.11, 0.01, 0.1]),
                                np.array([0.05, 0.13, 0.03, 0.2]), np.zeros(4), np.ones(4, dtype=bool))  # fmt: skip
    corridor = call_corridor(intervals)
    np.testing.assert_allclose(corridor.strike, [0.9, 1.1])
    np.testing.assert_allclose(corridor.low, [0.11, 0.02])
    np.testing.assert_allclose(corridor.high, [0.13, 0.03])
    assert corridor.admissible


@settings(max_examples=100, deadline=None)
@given(
    strikes=st.lists(st.integers(2, 30), min_size=1, max_size=8, unique=True),
    highs=st.lists(st.floats(0.0, 1.2), min_size=8, max_size=8),
)
def test_the_highest_prices_are_one_convex_falling_function(strikes: list[int], highs: list[float]) -> None:
    strike = np.sort(np.array(strikes)) / 10.0
    high = np.maximum(np.array(highs[: strike.size]), 1.0 - strike)
    corridor = corridor_of_calls(strike, np.full(strike.size, -math.inf), high)
    assert corridor.admissible
    grid = np.linspace(0.0, 4.0, 401)
    value = corridor.highest(grid)
    assert value[0] == 1.0
    steps = np.diff(value)
    assert np.all(steps <= 1e-15) and np.all(steps >= -0.01 - 1e-12) and np.all(np.diff(steps) >= -1e-12)
    assert np.all(corridor.highest(strike) <= high + 1e-12)
    assert np.all(corridor.lowest(grid[1:]) <= value[1:] + 1e-12)


def test_without_rows_the_bounds_are_those_of_any_option() -> None:
    corridor = corridor_of_calls(np.zeros(0), np.zeros(0), np.zeros(0))
    strike = np.array([0.4, 1.0, 1.7])
    assert corridor.admissible
    np.testing.assert_allclose(corridor.lowest(strike), [0.6, 0.0, 0.0])
    np.testing.assert_allclose(corridor.highest(strike), 1.0)
    left, right = corridor.slopes_at(strike)
    np.testing.assert_allclose(left, [-1.0, -1.0, -1.0 / 1.7])
    np.testing.assert_allclose(right, 0.0)


def test_the_lowest_price_lies_on_the_steepest_line() -> None:
    # Through (0.9, >= 0.16) from (0.8, <= 0.22): no steeper than -0.6 from there on, so C(1) >= 0.10.
    corridor = corridor_of_calls(np.array([0.8, 0.9]), np.array([0.20, 0.16]), np.array([0.22, 0.17]))
    assert float(corridor.lowest(np.array([1.0]))[0]) == pytest.approx(0.10)
    assert float(corridor.lowest(np.array([0.9]))[0]) == 0.16
    assert float(corridor.lowest(np.array([2.0]))[0]) == 0.0
