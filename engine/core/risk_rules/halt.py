"""The halt row or the HALT file: no order that raises risk."""

from __future__ import annotations

from engine.core.risk_rules.interface import OrderContext, RiskRule


class HaltRule(RiskRule):
    """Refuses while trading is halted."""

    name = "halt"

    def refusal(self, context: OrderContext) -> str:
        return "trading is halted (halt row or HALT file)" if context.observation.halted else ""
