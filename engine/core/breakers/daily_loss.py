"""Loss of the session: warns, then halts."""

from __future__ import annotations

from engine.core.breakers.interface import AccountView, Breaker, BreakerReading
from engine.core.state_machine import Trigger
from engine.kernel.config_models import RiskConfig


class DailyLossBreaker(Breaker):
    """DEGRADED at `warn_daily_loss_fraction`, HALTED at `max_daily_loss_fraction` of the session's first equity."""

    name = "daily_loss"

    def assess(self, view: AccountView, risk: RiskConfig) -> tuple[BreakerReading, ...]:
        loss = view.day_loss_fraction
        if loss < risk.warn_daily_loss_fraction:
            return ()
        if loss < risk.max_daily_loss_fraction:
            trigger, limit = Trigger.WARNING, risk.warn_daily_loss_fraction
        else:
            trigger, limit = Trigger.CRITICAL, risk.max_daily_loss_fraction
        return (BreakerReading(self.name, trigger, loss, limit, f"the session lost {loss:.2%} of equity"),)

    def calm(self, view: AccountView, risk: RiskConfig) -> bool:
        return view.day_loss_fraction < risk.warn_daily_loss_fraction * risk.breaker_recovery_fraction
