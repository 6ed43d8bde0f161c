"""Market hours: no order where none can be taken."""

from __future__ import annotations

from engine.core.risk_rules.interface import OrderContext, RiskRule


class MarketHoursRule(RiskRule):
    """Refuses everything while the market takes no orders; the next tradable bar decides anew."""

    name = "market_hours"
    binds_reducing = True

    def refusal(self, context: OrderContext) -> str:
        return "" if context.observation.tradable else "the market takes no orders now"
