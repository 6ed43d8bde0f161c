"""The size of one order."""

from __future__ import annotations

from engine.core.risk_rules.interface import OrderContext, RiskRule


class OrderSizeRule(RiskRule):
    """An order has at least one lot and at most `max_order_lots`."""

    name = "order_size"
    binds_reducing = True

    def refusal(self, context: OrderContext) -> str:
        lots = context.order.quantity_lots
        if 1 <= lots <= context.risk.max_order_lots:
            return ""
        return f"{lots} lots is outside 1 to {context.risk.max_order_lots}"
