"""Interval of a median by order statistics: exact coverage of at least the level whatever the distribution.

The number of values below the median is Binomial(n, 1/2); the interval runs from the k-th smallest to the k-th largest
value, k being the largest rank with P(B < k) <= (1 - level) / 2, or over all values where there is none (Conover,
Practical Nonparametric Statistics, 3rd ed., section 3.2).

>>> median_interval(list(range(1, 21)))
(6.0, 15.0)
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.kernel.errors import CalculationError


def median_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """(low, high); CalculationError without a value."""
    from scipy.stats import binom

    if not values:
        raise CalculationError("the interval of a median needs at least one value")
    ordered = sorted(float(value) for value in values)
    count = len(ordered)
    tail = (1.0 - level) / 2.0
    rank = max((k for k in range(1, count // 2 + 1) if binom.cdf(k - 1, count, 0.5) <= tail), default=1)
    return ordered[rank - 1], ordered[count - rank]
