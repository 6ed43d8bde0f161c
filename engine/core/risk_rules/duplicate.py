"""Duplicates: the same order is never sent twice."""

from __future__ import annotations

from engine.core.risk_rules.interface import OrderContext, RiskRule


class DuplicateRule(RiskRule):
    """Refuses an order whose reference or whose decision is already working."""

    name = "duplicate"
    binds_reducing = True

    def refusal(self, context: OrderContext) -> str:
        order = context.order
        for working in context.state.working_orders:
            if working.order_ref == order.order_ref:
                return f"order {order.order_ref} is already working"
            if working.decision_ts == order.decision_ts and working.side == order.side:
                return f"this decision already has order {working.order_ref} working"
        return ""
