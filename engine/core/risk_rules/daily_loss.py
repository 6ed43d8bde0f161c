"""Loss of the session: past its limit nothing is added."""

from __future__ import annotations

from engine.core.risk_rules.interface import OrderContext, RiskRule


class DailyLossRule(RiskRule):
    """Refuses once the session has lost `max_daily_loss_fraction` of its first equity."""

    name = "daily_loss"

    def refusal(self, context: OrderContext) -> str:
        state = context.state
        loss = 1.0 - state.equity_usd / state.day_start_equity_usd
        if loss < context.risk.max_daily_loss_fraction:
            return ""
        return f"the session has lost {loss:.2%} of equity"
