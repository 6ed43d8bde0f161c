"""Purged cross-validation in time: walk-forward and combinatorial (Lopez de Prado 2018, chapters 7 and 12).

Never shuffled: no training row's label interval [t0, t1] meets a test row's, and an embargo of at least the label
horizon follows each test block. The walk-forward primitives live in `models/purged_splits.py`, where the estimate of an
edge needs them too.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from engine.kernel.errors import CalculationError
from models.purged_splits import (
    IndexArray,
    Split,
    bar_intervals,
    check_embargo,
    purged_training_rows,
    walk_forward_splits,
)

__all__ = [
    "CombinatorialSplit",
    "Split",
    "backtest_paths",
    "bar_intervals",
    "combinatorial_splits",
    "equal_windows",
    "number_of_paths",
    "purged_training_rows",
    "walk_forward_splits",
]


@dataclass(frozen=True, slots=True)
class CombinatorialSplit:
    """One choice of test groups; `split.test` holds the rows of all of them."""

    test_groups: tuple[int, ...]
    split: Split


def number_of_paths(groups: int, test_groups: int) -> int:
    """Backtest paths of CPCV: k/N * C(N, k), e.g. 5 for (6, 2)."""
    return math.comb(groups, test_groups) * test_groups // groups


def combinatorial_splits(
    start: IndexArray, end: IndexArray, *, groups: int, test_groups: int, embargo: int
) -> tuple[CombinatorialSplit, ...]:
    """All C(groups, test_groups) purged splits of rows ordered by `start`, in lexicographic order of the test groups.

    Raises CalculationError where the embargo is shorter than a label or a split has no training row left.
    """
    check_embargo(start, end, embargo)
    if not 0 < test_groups < groups or len(start) < groups:
        raise CalculationError("CPCV needs fewer test groups than groups and a row for each group")
    blocks = [block.astype(np.int64) for block in np.array_split(np.arange(len(start)), groups)]
    splits = []
    for chosen in itertools.combinations(range(groups), test_groups):
        test = np.concatenate([blocks[group] for group in chosen])
        rest = np.concatenate([blocks[group] for group in range(groups) if group not in chosen])
        train = purged_training_rows(rest, test, start, end, embargo=embargo)
        if len(train) == 0:
            raise CalculationError(f"purging leaves no training row for the test groups {chosen}")
        splits.append(CombinatorialSplit(chosen, Split(train, test)))
    return tuple(splits)


def backtest_paths(groups: int, test_groups: int) -> tuple[tuple[int, ...], ...]:
    """For each path the index of the split that forecasts each group: `paths[p][group]` points into
    `combinatorial_splits`. Every group of every path comes from another split, so paths cover all forecasts once."""
    chosen = list(itertools.combinations(range(groups), test_groups))
    per_group = [[index for index, group_set in enumerate(chosen) if group in group_set] for group in range(groups)]
    return tuple(tuple(column[path] for column in per_group) for path in range(number_of_paths(groups, test_groups)))


def equal_windows(rows: int, windows: int) -> tuple[tuple[int, int], ...]:
    """Boundaries [from, to) of `windows` contiguous evaluation windows of nearly equal length."""
    if windows < 1 or rows < windows:
        raise CalculationError(f"{rows} bars are too few for {windows} evaluation windows")
    edges = np.linspace(0, rows, windows + 1).round().astype(np.int64).tolist()
    return tuple(itertools.pairwise(edges))
