"""Two-sample Kolmogorov-Smirnov test: do two samples come from one continuous distribution?

Idea. D is the largest gap between the two empirical distribution functions. Its p-value is exact (counted lattice
paths, scipy) or, in plain arithmetic, Kolmogorov's series at `sqrt(n_e) D` with n_e = n m / (n + m), which errs on the
side of caution at these sizes. Both suppose independent values: 5 % tests of levels with AR(1) memory .6 reject 27 %
of the time, so test innovations. Ties make it cautious.

>>> largest_gap(np.array([1.0, 2.0, 3.0, 4.0]), np.array([3.5, 4.5, 5.5, 6.5]))
0.75
>>> round(series_p_value(0.3, 60, 60), 4)
0.009

Source: Hodges, The significance probability of the Smirnov two-sample test, Arkiv foer Matematik 1958; Smirnov,
Table for estimating the goodness of fit of empirical distributions, Annals of Mathematical Statistics 1948.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.holm_correction import holm_adjusted

FloatArray = NDArray[np.float64]


def largest_gap(first: FloatArray, second: FloatArray) -> float:
    """The statistic D in [0, 1]; missing values (NaN) are left out; CalculationError where a sample is then empty."""
    one, two = np.sort(first[np.isfinite(first)]), np.sort(second[np.isfinite(second)])
    if one.size == 0 or two.size == 0:
        raise CalculationError("a Kolmogorov-Smirnov test needs a value in both samples")
    points = np.concatenate((one, two))
    gap = np.searchsorted(one, points, side="right") / one.size - np.searchsorted(two, points, side="right") / two.size
    return float(np.max(np.abs(gap)))


def exact_p_value(first: FloatArray, second: FloatArray) -> float:
    """Chance of a gap as large between two samples of one continuous distribution, by counted lattice paths (scipy).

    Asymptotic where a sample has more than 10,000 values. Missing values are left out.

    >>> round(exact_p_value(np.array([1.0, 2.0, 3.0, 4.0]), np.array([3.5, 4.5, 5.5, 6.5])), 4)
    0.2286
    """
    from scipy.stats import ks_2samp

    one, two = first[np.isfinite(first)], second[np.isfinite(second)]
    if one.size == 0 or two.size == 0:
        raise CalculationError("a Kolmogorov-Smirnov test needs a value in both samples")
    return float(ks_2samp(one, two, method="auto").pvalue)


def series_p_value(gap: float, first_count: float, second_count: float) -> float:
    """The same from the gap alone, by Kolmogorov's limit series; plain arithmetic, for samples of 30 values or more."""
    scaled = math.sqrt(first_count * second_count / (first_count + second_count)) * gap
    if scaled < 0.2:  # the series needs many terms here, and the chance is 1 to twelve digits
        return 1.0
    total = 0.0
    for term in range(1, 101):
        size = math.exp(-2.0 * (term * scaled) ** 2)
        total += size if term % 2 else -size
        if size < 1e-16 * total:
            break
    return min(1.0, 2.0 * total)


def drifted_features(
    reference: Sequence[FloatArray], recent: Sequence[FloatArray], alpha: float, inflation: Sequence[float]
) -> tuple[tuple[float, float, bool], ...]:
    """(D, Holm-adjusted p-value, drifted) per feature, with at most `alpha` chance of any false one among them all.

    `reference[i]` and `recent[i]` are feature i's innovations (NaN missing). Each sample counts for its size over
    `inflation[i]`: 1 for independent values, else as in `effective_sample_size`.

    >>> before, now = [np.arange(100.0)] * 2, [np.arange(100.0), np.arange(100.0) + 60.0]
    >>> [drifted for _, _, drifted in drifted_features(before, now, 0.01, (1.0, 1.0))]
    [False, True]
    """
    tests = []
    for first, second, factor in zip(reference, recent, inflation, strict=True):
        gap = largest_gap(first, second)
        sizes = [float(np.isfinite(sample).sum()) / factor for sample in (first, second)]
        tests.append((gap, series_p_value(gap, *sizes)))
    adjusted = holm_adjusted([p_value for _, p_value in tests])
    return tuple((gap, p_value, p_value <= alpha) for (gap, _), p_value in zip(tests, adjusted, strict=True))
