"""Kelly fractions, what a fractional bet earns and risks, and how estimation error shrinks it.

Kelly (1956) and Thorp for the fractions; the share of growth and the chance of a fall are those of a continuous bet of
c times Kelly (wealth is then a geometric Brownian motion with drift (c - c^2 / 2) SR^2 and volatility c SR); Baker and
McHale (2013) for the shrinkage of a plug-in estimate. `engine/core/sizing.py` turns the multiplier into lots.

>>> growth_share(0.5), fall_probability(0.5, 0.5)
(0.75, 0.125)
>>> round(kelly_multiplier(0.05, 250, edge_lower_bound=0.01, cap=0.5), 3)
0.385
"""

from __future__ import annotations

import math

from engine.core.sizing import kelly_shrinkage
from engine.kernel.errors import CalculationError

__all__ = [
    "binary_kelly",
    "continuous_kelly",
    "fall_probability",
    "growth_share",
    "kelly_multiplier",
    "kelly_shrinkage",
    "shrunk_kelly",
]


def binary_kelly(win_probability: float, payoff: float) -> float:
    """Share of wealth to stake on winning `payoff` per unit with probability p: p - (1 - p) / b; below 0 = no bet."""
    if not 0.0 <= win_probability <= 1.0 or not payoff > 0.0:
        raise CalculationError("a binary bet needs a probability in [0, 1] and a payoff above 0")
    return win_probability - (1.0 - win_probability) / payoff


def continuous_kelly(mean_return: float, return_sd: float) -> float:
    """Notional as a share of wealth, mu / sigma^2, of returns per bar (signed: negative = short)."""
    if not math.isfinite(mean_return) or not 0.0 < return_sd < math.inf:
        raise CalculationError("a Kelly fraction needs a finite mean and a standard deviation above 0")
    return mean_return / return_sd**2


def growth_share(multiplier: float) -> float:
    """Share of the largest possible growth that c times Kelly earns: 2c - c^2 (half .75, double 0, more: a loss)."""
    return multiplier * (2.0 - multiplier)


def fall_probability(remaining_share: float, multiplier: float) -> float:
    """Chance that c times Kelly ever falls to `remaining_share` x of today's wealth: x^(2/c - 1); 1 from c = 2 on."""
    if not 0.0 < remaining_share <= 1.0 or not multiplier > 0.0:
        raise CalculationError("a fall needs a remaining share in (0, 1] and a multiplier above 0")
    return float(remaining_share ** max(2.0 / multiplier - 1.0, 0.0))


def kelly_multiplier(sharpe_per_bar: float, bars: int, *, edge_lower_bound: float, cap: float) -> float:
    """Share of the plug-in Kelly fraction to bet: min(cap, SR^2 / (SR^2 + 1/n)), 0 where no edge is proven.

    Rises with the bars of evidence; `edge_lower_bound` is the lower confidence bound of the edge in any unit. NaN in
    the estimate or the bound counts as unproven. Raises CalculationError on a cap outside [0, 1].
    """
    if not 0.0 <= cap <= 1.0:
        raise CalculationError("a Kelly multiplier is capped within [0, 1]")
    if not edge_lower_bound > 0.0 or not sharpe_per_bar > 0.0:
        return 0.0
    return min(cap, kelly_shrinkage(sharpe_per_bar, bars))


def shrunk_kelly(
    mean_return: float, return_sd: float, bars: int, *, edge_lower_bound: float, cap: float, largest_fraction: float
) -> float:
    """Signed notional as a share of wealth: multiplier * mu / sigma^2, never beyond `largest_fraction` either way.

    `edge_lower_bound` bounds the size of the edge in the direction of the bet, so it is above 0 for a proven short too.
    """
    if not largest_fraction >= 0.0:
        raise CalculationError("the largest fraction of wealth must be 0 or more")
    plug_in = continuous_kelly(mean_return, return_sd)
    multiplier = kelly_multiplier(abs(mean_return) / return_sd, bars, edge_lower_bound=edge_lower_bound, cap=cap)
    return math.copysign(min(multiplier * abs(plug_in), largest_fraction), plug_in)
