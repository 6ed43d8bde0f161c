"""Loss of one round trip, from flat to flat, open profit included: halts."""

from __future__ import annotations

from engine.core.breakers.interface import AccountView, Breaker, BreakerReading
from engine.core.state_machine import Trigger
from engine.kernel.config_models import RiskConfig


class SingleTradeLossBreaker(Breaker):
    """HALTED when one trade has lost `max_trade_loss_fraction` of the equity before it."""

    name = "single_trade_loss"

    def assess(self, view: AccountView, risk: RiskConfig) -> tuple[BreakerReading, ...]:
        loss = -view.round_trip_pnl_usd
        if loss <= 0.0:
            return ()
        fraction = loss / (view.equity_usd + loss) if view.equity_usd + loss > 0.0 else 1.0
        if fraction < risk.max_trade_loss_fraction:
            return ()
        reason = f"one trade lost {loss:,.0f} USD, {fraction:.2%} of equity"
        return (BreakerReading(self.name, Trigger.CRITICAL, fraction, risk.max_trade_loss_fraction, reason),)
