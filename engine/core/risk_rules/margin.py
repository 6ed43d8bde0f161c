"""Initial margin over equity."""

from __future__ import annotations

from engine.core.risk_rules.interface import OrderContext, RiskRule


class MarginRule(RiskRule):
    """Initial margin after the order stays within `max_margin_fraction` of equity."""

    name = "margin"

    def refusal(self, context: OrderContext) -> str:
        margin = abs(context.position_after) * context.config.market.contract.initial_margin_usd
        if margin <= context.risk.max_margin_fraction * context.state.equity_usd:
            return ""
        return f"margin of {margin:,.0f} USD exceeds {context.risk.max_margin_fraction:.0%} of equity"
