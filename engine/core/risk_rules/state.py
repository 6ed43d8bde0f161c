"""The operational state: who may trade at all."""

from __future__ import annotations

from engine.core.risk_rules.interface import OrderContext, RiskRule
from engine.core.state_machine import may_raise_risk, may_reduce_risk


class StateRule(RiskRule):
    """RUNNING and DEGRADED may raise risk; HALTED and LOCKDOWN may only reduce; UNKNOWN permits nothing."""

    name = "state"
    binds_reducing = True

    def refusal(self, context: OrderContext) -> str:
        state = context.state.operational_state
        allowed = may_raise_risk(state) if context.raises_risk else may_reduce_risk(state)
        return "" if allowed else f"the state {state.value} does not permit it"
