"""Two-sample test against enumeration, its exact distribution and its size over several features."""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.kolmogorov_smirnov import drifted_features, exact_p_value, largest_gap, series_p_value

SAMPLE = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=20)


@given(SAMPLE, SAMPLE)
def test_gap_is_the_largest_distance_of_the_distribution_functions(first: list[float], second: list[float]) -> None:
    points = first + second
    gaps = [
        abs(sum(x <= point for x in first) / len(first) - sum(x <= point for x in second) / len(second))
        for point in points
    ]
    assert largest_gap(np.array(first), np.array(second)) == pytest.approx(max(gaps), abs=1e-12)


def test_exact_p_value_counts_all_splits_of_a_small_sample() -> None:
    values = np.arange(9.0)
    first, second = values[[0, 1, 2, 4]], values[[3, 5, 6, 7, 8]]
    gap = largest_gap(first, second)
    splits = list(combinations(range(9), 4))
    as_large = sum(largest_gap(values[list(split)], np.delete(values, list(split))) >= gap - 1e-12 for split in splits)
    assert exact_p_value(first, second) == pytest.approx(as_large / len(splits), abs=1e-12)


def sample_with_gap(gap: float, first: int, second: int) -> tuple[np.ndarray, np.ndarray]:
    """Two samples without ties whose largest gap is about `gap`: the second is the first's law, moved along."""
    one = (np.arange(first) + 0.5) / first
    two = np.clip((np.arange(second) + 0.5) / second, 0.0, 1.0) * (1.0 - gap) + gap + 1e-7
    return one, two


@pytest.mark.parametrize(("first", "second"), [(360, 120), (120, 60), (60, 60), (1000, 60), (30, 60)])
@pytest.mark.parametrize("gap", [0.12, 0.2, 0.28, 0.36])
def test_series_is_cautious_and_close(first: int, second: int, gap: float) -> None:
    one, two = sample_with_gap(gap, first, second)
    exact, series = exact_p_value(one, two), series_p_value(largest_gap(one, two), first, second)
    assert series >= 0.99 * exact
    assert series <= 3.0 * exact


def test_limits_of_the_series() -> None:
    assert series_p_value(0.0, 100, 100) == 1.0
    assert series_p_value(1.0, 100, 100) < 1e-40
    steps = [series_p_value(gap, 100, 100) for gap in np.linspace(0.0, 0.6, 200)]
    assert all(later <= former for former, later in pairwise(steps))


def test_textbook_critical_value() -> None:
    """1.358 sqrt((n + m) / (n m)) is the 5 % point of the limit law (Smirnov 1948)."""
    assert series_p_value(1.358 * math.sqrt(2.0 / 1000.0), 1000, 1000) == pytest.approx(0.05, abs=1e-4)


def test_holm_keeps_the_error_over_all_features() -> None:
    rng = np.random.default_rng(4)
    found = 0
    for _ in range(500):
        shared = rng.standard_normal(480)
        columns = [0.6 * shared + 0.8 * rng.standard_normal(480) for _ in range(6)]
        verdicts = drifted_features([c[:360] for c in columns], [c[360:] for c in columns], 0.05, [1.0] * 6)
        found += any(drifted for _, _, drifted in verdicts)
    assert found / 500 <= 0.05 + 2.0 * math.sqrt(0.05 * 0.95 / 500)


def test_only_the_feature_that_drifted_is_named() -> None:
    rng = np.random.default_rng(5)
    before, now = rng.standard_normal((360, 6)), rng.standard_normal((120, 6))
    now[:, 3] = 2.5 * now[:, 3] + 0.5
    now[::7, 0] = math.nan
    verdicts = drifted_features(list(before.T), list(now.T), 0.001, [1.0] * 6)
    assert [drifted for _, _, drifted in verdicts] == [False, False, False, True, False, False]
    assert verdicts[3][1] < 0.001


def test_an_empty_sample_is_refused() -> None:
    for function in (largest_gap, exact_p_value):
        with pytest.raises(CalculationError):
            function(np.array([math.nan]), np.array([1.0]))
