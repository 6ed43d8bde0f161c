"""Thin bars and dead contracts: their prices are no basis for a new position."""

from __future__ import annotations

from engine.core.risk_rules.interface import OrderContext, RiskRule
from engine.core.tradability import thin_reason


class ThinMarketRule(RiskRule):
    """Refuses on a bar below the least tradable volume or flagged as a dead contract."""

    name = "thin_market"

    def refusal(self, context: OrderContext) -> str:
        return thin_reason(context.observation.bar, context.config)
