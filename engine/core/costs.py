"""What a fill costs: half the spread, square-root impact, fees. Source: arXiv 2411.13965 (square-root law)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.core.trading_types import FillCosts
from engine.kernel.config_models import CostConfig, HydraConfig
from engine.kernel.errors import CalculationError


@dataclass(frozen=True, slots=True)
class PricedFill:
    """Price of a fill in price units, and how it splits."""

    price: float
    costs: FillCosts


def impact_fraction(lots: float, adv_lots: float, daily_sd: float, costs: CostConfig) -> float:
    """Price impact as a fraction of price: `Y * sigma_d * sqrt(Q / ADV)`.

    Raises CalculationError where volume or volatility is unknown: an unknown cost is not a cost of zero.
    """
    if not adv_lots > 0.0 or not daily_sd >= 0.0:
        raise CalculationError(f"impact needs volume and volatility, had ADV {adv_lots} lots and daily sd {daily_sd}")
    return costs.impact_coefficient * daily_sd * math.sqrt(abs(lots) / adv_lots)


def is_near_expiry(days_to_expiry: float | None, costs: CostConfig) -> bool:
    """True where the expiry is known and so near that spreads are wider."""
    return days_to_expiry is not None and days_to_expiry <= costs.near_expiry_days


def price_fill(
    lots: int,
    reference_price: float,
    *,
    adv_lots: float,
    daily_sd: float,
    config: HydraConfig,
    near_expiry: bool = False,
    roll: bool = False,
) -> PricedFill:
    """Price and costs of `lots` (signed) executed against `reference_price`.

    A roll leg always pays the wider spread, and its spread and impact are booked as `roll_usd`.
    """
    contract, costs = config.market.contract, config.costs
    half_spread = costs.half_spread_ticks * contract.tick_size
    if near_expiry or roll:
        half_spread *= costs.near_expiry_spread_multiplier
    impact = impact_fraction(lots, adv_lots, daily_sd, costs) * reference_price
    size = abs(lots)
    usd = size * contract.usd_per_point
    price = reference_price + (half_spread + impact if lots > 0 else -half_spread - impact)
    fees = size * contract.fee_usd_per_lot
    if roll:
        return PricedFill(price, FillCosts(0.0, 0.0, fees, (half_spread + impact) * usd))
    return PricedFill(price, FillCosts(half_spread * usd, impact * usd, fees))
