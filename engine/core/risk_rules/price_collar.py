"""The price collar: a limit price far from the last price is a mistake."""

from __future__ import annotations

from engine.core.risk_rules.interface import OrderContext, RiskRule


class PriceCollarRule(RiskRule):
    """A limit price must be within `price_collar_fraction` of the last price."""

    name = "price_collar"

    def refusal(self, context: OrderContext) -> str:
        limit, last = context.order.limit_price, context.state.last_price
        if limit is None:
            return ""
        distance = abs(limit / last - 1.0)
        if distance <= context.risk.price_collar_fraction:
            return ""
        return f"the limit price {limit:g} is {distance:.1%} from the last price {last:g}"
