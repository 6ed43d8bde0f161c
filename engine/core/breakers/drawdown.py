"""Loss since the high-water mark: warns, halts, and cascades to LOCKDOWN if it grows while halted."""

from __future__ import annotations

from engine.core.breakers.interface import AccountView, Breaker, BreakerReading
from engine.core.state_machine import Trigger
from engine.kernel.config_models import RiskConfig


class DrawdownBreaker(Breaker):
    """DEGRADED at the warning, HALTED at the limit; HALTED cascades to LOCKDOWN at `lockdown_drawdown_fraction`."""

    name = "drawdown"

    def assess(self, view: AccountView, risk: RiskConfig) -> tuple[BreakerReading, ...]:
        drawdown = view.drawdown_fraction
        if drawdown < risk.warn_drawdown_fraction:
            return ()
        reason = f"equity is {drawdown:.2%} below its high-water mark"
        if drawdown < risk.max_drawdown_fraction:
            return (BreakerReading(self.name, Trigger.WARNING, drawdown, risk.warn_drawdown_fraction, reason),)
        halt = BreakerReading(self.name, Trigger.CRITICAL, drawdown, risk.max_drawdown_fraction, reason)
        if drawdown < risk.lockdown_drawdown_fraction:
            return (halt,)
        return (halt, BreakerReading(self.name, Trigger.CASCADE, drawdown, risk.lockdown_drawdown_fraction, reason))

    def calm(self, view: AccountView, risk: RiskConfig) -> bool:
        return view.drawdown_fraction < risk.warn_drawdown_fraction * risk.breaker_recovery_fraction
