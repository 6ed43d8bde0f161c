"""Leverage: notional over equity."""

from __future__ import annotations

from engine.core.risk_rules.interface import OrderContext, RiskRule


class LeverageRule(RiskRule):
    """The notional after the order stays within `max_leverage` times equity."""

    name = "leverage"

    def refusal(self, context: OrderContext) -> str:
        equity = context.state.equity_usd
        if equity > 0.0 and context.notional_after_usd <= context.risk.max_leverage * equity:
            return ""
        return f"a notional of {context.notional_after_usd:,.0f} USD exceeds {context.risk.max_leverage:g} times equity"
