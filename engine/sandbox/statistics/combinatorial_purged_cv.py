"""Combinatorial purged cross-validation: several whole backtests, each out of sample throughout (CPCV).

Lopez de Prado (2018), chapter 12. Bars are cut into N contiguous groups; every choice of k test groups is one split,
trained on the rest less the rows whose label interval [t0, t1] meets a test interval and less an embargo after each
test block. Each group is thus forecast by C(N - 1, k - 1) fits, which recombine into phi = k/N C(N, k) paths that cover
all bars (6, 2 -> 15 splits, 5 paths). One walk-forward is one draw; the spread over paths shows how much of a Sharpe
ratio is the luck of one history.

The splits themselves stand in `engine.sandbox.walk_forward` (they are named again here). The embargo must be at least
the label horizon (checked there), and at least the look-back of features that are computed over test bars.

>>> number_of_paths(6, 2), number_of_paths(10, 2), len(backtest_paths(6, 2)[0])
(5, 9, 6)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.sharpe import sharpe_per_bar
from engine.sandbox.walk_forward import CombinatorialSplit, backtest_paths, combinatorial_splits, number_of_paths

__all__ = [
    "CombinatorialSplit",
    "PathSharpes",
    "backtest_paths",
    "combinatorial_splits",
    "number_of_paths",
    "path_sharpes",
    "path_values",
]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PathSharpes:
    """Per-bar Sharpe ratio of each path. Paths share bars, so their spread understates the error of the mean."""

    per_path: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over paths."""
        return float(np.mean(self.per_path))

    @property
    def standard_deviation(self) -> float:
        """Standard deviation over paths (ddof 1); 0 for a single path."""
        return float(np.std(self.per_path, ddof=1)) if len(self.per_path) > 1 else 0.0

    @property
    def share_above_zero(self) -> float:
        """Share of paths with a Sharpe above 0."""
        return float(np.mean(np.array(self.per_path) > 0.0))


def path_values(splits: Sequence[CombinatorialSplit], values: Sequence[FloatArray], *, groups: int) -> FloatArray:
    """Out-of-sample values by path, shape [paths, rows], from one array per split.

    `values[s][j]` belongs to row `splits[s].split.test[j]` (a forecast, a return, a score). Raises CalculationError
    unless there are all splits of `combinatorial_splits`, in its order, with one value a test row.
    """
    test_groups = len(splits[0].test_groups) if splits else 0
    expected = backtest_paths(groups, test_groups) if 0 < test_groups < groups else ()
    if len(splits) != len(values) or not expected or len(splits) * test_groups != len(expected) * groups:
        raise CalculationError("paths need the values of all combinatorial splits")
    if any(len(split.split.test) != len(column) for split, column in zip(splits, values, strict=True)):
        raise CalculationError("paths need one value for each test row")
    rows = 1 + max(int(split.split.test[-1]) for split in splits)
    blocks = np.array_split(np.arange(rows), groups)
    out = np.full((len(expected), rows), np.nan)
    for path, used in enumerate(expected):
        for group, index in enumerate(used):
            inside = np.searchsorted(splits[index].split.test, blocks[group])
            out[path, blocks[group]] = values[index][inside]
    return out


def path_sharpes(returns_by_path: FloatArray) -> PathSharpes:
    """Sharpe ratio of each row of `returns_by_path[paths, bars]`; raises CalculationError where one is undefined."""
    return PathSharpes(tuple(sharpe_per_bar(row) for row in returns_by_path))
