"""Position, average price and profit of one bar from the fills of that bar. Money is USD, prices are price units."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.core.trading_types import Fill, MarketMemory, Order
from engine.kernel.errors import CalculationError


@dataclass(frozen=True, slots=True)
class BarBook:
    """The account after a bar's fills, marked at its close. `profit_usd` is net of all costs."""

    position_lots: int
    average_price: float
    profit_usd: float
    roll_usd: float
    closed_lots: int
    reopened_lots: int


def book_bar(
    position_lots: int,
    average_price: float,
    before: MarketMemory,
    contract: str,
    close: float,
    fills: tuple[Fill, ...],
    usd_per_point: float,
) -> BarBook:
    """Apply the fills of one bar and mark the position from the last price to `close`.

    Across a change of contract the old position is marked at its own last price, so that the gap between contracts is
    never profit. Raises CalculationError where a change of contract leaves lots behind in the old one.
    """
    rolled = contract != before.contract and before.contract != ""
    if not fills and not (rolled and position_lots):
        profit = position_lots * (close - before.last_price) * usd_per_point if position_lots else 0.0
        return BarBook(position_lots, average_price, profit, 0.0, 0, 0)
    held = position_lots if not rolled else 0
    left_behind = position_lots if rolled else 0
    profit = held * (close - before.last_price) if held else 0.0
    fees = roll_usd = 0.0
    closed = reopened = 0
    for fill in fills:
        fees += fill.costs.fees_usd
        roll_usd += fill.costs.roll_usd
        if fill.contract == contract:
            if not fill.lots:
                raise CalculationError(f"fill {fill.fill_id} is of 0 lots")
            profit += fill.lots * (close - fill.price)
            average_price = average_after(held, average_price, fill)
            held += fill.lots
            reopened += fill.lots if rolled and fill.costs.roll_usd else 0
        elif rolled and fill.contract == before.contract:
            profit += fill.lots * (before.last_price - fill.price)
            left_behind += fill.lots
            closed += fill.lots
        else:
            raise CalculationError(
                f"fill {fill.fill_id} is in {fill.contract}, neither held nor traded now ({contract})"
            )
    if left_behind:
        raise CalculationError(f"{left_behind} lots stay in {before.contract} after the series went on to {contract}")
    return BarBook(held, average_price if held else 0.0, profit * usd_per_point - fees, roll_usd, closed, reopened)


def average_after(held_lots: int, average_price: float, fill: Fill) -> float:
    """Average entry price after a fill: weighted when adding, unchanged when reducing, the fill's when turning."""
    after = held_lots + fill.lots
    if after == 0:
        return 0.0
    if held_lots == 0 or (held_lots > 0) != (after > 0):
        return fill.price
    if (held_lots > 0) == (fill.lots > 0):
        return (held_lots * average_price + fill.lots * fill.price) / after
    return average_price


def remaining_orders(working: tuple[Order, ...], fills: tuple[Fill, ...]) -> tuple[Order, ...]:
    """Working orders with the lots that are still open; filled ones leave."""
    if not fills or not working:
        return working
    filled: dict[str, int] = {}
    for fill in fills:
        filled[fill.order_ref] = filled.get(fill.order_ref, 0) + abs(fill.lots)
    left = []
    for order in working:
        lots = filled.get(order.order_ref, 0)
        if lots == 0:
            left.append(order)
        elif lots < order.quantity_lots:
            left.append(replace(order, quantity_lots=order.quantity_lots - lots))
        elif lots > order.quantity_lots:
            raise CalculationError(f"order {order.order_ref} was filled with {lots} of {order.quantity_lots} lots")
    return tuple(left)


def signed_lots(order: Order) -> int:
    """Lots of an order, negative for a sale."""
    return order.quantity_lots if order.side == "BUY" else -order.quantity_lots
