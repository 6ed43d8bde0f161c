"""Best suffix: the largest of all suffix sums, and the bar after the last zero of the CUSUM of the same increments."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.change_point import best_suffix
from engine.sandbox.statistics.tabular_cusum import TabularCusum

INCREMENTS = st.lists(st.integers(-20, 20), min_size=1, max_size=60)


def test_examples() -> None:
    assert best_suffix(np.array([1.0, -3.0, 2.0, -1.0, 4.0])) == (2, 5.0)
    assert best_suffix(np.array([-1.0, -2.0])) == (1, -2.0)


@given(INCREMENTS)
def test_no_suffix_has_a_larger_sum_and_no_earlier_one_as_large(increments: list[int]) -> None:
    start, total = best_suffix(np.array(increments, dtype=np.float64))
    sums = [sum(increments[index:]) for index in range(len(increments))]
    assert total == max(sums)
    assert start == sums.index(max(sums))


@given(INCREMENTS)
def test_it_is_the_last_zero_of_the_cusum(increments: list[int]) -> None:
    cusum = TabularCusum(k=0.0, h=math.inf)
    for increment in increments:
        cusum.add(float(increment))
    if cusum.high > 0.0:
        start, total = best_suffix(np.array(increments, dtype=np.float64))
        assert total == cusum.high
        assert start <= cusum.high_zero + 1
        assert (
            sum(increments[start : cusum.high_zero + 1]) == 0
        )  # equally good starts differ by a stretch worth nothing


def test_shift_of_a_normal_mean_is_dated() -> None:
    """Hinkley 1970: for a shift of two standard deviations the estimate is exact in some two thirds of samples."""
    rng = np.random.default_rng(2)
    errors = []
    for _ in range(400):
        scores = rng.standard_normal(100)
        scores[60:] += 2.0
        errors.append(abs(best_suffix(2.0 * scores - 2.0)[0] - 60))
    assert np.mean(np.array(errors) == 0) > 0.55
    assert np.quantile(errors, 0.9) <= 3


def test_an_empty_series_has_no_change_point() -> None:
    with pytest.raises(CalculationError):
        best_suffix(np.array([]))
