"""What a position earns: profit after costs, and its growth.

Position w_t is held over bar t after a trade of dw_t = w_t - w_(t-1) at its start (w_-1 = 0):

    pnl_t     = w_t y_t - |dw_t| spread_t - sigma_t |dw_t| sqrt(.014 |dw_t| / V_t)
    utility_t = pnl_t - pnl_t^2 / 2

The second cost is square-root impact; the utility is the second-order expansion of log(1 + pnl), i.e. growth.

>>> import numpy as np
>>> one = np.ones(1)
>>> pnl = net_pnl(one, 0.5 * one, 0.05 * one, one, one)
>>> f"{pnl[0]:.4f} {growth_utility(pnl)[0]:.4f}"
'0.3317 0.2767'
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.sandbox.healbench.heal_world import FloatArray, HealWorld

IMPACT_SHARE: Final = 0.014


def trading_cost(position: FloatArray, spread: FloatArray, sigma: FloatArray, volume: FloatArray) -> FloatArray:
    """Cost of each bar's trade in return units, shape [..., T]; the position before the first bar is 0."""
    traded = np.abs(np.diff(position, axis=-1, prepend=0.0))
    cost: FloatArray = traded * spread + sigma * traded * np.sqrt(IMPACT_SHARE * traded / volume)
    return cost


def net_pnl(
    position: FloatArray, y: FloatArray, spread: FloatArray, sigma: FloatArray, volume: FloatArray
) -> FloatArray:
    """Profit of each bar after costs, in return units, shape [..., T]."""
    pnl: FloatArray = position * y - trading_cost(position, spread, sigma, volume)
    return pnl


def growth_utility(pnl: FloatArray) -> FloatArray:
    """pnl - pnl^2 / 2, the growth of log equity to second order."""
    utility: FloatArray = pnl - 0.5 * pnl * pnl
    return utility


def position_utility(world: HealWorld, position: FloatArray) -> FloatArray:
    """Utility of each bar of a position path [T] (or several, [..., T]) in a world."""
    return growth_utility(net_pnl(position, world.y, world.spread, world.sigma, world.volume))


def scored_utility(world: HealWorld, position: FloatArray) -> float:
    """Sum of the utility over the scored bars of the world."""
    return float(position_utility(world, position)[..., world.scored].sum())
