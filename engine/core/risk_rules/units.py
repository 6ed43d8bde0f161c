"""Plausible units: a price in the wrong unit never becomes an order."""

from __future__ import annotations

from engine.core.risk_rules.interface import OrderContext, RiskRule


class UnitsRule(RiskRule):
    """Prices lie in the plausible range of the market, limit prices on its ticks."""

    name = "units"
    binds_reducing = True

    def refusal(self, context: OrderContext) -> str:
        contract, order = context.config.market.contract, context.order
        for price in (order.decision_price, order.limit_price):
            if price is not None and not contract.plausible_price_low <= price <= contract.plausible_price_high:
                return f"the price {price:g} is not plausible in {contract.price_unit}"
        if order.limit_price is not None:
            ticks = order.limit_price / contract.tick_size
            if abs(ticks - round(ticks)) > 1e-6:
                return f"the limit price {order.limit_price:g} is not on a tick of {contract.tick_size:g}"
        return ""
