"""Dead inputs of the champion: no order that raises risk rests on them."""

from __future__ import annotations

from engine.core.risk_rules.interface import OrderContext, RiskRule


class StaleInputsRule(RiskRule):
    """Refuses while any input is stale."""

    name = "stale_inputs"

    def refusal(self, context: OrderContext) -> str:
        stale = context.observation.stale_inputs
        return f"stale inputs: {', '.join(stale)}" if stale else ""
