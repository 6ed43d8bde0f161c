"""Purged splits in time: no training label may overlap a test label, and an embargo follows (Lopez de Prado 2018, 7).

Row i is a label interval [t0, t1]: t0 when its features are known, t1 when its target is. Intervals are closed; two
labels that share a moment overlap. Times are any ordered numbers (bar indices or UTC microseconds).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError

IndexArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Split:
    """Row indices of one split, each ascending."""

    train: IndexArray
    test: IndexArray


def bar_intervals(rows: int, horizon: int) -> tuple[IndexArray, IndexArray]:
    """Label intervals of `rows` consecutive bars that each predict `horizon` bars ahead: [i, i + horizon]."""
    start = np.arange(rows, dtype=np.int64)
    return start, start + horizon


def purged_training_rows(
    candidates: IndexArray, test: IndexArray, start: IndexArray, end: IndexArray, *, embargo: int
) -> IndexArray:
    """Those candidate rows whose interval meets no test interval and does not begin within `embargo` after one's end.

    `test` may consist of several blocks. Memory is linear; each row is compared with its neighbours in time only.
    """
    if len(test) == 0 or len(candidates) == 0:
        return candidates
    order = np.argsort(start[test], kind="stable")
    test_start = start[test][order]
    latest_end = np.maximum.accumulate(end[test][order])
    begun = np.searchsorted(test_start, end[candidates], side="right")
    reach = np.where(begun > 0, latest_end[np.maximum(begun - 1, 0)] + embargo, start[candidates] - 1)
    return candidates[reach < start[candidates]]


def walk_forward_splits(
    start: IndexArray, end: IndexArray, *, folds: int, embargo: int, least_train_rows: int = 1
) -> tuple[Split, ...]:
    """Expanding-window splits: the rows after the first 1/(folds + 1) are tested fold by fold, each on its past only.

    Rows must be ordered by `start`. Raises CalculationError where the embargo is shorter than a label (training would
    see the test's future) or where a fold has too few rows.
    """
    rows = len(start)
    check_embargo(start, end, embargo)
    edges = np.linspace(0, rows, folds + 2).round().astype(np.int64)
    splits = []
    for low, high in itertools.pairwise(edges[1:].tolist()):
        test = np.arange(low, high, dtype=np.int64)
        past = np.arange(low, dtype=np.int64)
        if len(test) == 0:
            raise CalculationError(f"{rows} rows are too few for {folds} walk-forward folds")
        train = past[np.maximum(start[past] + embargo, end[past]) < start[test[0]]]
        if len(train) < least_train_rows:
            raise CalculationError(
                f"a walk-forward fold has {len(train)} training rows, needs {least_train_rows}; "
                f"use more history or fewer folds"
            )
        splits.append(Split(train, test))
    return tuple(splits)


def check_embargo(start: IndexArray, end: IndexArray, embargo: int) -> None:
    """Raise CalculationError unless intervals are ordered and the embargo is at least the longest label."""
    if len(start) != len(end) or len(start) == 0 or np.any(np.diff(start) < 0) or np.any(end < start):
        raise CalculationError("label intervals must be ordered by start, each with its end at or after its start")
    horizon = int(np.max(end - start))
    if embargo < horizon:
        raise CalculationError(f"embargo {embargo} is shorter than the label horizon {horizon}")
