"""Too many engine errors within an hour: what decides may be broken, so trading halts."""

from __future__ import annotations

from engine.core.breakers.interface import AccountView, Breaker, BreakerReading
from engine.core.state_machine import Trigger
from engine.kernel.config_models import RiskConfig


class ErrorRateBreaker(Breaker):
    """HALTED at `max_errors_per_hour`."""

    name = "error_rate"

    def assess(self, view: AccountView, risk: RiskConfig) -> tuple[BreakerReading, ...]:
        errors = view.errors_last_hour
        if errors < risk.max_errors_per_hour:
            return ()
        reason = f"{errors} engine errors within an hour"
        return (BreakerReading(self.name, Trigger.CRITICAL, errors, risk.max_errors_per_hour, reason),)
