"""CPCV: each path is one whole backtest of values that no fit had seen, and every value is used once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.combinatorial_purged_cv import (
    backtest_paths,
    combinatorial_splits,
    number_of_paths,
    path_sharpes,
    path_values,
)
from models.purged_splits import bar_intervals


@pytest.mark.parametrize(("groups", "test_groups", "paths"), [(6, 2, 5), (10, 2, 9), (6, 3, 10), (5, 1, 1)])
def test_number_of_paths(groups: int, test_groups: int, paths: int) -> None:
    assert number_of_paths(groups, test_groups) == len(backtest_paths(groups, test_groups)) == paths


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6)), min_size=20, max_size=60),
    st.integers(0, 6),
    st.integers(3, 6),
    st.integers(1, 2),
)
@settings(max_examples=80, deadline=None)
def test_no_training_interval_meets_a_test_interval(
    steps: list[tuple[int, int]], embargo_beyond: int, groups: int, test_groups: int
) -> None:
    """Each bar of time is marked by the test rows that touch it; a training row may touch none of them."""
    start = np.cumsum([step for step, _ in steps])
    end = start + np.array([length for _, length in steps])
    embargo = int(np.max(end - start)) + embargo_beyond
    try:
        splits = combinatorial_splits(start, end, groups=groups, test_groups=test_groups, embargo=embargo)
    except CalculationError:
        assume(False)
        return
    for combination in splits:
        touched = np.zeros(int(end.max()) + 1, dtype=bool)
        for row in combination.split.test:
            touched[start[row] : end[row] + 1] = True
        assert not any(touched[start[row] : end[row] + 1].any() for row in combination.split.train)


@given(st.integers(12, 60), st.integers(3, 6), st.integers(1, 2))
@settings(max_examples=40, deadline=None)
def test_paths_are_whole_and_use_every_value_once(rows: int, groups: int, test_groups: int) -> None:
    start, end = bar_intervals(rows, 0)
    splits = combinatorial_splits(start, end, groups=groups, test_groups=test_groups, embargo=0)
    tags = [index * rows + combination.split.test.astype(float) for index, combination in enumerate(splits)]
    paths = path_values(splits, tags, groups=groups)
    assert paths.shape == (number_of_paths(groups, test_groups), rows)
    np.testing.assert_array_equal(paths % rows, np.broadcast_to(np.arange(rows), paths.shape))
    assert sorted(paths.ravel()) == sorted(np.concatenate(tags))


def test_sharpes_by_path() -> None:
    returns = np.array([[0.01, -0.01, 0.02], [0.01, 0.02, -0.05]])
    sharpes = path_sharpes(returns)
    assert sharpes.per_path[0] == pytest.approx(returns[0].mean() / returns[0].std(ddof=1))
    assert sharpes.share_above_zero == 0.5
    assert sharpes.mean == pytest.approx(np.mean(sharpes.per_path))
    assert sharpes.standard_deviation == pytest.approx(np.std(sharpes.per_path, ddof=1))
    assert path_sharpes(returns[:1]).standard_deviation == 0.0


def test_incomplete_values_are_refused() -> None:
    start, end = bar_intervals(24, 1)
    splits = combinatorial_splits(start, end, groups=6, test_groups=2, embargo=1)
    values = [np.zeros(len(combination.split.test)) for combination in splits]
    for some_splits, some_values in ((splits[:-1], values[:-1]), (splits, values[:-1]), ((), [])):
        with pytest.raises(CalculationError, match="all combinatorial splits"):
            path_values(some_splits, some_values, groups=6)
    with pytest.raises(CalculationError, match="each test row"):
        path_values(splits, [values[0][:-1], *values[1:]], groups=6)
