"""Orders per session: a runaway loop is stopped."""

from __future__ import annotations

from engine.core.risk_rules.interface import OrderContext, RiskRule


class OrderRateRule(RiskRule):
    """Refuses after `max_orders_per_day` orders in one session."""

    name = "order_rate"

    def refusal(self, context: OrderContext) -> str:
        if context.state.orders_today < context.risk.max_orders_per_day:
            return ""
        return f"{context.state.orders_today} orders today reach the limit"
