"""The end of a contract: no new position in its last days."""

from __future__ import annotations

from engine.core.risk_rules.interface import OrderContext, RiskRule


class ExpiryRule(RiskRule):
    """Refuses within `no_entry_days_before_expiry` of the last trade, where it is known."""

    name = "expiry"

    def refusal(self, context: OrderContext) -> str:
        days = context.observation.days_to_expiry
        if days is None or days > context.risk.no_entry_days_before_expiry:
            return ""
        return f"{days:.1f} days to the last trade of {context.order.contract}"
