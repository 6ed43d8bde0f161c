"""Average run length of a CUSUM: how often a threshold alarms on nothing, and how soon on a shift, computed exactly.

Idea. The mean number of bars to an alarm from level s solves the Fredholm equation `L(s) = 1 + L(0) F(k - s) +
integral_0^h L(x) f(x + k - s) dx` (Page 1954), with F and f of the score. For normal scores the integral is taken on
Gauss-Legendre nodes; for any other score on a Markov chain over a sample of it (Brook and Evans, Biometrika 1972). Two
sides combine as `1/L = 1/L+ + 1/L-`. Every threshold that an operator may set is shown with this number instead of a
verdict.

>>> round(two_sided_run_length(0.5, 4.0, 0.0), 1), round(two_sided_run_length(0.5, 5.0, 1.0), 2)
(167.7, 10.38)
>>> round(cusum_threshold(0.5, 370.0), 2)
4.77

Source: Montgomery, Introduction to Statistical Quality Control, chapter 9 (table of both thresholds); Siegmund,
Sequential Analysis, 1985 (planning formula).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError

FloatArray = NDArray[np.float64]
NODES: Final = 120
NODES_PER_SD: Final = 8
CELLS: Final = 200
LONGEST_BARS: Final = 1e12  # beyond it the linear system holds no digits in double precision


@lru_cache(maxsize=256)
def one_sided_run_length(k: float, h: float, shift: float) -> float:
    """Mean bars to an alarm of `C = max(0, C + z - k) > h` from 0 for independent z ~ N(shift, 1).

    All three in standard deviations of the score. Infinity above 1e12 bars, where double precision says no more.
    CalculationError unless k >= 0 and h > 0.
    """
    if not (k >= 0.0 and h > 0.0 and math.isfinite(k + h + shift)):
        raise CalculationError("a CUSUM's run length needs k at or above 0, h above 0 and a finite shift")
    count = max(NODES, math.ceil(NODES_PER_SD * h))
    nodes, weights = np.polynomial.legendre.leggauss(count)
    levels = 0.5 * h * (nodes + 1.0)
    start = np.concatenate(([0.0], levels))
    density = np.exp(-0.5 * (levels[None, :] + k - start[:, None] - shift) ** 2) / math.sqrt(2.0 * math.pi)
    at_zero = np.array([0.5 * math.erfc(-(k - level - shift) / math.sqrt(2.0)) for level in start])
    system = np.eye(count + 1)
    system[:, 0] -= at_zero
    system[:, 1:] -= density * (0.5 * h * weights)
    return _mean_bars(system)


def two_sided_run_length(k: float, h: float, shift: float) -> float:
    """Mean bars to an alarm on either side; `shift` in standard deviations of the score."""
    return 1.0 / (1.0 / one_sided_run_length(k, h, shift) + 1.0 / one_sided_run_length(k, h, -shift))


def sampled_run_length(k: float, h: float, sample: FloatArray) -> float:
    """Mean bars to a one-sided alarm when scores are drawn from `sample` (training scores, heavy tails included)."""
    scores = np.sort(np.asarray(sample, dtype=np.float64))
    if not (scores.size and np.isfinite(scores).all() and h > 0.0):
        raise CalculationError("a sampled run length needs finite scores and h above 0")
    width = h / CELLS
    levels = np.concatenate(([0.0], (np.arange(CELLS) + 0.5) * width))
    upper = np.concatenate(([0.0], (np.arange(CELLS) + 1.0) * width))
    reach = np.searchsorted(scores, upper[None, :] - levels[:, None] + k, side="right") / len(scores)
    return _mean_bars(np.eye(CELLS + 1) - np.diff(reach, axis=1, prepend=0.0))


def siegmund_run_length(k: float, h: float) -> float:
    """Planning formula for one side and no shift: `(exp(2k(h+1.166)) - 1 - 2k(h+1.166)) / (2k^2)` (Siegmund 1985)."""
    b = 2.0 * k * (h + 1.166)
    return (math.exp(b) - 1.0 - b) / (2.0 * k * k)


def cusum_threshold(k: float, bars: float) -> float:
    """The h at which a two-sided CUSUM alarms on nothing once in `bars`; CalculationError outside (3, 1e9) bars."""
    if not 3.0 < bars < 1e9:
        raise CalculationError("a threshold can be computed for 3 to 1e9 bars between false alarms")
    low, high = 0.0, 1.0
    while two_sided_run_length(k, high, 0.0) < bars:
        low, high = high, 2.0 * high
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if two_sided_run_length(k, middle, 0.0) < bars else (low, middle)
    return 0.5 * (low + high)


def _mean_bars(system: FloatArray) -> float:
    """Mean bars to absorption from the first state of `I - transition`; infinity where it cannot be told apart."""
    try:
        bars = float(np.linalg.solve(system, np.ones(len(system)))[0])
    except np.linalg.LinAlgError:  # the chain never leaves: no score in the sample reaches the threshold
        return math.inf
    return bars if 0.0 < bars <= LONGEST_BARS else math.inf
