"""Likelihood-ratio charts for whitened innovations: which shift and scale an input may have moved to.

A chart compares N(shift, scale^2) with N(0, 1) for one innovation. Its mean likelihood ratio over the champion's own
training innovations is divided out, so that the running sum of ratios (Shiryaev-Roberts) is an e-detector for *that*
input, heavy tails and quantisation included: the mean time to a false alarm at threshold `exp(h)` is at least `exp(h)`
(Shin, Ramdas and Rinaldo, E-detectors, NEJSDS 2023). One bar counts for `LARGEST_STEP` nats at most, so that a single
bad tick never decides.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
LARGEST_STEP: Final = 6.0
# (shift, scale) in training innovation standard deviations: louder, louder and moved
CHARTS: Final[tuple[tuple[float, float], ...]] = (
    (0.0, 1.7),
    (0.0, 2.3),
    (0.45, 2.0),
    (-0.45, 2.0),
)
# a shift alone is not charted: an input's level wanders, and a thousand bars measure its mean and memory too badly
WEIGHTS: Final = (0.36, 0.36, 0.14, 0.14)
_LOG_WEIGHT: Final = np.log(np.array(WEIGHTS))
_SHIFT: Final = np.array([shift for shift, _ in CHARTS])
_HALF_PRECISION: Final = np.array([0.5 / scale**2 for _, scale in CHARTS])
_LOG_SCALE: Final = np.array([math.log(scale) for _, scale in CHARTS])


def chart_increments(innovations: FloatArray) -> FloatArray:
    """Log likelihood ratios, shape (..., charts), of standardised innovations of shape (...)."""
    u = np.asarray(innovations, dtype=np.float64)[..., None]
    ratio: FloatArray = u - _SHIFT
    np.multiply(ratio, ratio, out=ratio)
    ratio *= _HALF_PRECISION
    np.subtract(0.5 * u * u, ratio, out=ratio)
    ratio -= _LOG_SCALE
    return np.minimum(ratio, LARGEST_STEP, out=ratio)


def calibrate_charts(innovations: FloatArray) -> tuple[tuple[float, ...], float]:
    """Per chart, log of the mean ratio in training (at least 0), and the highest log evidence training itself had."""
    if innovations.size == 0:
        return (0.0,) * len(CHARTS), 0.0
    increments = chart_increments(innovations)
    offset = np.maximum(np.log(np.mean(np.exp(increments), axis=0)), 0.0)
    totals = np.cumsum(increments - offset, axis=0)
    before = np.vstack([np.zeros((1, len(CHARTS))), totals[:-1]])
    log_sums = totals + np.logaddexp.accumulate(-before, axis=0)  # log sum over starts s of exp(S_t - S_{s-1})
    peak = max(0.0, float(np.max(mixed_evidence(weighted_sums(log_sums)))))
    return tuple(float(item) for item in offset), peak


def weighted_sums(log_sums: FloatArray) -> FloatArray:
    """Logs of the charts' sums (last axis), each times its weight."""
    weighted: FloatArray = log_sums + _LOG_WEIGHT
    return weighted


def mixed_evidence(weighted: FloatArray) -> FloatArray:
    """Log of the weighted mean of the charts' sums (last axis) from `weighted_sums`, stable for large values."""
    top = np.maximum.reduce(weighted, axis=-1)
    shares = weighted - top[..., None]
    mixed: FloatArray = np.log(np.add.reduce(np.exp(shares, out=shares), axis=-1))
    mixed += top
    return mixed
