"""A line through intervals: exact where it exists, unmoved by one stale leg, and its error covers the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.signals.options_math.parity_line import parity_line


@given(
    st.floats(1.0, 1e4),
    st.floats(0.6, 1.0),
    st.integers(6, 60),
    st.floats(1e-4, 0.1),
    st.integers(0, 2**32 - 1),
)
def test_exact_gaps_give_forward_and_discount(
    forward: float, discount: float, count: int, width: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    strike = forward * np.sort(rng.uniform(0.6, 1.4, count))
    gap = discount * (forward - strike)
    half = forward * width * rng.uniform(0.5, 2.0, count)
    line = parity_line(strike, gap - half, gap + half)
    assert line is not None and line.pairs == count
    if math.isfinite(line.discount_error):
        assert line.discount == pytest.approx(discount, rel=1e-9)
        assert line.forward == pytest.approx(forward, rel=1e-9)


def test_the_error_covers_the_truth_of_noisy_quotes() -> None:
    hits = np.zeros(2)
    for seed in range(200):
        rng = np.random.default_rng(seed)
        strike = np.linspace(60.0, 110.0, 26)
        half = np.full(26, 0.5)
        gap = 0.97 * (80.0 - strike) + half * rng.uniform(-1.0, 1.0, 26)
        line = parity_line(strike, gap - half, gap + half)
        assert line is not None
        hits += [
            abs(line.forward - 80.0) <= 2.0 * line.forward_error,
            abs(line.discount - 0.97) <= 2.0 * line.discount_error,
        ]
    assert (hits >= 190).all()


def test_stale_legs_do_not_move_the_line() -> None:
    strike = np.linspace(60.0, 100.0, 21)
    gap = 0.98 * (80.0 - strike)
    gap[[3, 12]] += [6.0, -5.0]
    line = parity_line(strike, gap - 0.1, gap + 0.1)
    assert line is not None
    assert line.forward == pytest.approx(80.0, abs=0.05) and line.discount == pytest.approx(0.98, abs=0.002)


def test_few_pairs_tell_a_forward_at_most() -> None:
    strike = np.array([78.0, 80.0, 82.0])
    gap = 0.9 * (80.5 - strike)
    assert parity_line(strike[:1], gap[:1], gap[:1]) is None
    alone = parity_line(strike, gap - 0.1, gap + 0.1)
    assert alone is not None and (alone.discount, alone.discount_error) == (1.0, math.inf)
    given_discount = parity_line(strike, gap - 0.1, gap + 0.1, 0.9, 0.01)
    assert given_discount is not None and given_discount.forward == pytest.approx(80.5)
    assert given_discount.discount_error == 0.01


def test_an_impossible_slope_tells_no_discount() -> None:
    strike = np.linspace(60.0, 100.0, 9)
    line = parity_line(strike, strike - 80.1, strike - 79.9)
    assert line is not None and math.isinf(line.discount_error)


def test_a_discount_in_doubt_adds_to_the_error_of_a_distant_forward() -> None:
    strike = np.linspace(40.0, 60.0, 11)
    gap = 0.97 * (80.0 - strike)
    known = parity_line(strike, gap - 0.1, gap + 0.1, 0.97)
    doubted = parity_line(strike, gap - 0.1, gap + 0.1, 0.97, 0.01)
    assert known is not None and doubted is not None
    assert known.forward == doubted.forward
    assert doubted.forward_error > 5.0 * known.forward_error
