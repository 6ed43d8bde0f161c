"""Average daily volume: order and position stay a small share of the market."""

from __future__ import annotations

from engine.core.risk_rules.interface import OrderContext, RiskRule


class AverageVolumeRule(RiskRule):
    """Order and position stay within `max_adv_fraction` of average daily volume; an unknown volume permits nothing."""

    name = "adv"

    def refusal(self, context: OrderContext) -> str:
        adv_lots = context.state.adv_lots
        most = context.risk.max_adv_fraction * adv_lots
        lots = max(context.order.quantity_lots, abs(context.position_after))
        if lots <= most:
            return ""
        return f"{lots} lots exceed {context.risk.max_adv_fraction:.1%} of an average day ({adv_lots:g} lots)"
