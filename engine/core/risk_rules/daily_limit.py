"""The daily price limit: nothing is bought limit up or sold limit down."""

from __future__ import annotations

from engine.core.risk_rules.interface import OrderContext, RiskRule


class DailyLimitRule(RiskRule):
    """Refuses prices beyond the daily limit, and chasing a market that closed at it."""

    name = "daily_limit"

    def refusal(self, context: OrderContext) -> str:
        contract, memory = context.config.market.contract, context.state.memory
        move = memory.last_price - memory.reference_price
        reach = contract.daily_limit_points - contract.tick_size / 2.0
        buying = context.order.side == "BUY"
        if (buying and move >= reach) or (not buying and -move >= reach):
            return f"the market stands {move:+g} from the former session, at its daily limit"
        limit = context.order.limit_price
        if limit is not None and abs(limit - memory.reference_price) > contract.daily_limit_points:
            return f"the limit price {limit:g} is beyond the daily limit"
        return ""
