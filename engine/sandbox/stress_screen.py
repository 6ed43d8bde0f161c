"""Stress scenarios from a candidate's own record: what if costs, luck or one terrible bar had been worse?

Pure functions of per-bar arrays; replayed market scenarios (flash crash, drought, limit days) add to these.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError
from engine.sandbox.evidence import StressResult

_COST_MULTIPLE = 2.0
_SHOCK_SD = 8.0
_BEST_SHARE = 0.01


def stress_screen(
    net_returns: NDArray[np.float64],
    cost_returns: NDArray[np.float64],
    leverage: NDArray[np.float64],
    market_sd: float,
    *,
    loss_limit: float,
) -> tuple[StressResult, ...]:
    """Three scenarios on n bars, each with the number it is judged by.

    `net_returns` of equity after costs, `cost_returns` the costs within them (at least 0), `leverage` the signed
    notional over equity held, `market_sd` the standard deviation of the market's bar return, `loss_limit` the loss of
    equity that halts trading. Scenarios: costs doubled (total return stays above minus the limit); the best 1 % of bars
    missing (likewise); a move of 8 sd against the largest position (loss stays within the limit).
    """
    if not len(net_returns) == len(cost_returns) == len(leverage) or len(net_returns) == 0 or market_sd <= 0.0:
        raise CalculationError("a stress screen needs paired returns, costs and leverage, and a market sd above 0")
    dearer = float(np.sum(net_returns - (_COST_MULTIPLE - 1.0) * cost_returns))
    dropped = max(1, round(len(net_returns) * _BEST_SHARE))
    unlucky = float(np.sum(np.sort(net_returns)[:-dropped]))
    shock = -float(np.max(np.abs(leverage))) * _SHOCK_SD * market_sd
    scenarios = (("costs doubled", dearer), ("best bars missing", unlucky), ("adverse 8 sd move", shock))
    return tuple(StressResult(name, value >= -loss_limit, value, -loss_limit) for name, value in scenarios)
