"""Window moments: the correctly rounded truth at every step, whatever came before."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sandbox.statistics.exact_window_moments import ExactWindowMoments

VALUES = st.lists(
    st.floats(-1e6, 1e6, allow_subnormal=False).filter(lambda x: x == 0.0 or abs(x) > 2.0**-140), max_size=60
)


@given(VALUES, st.integers(2, 12))
def test_moments_are_those_of_rational_arithmetic(values: list[float], length: int) -> None:
    moments = ExactWindowMoments(length)
    for end, value in enumerate(values, start=1):
        moments.add(value)
        window = [Fraction(item) for item in values[max(0, end - length) : end]]
        mean = sum(window) / len(window)
        assert moments.count == len(window)
        assert moments.mean == float(mean)
        if len(window) > 1:
            assert moments.variance == float(sum((item - mean) ** 2 for item in window) / (len(window) - 1))


def test_no_drift_after_many_updates_and_bit_identical_after_a_restart() -> None:
    rng = np.random.default_rng(1)
    stream = (rng.standard_t(2, 20_000) * np.exp(rng.uniform(-20.0, 10.0, 20_000))).tolist()
    moments = ExactWindowMoments(250)
    for value in stream:
        moments.add(value)
    restored = ExactWindowMoments(250, stream[-250:])
    assert (moments.mean, moments.variance) == (restored.mean, restored.variance)
    assert moments.mean == pytest.approx(math.fsum(stream[-250:]) / 250, rel=1e-15)


def test_equal_values_have_no_variance_at_all() -> None:
    moments = ExactWindowMoments(3, [1e9, 0.1, 0.1, 0.1])
    assert moments.variance == 0.0
    assert moments.mean == 0.1


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_values_that_are_no_numbers_are_refused(value: float) -> None:
    with pytest.raises((ValueError, OverflowError)):
        ExactWindowMoments(3, [value])


def test_a_window_of_one_has_no_variance() -> None:
    with pytest.raises(ValueError, match="two values"):
        ExactWindowMoments(1)
