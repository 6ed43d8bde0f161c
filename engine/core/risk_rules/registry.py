"""Every risk rule in the order of judgement, and the one way to judge an order."""

from __future__ import annotations

from typing import Final

from engine.core.decisions import OrderRefused
from engine.core.risk_rules.adv import AverageVolumeRule
from engine.core.risk_rules.daily_limit import DailyLimitRule
from engine.core.risk_rules.daily_loss import DailyLossRule
from engine.core.risk_rules.drawdown import DrawdownRule
from engine.core.risk_rules.duplicate import DuplicateRule
from engine.core.risk_rules.expiry import ExpiryRule
from engine.core.risk_rules.halt import HaltRule
from engine.core.risk_rules.interface import OrderContext, RiskRule
from engine.core.risk_rules.leverage import LeverageRule
from engine.core.risk_rules.margin import MarginRule
from engine.core.risk_rules.market_hours import MarketHoursRule
from engine.core.risk_rules.order_rate import OrderRateRule
from engine.core.risk_rules.order_size import OrderSizeRule
from engine.core.risk_rules.position import PositionRule
from engine.core.risk_rules.price_collar import PriceCollarRule
from engine.core.risk_rules.stale_inputs import StaleInputsRule
from engine.core.risk_rules.state import StateRule
from engine.core.risk_rules.thin_market import ThinMarketRule
from engine.core.risk_rules.units import UnitsRule

RISK_RULES: Final[tuple[RiskRule, ...]] = (
    HaltRule(),
    StateRule(),
    StaleInputsRule(),
    PriceCollarRule(),
    DailyLimitRule(),
    OrderSizeRule(),
    AverageVolumeRule(),
    PositionRule(),
    LeverageRule(),
    MarginRule(),
    DailyLossRule(),
    DrawdownRule(),
    OrderRateRule(),
    DuplicateRule(),
    MarketHoursRule(),
    ThinMarketRule(),
    ExpiryRule(),
    UnitsRule(),
)


def evaluate_order(context: OrderContext, rules: tuple[RiskRule, ...] = RISK_RULES) -> OrderRefused | None:
    """The first refusal in the order of the rules, or None where the order may go."""
    raising = context.raises_risk
    for rule in rules:
        if raising or rule.binds_reducing:
            reason = rule.refusal(context)
            if reason:
                order = context.order
                return OrderRefused(rule.name, reason, order.contract, order.side, order.quantity_lots)
    return None
