"""Clopper-Pearson interval of a share: exact coverage of at least the level for every n.

Bounds are Beta quantiles: lower B(a/2; k, n - k + 1), upper B(1 - a/2; k + 1, n - k) (Clopper and Pearson 1934).

>>> low, high = clopper_pearson(10, 400)
>>> f"{low:.4f} {high:.4f}"
'0.0121 0.0455'
"""

from __future__ import annotations

from engine.kernel.errors import CalculationError


def clopper_pearson(count: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Two-sided interval of `count` hits in `trials`; CalculationError unless 0 <= count <= trials and trials > 0."""
    from scipy.stats import beta

    if not 0 <= count <= trials or trials == 0 or not 0.0 < level < 1.0:
        raise CalculationError(f"an interval needs 0 <= hits <= trials with trials > 0, not {count} of {trials}")
    tail = (1.0 - level) / 2.0
    low = 0.0 if count == 0 else float(beta.ppf(tail, count, trials - count + 1))
    high = 1.0 if count == trials else float(beta.ppf(1.0 - tail, count + 1, trials - count))
    return low, high
