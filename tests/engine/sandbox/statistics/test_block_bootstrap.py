"""The paired stationary bootstrap covers dependent differences and repeats itself exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.block_bootstrap import mean_difference_interval, stationary_indices


def dependent(seed: int, n: int = 400, phi: float = 0.4) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(n)
    for row in range(1, n):
        noise[row] += phi * noise[row - 1]
    return noise


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    hits = 0
    for seed in range(150):
        left = 0.2 + dependent(seed)
        interval = mean_difference_interval(left, np.zeros(400), seed=seed, resamples=200, confidence=0.9)
        hits += interval.low <= 0.2 <= interval.high
    assert 0.80 <= hits / 150 <= 0.97


def test_same_seed_same_interval_and_pairing_removes_common_noise() -> None:
    common = dependent(1)
    left, right = common + 0.05, common
    one = mean_difference_interval(left, right, seed=3, resamples=100)
    assert one == mean_difference_interval(left, right, seed=3, resamples=100)
    assert one.low == pytest.approx(0.05) and one.high == pytest.approx(0.05)
    assert one.probability_positive == 1.0


@given(st.integers(1, 200), st.floats(1.0, 50.0), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_indices_stay_in_range_and_run_in_blocks(n: int, block: float, seed: int) -> None:
    indices = stationary_indices(n, block, np.random.default_rng(seed))
    assert len(indices) == n
    assert indices.min() >= 0 and indices.max() < n


def test_mean_block_length() -> None:
    indices = stationary_indices(50_000, 10.0, np.random.default_rng(1))
    breaks = np.sum((np.diff(indices) % 50_000) != 1)
    assert breaks / 50_000 == pytest.approx(0.1, rel=0.05)


def test_unpaired_or_missing_bars_are_refused() -> None:
    for left, right in ((np.zeros(5), np.zeros(4)), (np.array([1.0, np.nan]), np.zeros(2)), (np.zeros(1), np.zeros(1))):
        with pytest.raises(CalculationError):
            mean_difference_interval(left, right, seed=1)
