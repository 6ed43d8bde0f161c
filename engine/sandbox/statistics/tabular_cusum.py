"""Tabular CUSUM, two-sided: has the mean of a standardised score moved by about 2k standard deviations?

Idea. `C+ = max(0, C+ + z - k)` and `C- = max(0, C- - z - k)`, both from 0; strictly above `h` alarms, and both sums
begin anew. The bar after the last zero of the alarming sum is the maximum-likelihood estimate of when the mean moved.
Scores must be independent with mean 0 and standard deviation 1 while nothing is wrong (whiten autocorrelated series
first); what a pair (k, h) then costs in false alarms is in `cusum_run_length`.

>>> cusum_alarms([0.1, -0.3, 1.5, 2.0, 1.8, 2.2], k=0.5, h=4.0)
(CusumAlarm(index=5, side='up', value=5.5, change_index=2),)

Source: E. S. Page, Continuous inspection schemes, Biometrika 1954; Montgomery, Introduction to Statistical Quality
Control, chapter 9 (tabular CUSUM).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CusumAlarm:
    """One alarm at position `index` of the stream; the mean is estimated to have moved at `change_index`."""

    index: int
    side: Literal["up", "down"]
    value: float
    change_index: int


@dataclass(slots=True)
class TabularCusum:
    """State of both sums, one score at a time. Plain numbers only: `dataclasses.asdict` is its JSON.

    `high_zero` and `low_zero` are the positions of the last score at which the sum was 0 (-1: before the first).
    A missing score (NaN) leaves the sums as they were and counts as a position.
    """

    k: float
    h: float
    high: float = 0.0
    low: float = 0.0
    high_zero: int = -1
    low_zero: int = -1
    count: int = 0

    def add(self, score: float) -> None:
        """Add one score without judging it."""
        if score == score:
            high, low = self.high + score - self.k, self.low - score - self.k
            if high > 0.0:
                self.high = high
            else:
                self.high, self.high_zero = 0.0, self.count
            if low > 0.0:
                self.low = low
            else:
                self.low, self.low_zero = 0.0, self.count
        self.count += 1

    def update(self, score: float) -> CusumAlarm | None:
        """Add one score; the alarm where a sum is above `h`, after which both sums are 0."""
        self.add(score)
        if self.high <= self.h and self.low <= self.h:
            return None
        index = self.count - 1
        if self.high > self.h:
            alarm = CusumAlarm(index, "up", self.high, self.high_zero + 1)
        else:
            alarm = CusumAlarm(index, "down", self.low, self.low_zero + 1)
        self.high = self.low = 0.0
        self.high_zero = self.low_zero = index
        return alarm


def cusum_alarms(scores: Iterable[float], k: float, h: float) -> tuple[CusumAlarm, ...]:
    """Every alarm of a stream in time order, the sums beginning anew after each."""
    cusum = TabularCusum(k, h)
    return tuple(alarm for score in scores if (alarm := cusum.update(float(score))) is not None)


def cusum_path(scores: FloatArray, k: float) -> tuple[FloatArray, FloatArray]:
    """(C+, C-) after each score, never reset; time runs along the first axis, further axes are separate streams.

    Closed form: a cumulative sum less its running minimum, so zeros are exact and other values differ from the
    recursion by rounding only. Missing scores count as no step.

    >>> high, low = cusum_path(np.array([0.1, -1.0, -1.2, -0.9]), 0.25)
    >>> low.round(2).tolist()
    [0.0, 0.75, 1.7, 2.35]
    """
    known = np.isfinite(scores)
    return _above_minimum(np.where(known, scores - k, 0.0)), _above_minimum(np.where(known, -scores - k, 0.0))


def cusum_run_lengths(scores: FloatArray, k: float, h: float) -> NDArray[np.int64]:
    """Bars to the first two-sided alarm of each column of `scores[bars, streams]`; 0 where a stream ends without one.

    The same recursion as `TabularCusum`, to the last bit, over all streams at once.
    """
    high, low = np.zeros(scores.shape[1]), np.zeros(scores.shape[1])
    lengths = np.zeros(scores.shape[1], dtype=np.int64)
    for bar, row in enumerate(scores, start=1):
        known = np.isfinite(row)
        high = np.where(known, np.maximum(high + row - k, 0.0), high)
        low = np.where(known, np.maximum(low - row - k, 0.0), low)
        lengths[((high > h) | (low > h)) & (lengths == 0)] = bar
    return lengths


def _above_minimum(steps: FloatArray) -> FloatArray:
    sums = np.cumsum(steps, axis=0)
    path: FloatArray = sums - np.minimum(np.minimum.accumulate(sums, axis=0), 0.0)
    return path
