"""From a prediction to a position: fractional Kelly, shrunk for estimation error, then capped.

`f = kelly_fraction * shrinkage * expected_return / (return_sd^2 + expected_return^2)` is the notional as a share of
equity. Sources: Kelly for a continuous payoff, with the second moment in place of the variance (the same for a small
edge, and no over-betting on a large one); Baker & McHale 2013 for shrinkage. The score that models are judged by
elsewhere,
`r - r^2 / (2 * kelly_fraction)`, has the same optimum at full shrinkage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.core.trading_types import Prediction
from engine.kernel.config_models import MarketConfig, RiskConfig


@dataclass(frozen=True, slots=True)
class TargetSize:
    """Position to hold in lots (signed), the uncapped Kelly fraction of equity, and what bound it ("" = nothing)."""

    lots: int
    kelly_equity_fraction: float
    bound_by: str


def kelly_shrinkage(sharpe_per_bar: float, bars: int) -> float:
    """Kelly multiplier for estimation error, `SR^2 / (SR^2 + 1/n)`: .385 for SR .05 a bar over 250 bars."""
    square = sharpe_per_bar * sharpe_per_bar
    return square / (square + 1.0 / bars) if square > 0.0 and bars > 0 else 0.0


def target_size(
    prediction: Prediction,
    *,
    price: float,
    equity_usd: float,
    adv_lots: float,
    degraded: bool,
    risk: RiskConfig,
    market: MarketConfig,
) -> TargetSize:
    """Lots to hold after `prediction`, rounded toward zero, never above any cap of `risk`.

    Zero where the prediction is unusable, not finite, or its edge's lower bound is at or below 0.
    """
    reason = _no_size_reason(prediction, price, equity_usd)
    if reason:
        return TargetSize(0, 0.0, reason)
    second_moment = (
        prediction.return_sd * prediction.return_sd + prediction.expected_return * prediction.expected_return
    )
    fraction = risk.kelly_fraction * prediction.shrinkage * prediction.expected_return / second_moment
    bar_sd = prediction.return_sd / math.sqrt(prediction.horizon_bars)
    volatility_cap = (
        risk.volatility_cap_multiple * risk.volatility_target_annual / (math.sqrt(market.bars_per_year) * bar_sd)
    )
    size, bound_by = abs(fraction), ""
    if size > volatility_cap:
        size, bound_by = volatility_cap, "volatility target"
    if degraded:
        size *= risk.degraded_size_fraction
    contract = market.contract
    lots = size * equity_usd / (price * contract.usd_per_point)
    for cap, name in (
        (position_cap_leverage(price, equity_usd, risk, market), "leverage"),
        (risk.max_adv_fraction * adv_lots, "average daily volume"),
        (float(risk.max_position_lots), "position limit"),
        (risk.max_margin_fraction * equity_usd / contract.initial_margin_usd, "margin"),
    ):
        if lots > cap:
            lots, bound_by = cap, name
    whole = int(lots * prediction.size_multiplier)
    return TargetSize(whole if fraction > 0.0 else -whole, fraction, bound_by)


def position_cap_leverage(price: float, equity_usd: float, risk: RiskConfig, market: MarketConfig) -> float:
    """Lots at which the notional reaches the leverage limit."""
    return risk.max_leverage * equity_usd / (price * market.contract.usd_per_point)


def _no_size_reason(prediction: Prediction, price: float, equity_usd: float) -> str:
    if not prediction.usable:
        return f"prediction unusable: {prediction.unusable_reason or 'no reason given'}"
    if not prediction.edge_lower_bound > 0.0:
        return "no proven edge"
    if not (prediction.return_sd > 0.0 and math.isfinite(prediction.return_sd)):
        return "prediction without a spread"
    if not (
        math.isfinite(prediction.expected_return)
        and 0.0 <= prediction.shrinkage <= 1.0
        and 0.0 <= prediction.size_multiplier <= 1.0
    ):
        return "prediction out of range"
    if not (price > 0.0 and equity_usd > 0.0):
        return "no price or no equity"
    return ""
