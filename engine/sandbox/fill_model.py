"""Fills of one bar, pure and never random: the one fill model of replay and of the paper broker.

Orders fill at the bar after their decision at the earliest: market orders at its open plus half the spread plus
square-root impact, limit orders only where the bar traded through them. All fills of a bar share
`max_bar_volume_fraction` of its volume; the rest of an order carries over. Thin bars, dead contracts and limit-locked
sessions fill nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.costs import is_near_expiry, price_fill
from engine.core.market_memory import contract_of, daily_return_sd
from engine.core.records import FuturesBar
from engine.core.tradability import fill_block_reason
from engine.core.trading_types import Fill, FillCosts, MarketMemory, Order
from engine.kernel.config_models import HydraConfig
from engine.kernel.identifiers import derived_id

ROLL_REF_PREFIX = "roll"


@dataclass(frozen=True, slots=True)
class MatchContext:
    """What the fill model knows: `memory` and `position_lots` are those before the bar."""

    config: HydraConfig
    memory: MarketMemory
    position_lots: int
    days_to_expiry: float | None = None


def match(working: tuple[Order, ...], bar: FuturesBar, context: MatchContext) -> tuple[Fill, ...]:
    """Every fill of `bar`: first both legs of a roll where the contract changed, then the working orders in sequence.

    A roll closes the position at the old contract's last price and reopens it at the new contract's open, both with the
    wider spread; what the new contract's volume cannot take stays closed. Orders for another contract do not fill.
    """
    contract = contract_of(bar)
    rolls = context.position_lots != 0 and contract != context.memory.contract
    if not working and not rolls:
        return ()
    block_reason = fill_block_reason(bar, context.memory, context.config)
    capacity = 0 if block_reason else int(context.config.costs.max_bar_volume_fraction * bar.volume)
    fills: list[Fill] = []
    position = context.position_lots
    if rolls:
        fills.append(_roll_leg(-position, context.memory.contract, context.memory.last_price, bar, context))
        lots = min(abs(position), capacity) * (1 if position > 0 else -1)
        if lots:
            fills.append(_roll_leg(lots, contract, bar.open, bar, context))
        position = lots
        capacity -= abs(lots)
    for order in working:
        if capacity <= 0:
            break
        if order.contract != contract or order.decision_ts >= bar.known_ts:
            continue
        fill = _fill(order, bar, position, capacity, context)
        if fill is not None:
            fills.append(fill)
            position += fill.lots
            capacity -= abs(fill.lots)
    return tuple(fills)


def _fill(order: Order, bar: FuturesBar, position: int, capacity: int, context: MatchContext) -> Fill | None:
    buying = order.side == "BUY"
    size = min(order.quantity_lots, capacity)
    if order.reduce_only:
        open_lots = -position if buying else position
        size = min(size, max(0, open_lots))
    if size == 0:
        return None
    lots = size if buying else -size
    config, memory = context.config, context.memory
    priced = price_fill(
        lots,
        bar.open,
        adv_lots=memory.adv_lots,
        daily_sd=daily_return_sd(memory, config),
        config=config,
        near_expiry=is_near_expiry(context.days_to_expiry, config.costs),
    )
    price, reference, costs = priced.price, bar.open, priced.costs
    if order.order_type == "limit":
        limit = order.limit_price
        if limit is None or not (bar.low < limit if buying else bar.high > limit):
            return None
        if not (price <= limit if buying else price >= limit):
            price = reference = limit
            costs = FillCosts(0.0, 0.0, priced.costs.fees_usd)
    fill_id = derived_id("fill", order.order_ref, bar.known_ts, length=16)
    return Fill(fill_id, order.order_ref, order.market, order.contract, bar.event_ts, lots, price, reference, costs)


def _roll_leg(lots: int, contract: str, reference: float, bar: FuturesBar, context: MatchContext) -> Fill:
    config, memory = context.config, context.memory
    priced = price_fill(
        lots,
        reference,
        adv_lots=memory.adv_lots,
        daily_sd=daily_return_sd(memory, config),
        config=config,
        roll=True,
    )
    order_ref = derived_id(ROLL_REF_PREFIX, bar.market, contract, lots, bar.known_ts, length=16)
    fill_id = derived_id("fill", order_ref, bar.known_ts, length=16)
    return Fill(fill_id, order_ref, bar.market, contract, bar.event_ts, lots, priced.price, reference, priced.costs)
