"""Stationary bootstrap (Politis and Romano 1994) for the mean difference of two paired, serially dependent series.

>>> left = np.random.default_rng(2).normal(0.2, 1.0, 400)
>>> interval = mean_difference_interval(left, np.zeros(400), seed=1)
>>> interval.low < 0.2 < interval.high
True
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """Mean of left - right per bar with a percentile interval; `probability_positive` is the share of resamples whose
    mean is above 0."""

    mean: float
    low: float
    high: float
    confidence: float
    probability_positive: float
    n: int


def mean_difference_interval(
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    *,
    seed: int,
    confidence: float = 0.95,
    mean_block_bars: float = 10.0,
    resamples: int = 2_000,
) -> MeanDifference:
    """Two-sided interval of mean(left - right) of paired bars.

    Blocks have geometric length with mean `mean_block_bars` and wrap around; the same seed gives the same interval.
    Raises CalculationError on unpaired, non-finite or fewer than two bars.
    """
    if len(left) != len(right) or len(left) < 2 or mean_block_bars < 1.0:
        raise CalculationError("a paired bootstrap needs two bars or more, paired, and blocks of one bar or more")
    difference = left - right
    if not np.all(np.isfinite(difference)):
        raise CalculationError("a paired bootstrap needs finite returns")
    generator = np.random.default_rng(seed)
    means = np.array(
        [difference[stationary_indices(len(left), mean_block_bars, generator)].mean() for _ in range(resamples)]
    )
    low, high = np.quantile(means, [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0])
    return MeanDifference(
        float(difference.mean()), float(low), float(high), confidence, float(np.mean(means > 0.0)), len(left)
    )


def stationary_indices(n: int, mean_block_bars: float, generator: np.random.Generator) -> NDArray[np.int64]:
    """Row indices of one stationary-bootstrap resample of length n."""
    begins = generator.random(n) < 1.0 / mean_block_bars
    begins[0] = True
    starts = generator.integers(0, n, size=n)
    block = np.cumsum(begins) - 1
    first = np.flatnonzero(begins)
    offset = np.arange(n) - first[block]
    return np.asarray((starts[first][block] + offset) % n, dtype=np.int64)
