"""Holm's step-down correction: many tests at one look, and at most `alpha` chance of any false rejection.

Idea. The i-th smallest of m p-values is multiplied by `m - i + 1`, and made no smaller than those before it. Rejecting
what is then at most alpha keeps the family-wise error at alpha under any dependence between the tests, and rejects
whatever Bonferroni rejects or more.

>>> [round(value, 3) for value in holm_adjusted([0.01, 0.04, 0.03])]
[0.03, 0.06, 0.06]

Source: S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 1979.
"""

from __future__ import annotations

from collections.abc import Sequence


def holm_adjusted(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values in the order given, each at most 1; ValueError for a p-value outside [0, 1] or NaN."""
    if any(not 0.0 <= value <= 1.0 for value in p_values):
        raise ValueError("p-values lie in [0, 1]")
    count = len(p_values)
    adjusted = [1.0] * count
    largest = 0.0
    for rank, index in enumerate(sorted(range(count), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (count - rank) * p_values[index]))
        adjusted[index] = largest
    return tuple(adjusted)
