"""Population stability index, and what it is when nothing has drifted.

Idea. `PSI = sum (q - p) ln(q / p)` over the quantile bins of a reference sample, half a count added to every bin. With
no drift it is about `(1/n + 1/m) chi2(B - 1)` for n reference and m recent values in B bins: for n = 1000, m = 60, B =
10 its mean is 0.146, and the textbook limit 0.10 is passed by 70 % of samples without drift. A PSI therefore means
nothing without the null quantile for its own sample sizes. Values must be independent: use innovations, not levels.

>>> round(stability_index([10] * 10, [6] * 10), 6), round(null_quantile(1000, 120, 0.999), 3)
(0.0, 0.26)

Source: Yurdakul and Naranjo, Statistical properties of the population stability index, Journal of Risk Model Validation
2020; arXiv 2307.11878 (fixed limits over-call small samples and under-call large ones).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError

FloatArray = NDArray[np.float64]
BINS: Final = 10
PSEUDO_COUNT: Final = 0.5


def quantile_edges(reference: FloatArray, bins: int = BINS) -> FloatArray:
    """The `bins - 1` inner edges that split the reference sample (NaN missing) into bins of equal count.

    CalculationError where ties leave fewer distinct edges: such a sample cannot be binned by quantiles.
    """
    known = reference[np.isfinite(reference)]
    edges: FloatArray = np.quantile(known, np.linspace(0.0, 1.0, bins + 1)[1:-1]) if known.size else np.array([])
    if len(np.unique(edges)) < bins - 1:
        raise CalculationError(f"{known.size} reference values do not fill {bins} quantile bins")
    return edges


def bin_counts(values: FloatArray, edges: FloatArray) -> NDArray[np.int64]:
    """How many values (NaN left out) fall in each of the `len(edges) + 1` bins; a value on an edge is below it."""
    counts: NDArray[np.int64] = np.bincount(
        np.searchsorted(edges, values[np.isfinite(values)]), minlength=len(edges) + 1
    )
    return counts


def stability_index(reference_counts: Sequence[float], recent_counts: Sequence[float]) -> float:
    """PSI of two count vectors over the same bins."""
    return float(stability_indices(np.asarray(reference_counts, dtype=np.float64), np.asarray(recent_counts)))


def stability_indices(reference_counts: NDArray[Any], recent_counts: NDArray[Any]) -> FloatArray:
    """PSI of many count vectors at once; bins along the last axis, the others broadcast."""
    p = reference_counts + PSEUDO_COUNT
    q = recent_counts + PSEUDO_COUNT
    p, q = p / p.sum(axis=-1, keepdims=True), q / q.sum(axis=-1, keepdims=True)
    indices: FloatArray = np.sum((q - p) * np.log(q / p), axis=-1)
    return indices


def population_stability(reference: FloatArray, recent: FloatArray, bins: int = BINS) -> float:
    """PSI of a recent sample over the quantile bins of a reference sample."""
    edges = quantile_edges(reference, bins)
    return stability_index(bin_counts(reference, edges).tolist(), bin_counts(recent, edges).tolist())


@lru_cache(maxsize=64)
def null_quantile(reference_size: int, recent_size: int, level: float, bins: int = BINS) -> float:
    """Quantile of the PSI when nothing drifted: `(1/n + 1/m)` times that of chi-square with `bins - 1` degrees.

    Cautious below ten recent values a bin, where the pseudo-counts keep the PSI under its limit law.
    """
    if min(reference_size, recent_size) < 1 or bins < 2 or not 0.0 < level < 1.0:
        raise CalculationError("a PSI null quantile needs values in both samples, two bins and a level in (0, 1)")
    return (1.0 / reference_size + 1.0 / recent_size) * _chi_square_quantile(level, bins - 1)


def null_mean(reference_size: int, recent_size: int, bins: int = BINS) -> float:
    """Mean of the PSI when nothing drifted, `(1/n + 1/m)(bins - 1)`, for samples of some ten values a bin or more."""
    return (1.0 / reference_size + 1.0 / recent_size) * (bins - 1)


def _chi_square_quantile(level: float, degrees: int) -> float:
    """Quantile by bisection on the closed form (plain arithmetic: detectors ask on the path of a bar)."""
    low, high = 0.0, 100.0
    while _chi_square_survival(high, degrees) > 1.0 - level:
        high *= 2.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _chi_square_survival(middle, degrees) > 1.0 - level else (low, middle)
    return 0.5 * (low + high)


def _chi_square_survival(x: float, degrees: int) -> float:
    """P(chi-square > x) by the recurrence in steps of two degrees, from 1 (error function) or 2 (exponential)."""
    odd = degrees % 2
    total = math.erfc(math.sqrt(x / 2.0)) if odd else math.exp(-x / 2.0)
    term = math.sqrt(2.0 * x / math.pi) * math.exp(-x / 2.0) if odd else x / 2.0 * math.exp(-x / 2.0)
    for nu in range(3 if odd else 4, degrees + 1, 2):
        total += term
        term *= x / nu
    return total
