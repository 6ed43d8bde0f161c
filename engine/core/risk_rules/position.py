"""The size of the position."""

from __future__ import annotations

from engine.core.risk_rules.interface import OrderContext, RiskRule


class PositionRule(RiskRule):
    """The position after the order stays within `max_position_lots`."""

    name = "position"

    def refusal(self, context: OrderContext) -> str:
        lots = abs(context.position_after)
        if lots <= context.risk.max_position_lots:
            return ""
        return f"a position of {lots} lots exceeds the limit of {context.risk.max_position_lots}"
