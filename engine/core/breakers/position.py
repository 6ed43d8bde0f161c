"""A position above its limit: no order should have led there, so trading halts."""

from __future__ import annotations

from engine.core.breakers.interface import AccountView, Breaker, BreakerReading
from engine.core.state_machine import Trigger
from engine.kernel.config_models import RiskConfig


class PositionBreaker(Breaker):
    """HALTED when the position exceeds `max_position_lots`."""

    name = "position"

    def assess(self, view: AccountView, risk: RiskConfig) -> tuple[BreakerReading, ...]:
        lots = abs(view.position_lots)
        if lots <= risk.max_position_lots:
            return ()
        reason = f"the position of {lots} lots exceeds its limit of {risk.max_position_lots}"
        return (BreakerReading(self.name, Trigger.CRITICAL, lots, risk.max_position_lots, reason),)
