"""Average run length of a CUSUM: how often the configured threshold alarms on nothing, computed and not quoted.

Idea: the run length from level s solves `L(s) = 1 + L(0) F(k - s) + integral_0^h L(x) f(x + k - s) dx` (Page 1954).
For normal scores the integral is evaluated on Gauss-Legendre nodes, for any other score on a Markov chain over the
sample's own distribution (Brook and Evans, Biometrika 1972). Two sides combine as `1/L = 1/L+ + 1/L-`.

>>> round(two_sided_run_length(0.5, 4.0, 0.0), 1), round(two_sided_run_length(0.5, 5.0, 1.0), 2)
(167.7, 10.38)
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
NODES: Final = 120
CELLS: Final = 200


@lru_cache(maxsize=256)
def one_sided_run_length(k: float, h: float, shift: float) -> float:
    """Mean bars to an alarm of `C = max(0, C + z - k) > h` from 0 for independent z ~ N(shift, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    x = 0.5 * h * (nodes + 1.0)
    w = 0.5 * h * weights
    start = np.concatenate(([0.0], x))
    density = np.exp(-0.5 * (x[None, :] + k - start[:, None] - shift) ** 2) / math.sqrt(2.0 * math.pi) * w[None, :]
    at_zero = np.array([0.5 * math.erfc(-(k - level - shift) / math.sqrt(2.0)) for level in start])
    system = np.eye(NODES + 1)
    system[:, 0] -= at_zero
    system[:, 1:] -= density
    return float(np.linalg.solve(system, np.ones(NODES + 1))[0])


def two_sided_run_length(k: float, h: float, shift: float) -> float:
    """Mean bars to an alarm on either side; `shift` in standard deviations of the score."""
    return 1.0 / (1.0 / one_sided_run_length(k, h, shift) + 1.0 / one_sided_run_length(k, h, -shift))


def sampled_run_length(k: float, h: float, sample: FloatArray) -> float:
    """Mean bars to a one-sided alarm when scores are drawn from `sample` (training scores, heavy tails included)."""
    scores = np.sort(np.asarray(sample, dtype=np.float64))
    width = h / CELLS
    levels = np.concatenate(([0.0], (np.arange(CELLS) + 0.5) * width))
    upper = np.concatenate(([0.0], (np.arange(CELLS) + 1.0) * width))
    reach = np.searchsorted(scores, upper[None, :] - levels[:, None] + k, side="right") / len(scores)
    transition = np.diff(reach, axis=1, prepend=0.0)
    return float(np.linalg.solve(np.eye(CELLS + 1) - transition, np.ones(CELLS + 1))[0])


def siegmund_run_length(k: float, h: float) -> float:
    """Planning formula for one side and no shift: `(exp(2k(h+1.166)) - 1 - 2k(h+1.166)) / (2k^2)` (Siegmund 1985)."""
    b = 2.0 * k * (h + 1.166)
    return (math.exp(b) - 1.0 - b) / (2.0 * k * k)


def evidence_run_length(threshold_nats: float) -> float:
    """Least mean bars to a false alarm of a Shiryaev-Roberts e-detector at this threshold: `exp(threshold)`."""
    return math.exp(min(threshold_nats, 700.0))
