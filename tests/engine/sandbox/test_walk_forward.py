"""No training label ever meets a test label, and the combinatorial paths cover every forecast once."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.kernel.errors import CalculationError
from engine.sandbox.walk_forward import (
    Split,
    backtest_paths,
    bar_intervals,
    combinatorial_splits,
    equal_windows,
    number_of_paths,
    walk_forward_splits,
)


def assert_no_overlap(split: Split, start: np.ndarray, end: np.ndarray, embargo: int) -> None:
    for row in split.train:
        apart = (end[split.test] < start[row]) | (end[row] < start[split.test])
        assert np.all(apart)
        after = start[split.test] < start[row]
        assert np.all(end[split.test][after] + embargo < start[row])


intervals = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 8)), min_size=24, max_size=70)


def as_times(steps: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    start = np.cumsum([step for step, _ in steps])
    return start, start + np.array([length for _, length in steps])


@given(intervals, st.integers(8, 14), st.integers(3, 6), st.integers(1, 2))
@settings(max_examples=80, deadline=None)
def test_combinatorial_training_never_meets_test(
    steps: list[tuple[int, int]], embargo: int, groups: int, test_groups: int
) -> None:
    start, end = as_times(steps)
    try:
        splits = combinatorial_splits(start, end, groups=groups, test_groups=test_groups, embargo=embargo)
    except CalculationError:
        assume(False)
        return
    for combination in splits:
        assert_no_overlap(combination.split, start, end, embargo)
        assert not set(combination.split.train) & set(combination.split.test)


@given(intervals, st.integers(8, 14), st.integers(1, 5))
@settings(max_examples=80, deadline=None)
def test_walk_forward_trains_on_the_past_only(steps: list[tuple[int, int]], embargo: int, folds: int) -> None:
    start, end = as_times(steps)
    try:
        splits = walk_forward_splits(start, end, folds=folds, embargo=embargo)
    except CalculationError:
        assume(False)
        return
    for split in splits:
        assert_no_overlap(split, start, end, embargo)
        assert np.all(start[split.train] + embargo < start[split.test[0]])
    tested = np.concatenate([split.test for split in splits])
    np.testing.assert_array_equal(tested, np.arange(tested[0], len(start)))


def test_purging_drops_no_more_than_it_must() -> None:
    start, end = bar_intervals(60, 1)
    split = combinatorial_splits(start, end, groups=6, test_groups=1, embargo=2)[2].split
    np.testing.assert_array_equal(split.test, np.arange(20, 30))
    np.testing.assert_array_equal(split.train, [*range(19), *range(33, 60)])
    first = walk_forward_splits(start, end, folds=5, embargo=1)[0]
    assert (first.train[-1], first.test[0]) == (8, 10)


def test_embargo_shorter_than_a_label_is_refused() -> None:
    start, end = bar_intervals(60, 5)
    with pytest.raises(CalculationError, match="shorter than the label horizon 5"):
        combinatorial_splits(start, end, groups=6, test_groups=2, embargo=4)
    with pytest.raises(CalculationError):
        walk_forward_splits(start, end, folds=5, embargo=4)
    with pytest.raises(CalculationError):
        walk_forward_splits(start[::-1], end, folds=5, embargo=5)


def test_paths_cover_every_forecast_of_every_group_once() -> None:
    assert number_of_paths(6, 2) == 5
    start, end = bar_intervals(60, 1)
    splits = combinatorial_splits(start, end, groups=6, test_groups=2, embargo=1)
    assert len(splits) == 15
    paths = backtest_paths(6, 2)
    assert len(paths) == 5
    used = [(split, group) for path in paths for group, split in enumerate(path)]
    assert len(set(used)) == len(used) == 30
    assert all(group in splits[split].test_groups for split, group in used)


@given(st.integers(5, 500), st.integers(1, 5))
def test_windows_tile_the_bars(rows: int, windows: int) -> None:
    bounds = equal_windows(rows, windows)
    assert bounds[0][0] == 0 and bounds[-1][1] == rows
    assert all(left[1] == right[0] for left, right in itertools.pairwise(bounds))
    lengths = [high - low for low, high in bounds]
    assert max(lengths) - min(lengths) <= 1
