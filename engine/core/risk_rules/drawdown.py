"""Drawdown: past its limit nothing is added."""

from __future__ import annotations

from engine.core.risk_rules.interface import OrderContext, RiskRule


class DrawdownRule(RiskRule):
    """Refuses once equity is `max_drawdown_fraction` below its high-water mark."""

    name = "drawdown"

    def refusal(self, context: OrderContext) -> str:
        state = context.state
        drawdown = 1.0 - state.equity_usd / state.peak_equity_usd
        if drawdown < context.risk.max_drawdown_fraction:
            return ""
        return f"equity is {drawdown:.2%} below its high-water mark"
