"""The paper broker: the fill model of replay behind the protocol of a broker, with its own book and transactions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.core.bookkeeping import signed_lots
from engine.core.market_memory import remember
from engine.core.records import FuturesBar
from engine.core.trader_state_json import (
    fill_from_json,
    fill_to_json,
    market_memory_from_json,
    market_memory_to_json,
    order_from_json,
    order_to_json,
)
from engine.core.trading_types import Fill, MarketMemory, Order
from engine.execution.broker import Acknowledgement, BrokerOrder, BrokerOrderStatus, Clearance
from engine.kernel.config_models import HydraConfig
from engine.kernel.crashpoints import crashpoint
from engine.kernel.errors import CorruptStoreError, RefusedError
from engine.sandbox.fill_model import MatchContext, match
from storage.database import Database
from storage.paper_records import PaperOrder, PaperRecords

_STATUSES: dict[str, BrokerOrderStatus] = {"working": "working", "filled": "filled", "cancelled": "cancelled"}


class PaperBroker:
    """Fills orders of one market from its bars. Everything it knows is in the paper_* tables."""

    name = "paper"

    def __init__(self, db: Database, config: HydraConfig) -> None:
        self._db = db
        self._book = PaperRecords(db)
        self._config = config
        self._market = config.market.market

    def submit(self, order: Order, clearance: Clearance) -> Acknowledgement:
        """Take an order. A reference known already is acknowledged and changes nothing."""
        if clearance.order_ref != order.order_ref:
            raise RefusedError(f"the clearance is for {clearance.order_ref}, not for {order.order_ref}")
        if order.market != self._market:
            return Acknowledgement(False, f"this broker trades {self._market}, not {order.market}")
        if order.quantity_lots < 1:
            return Acknowledgement(False, f"{order.quantity_lots} lots is no order")
        with self._db.transaction("paper"):
            self._book.add_order(
                PaperOrder(
                    order.order_ref,
                    order.market,
                    order.contract,
                    order_to_json(order),
                    order.quantity_lots,
                    "working",
                    clearance.ts,
                )
            )
        return Acknowledgement(True)

    def cancel(self, order_ref: str) -> bool:
        """Take a working order out of the book."""
        with self._db.transaction("paper"):
            order = self._book.order(order_ref)
            if order is None or order.status != "working":
                return False
            self._book.update_order(order_ref, remaining_lots=order.remaining_lots, status="cancelled")
        return True

    def on_bar(self, bar: FuturesBar, days_to_expiry: float | None) -> tuple[Fill, ...]:
        """Fill what the bar fills, in one transaction. A bar seen already gives the fills it gave then."""
        with self._db.transaction("paper"):
            memory = self._memory()
            if bar.known_ts <= memory.last_bar_ts:
                return tuple(fill for fill in self._fills(bar.event_ts) if fill.ts == bar.event_ts)
            positions = self._book.positions(self._market)
            working = [
                replace(order_from_json(order.payload), quantity_lots=order.remaining_lots)
                for order in self._book.working_orders(self._market)
            ]
            context = MatchContext(self._config, memory, sum(positions.values()), days_to_expiry)
            fills = match(tuple(working), bar, context)
            for fill in fills:
                self._book_fill(fill, bar)
                positions[fill.contract] = positions.get(fill.contract, 0) + fill.lots
                self._book.put_position(self._market, fill.contract, positions[fill.contract])
            memory = remember(memory, bar, self._config)
            self._book.put_market(self._market, market_memory_to_json(memory), last_bar_ts=bar.known_ts)
            crashpoint("paper.before_commit")
        crashpoint("paper.after_commit")
        return fills

    def warm_up(self, bars: Sequence[FuturesBar]) -> None:
        """Remember bars without filling in them; bars seen already are left out."""
        with self._db.transaction("paper"):
            memory = self._memory()
            for bar in bars:
                if bar.known_ts > memory.last_bar_ts:
                    memory = remember(memory, bar, self._config)
            self._book.put_market(self._market, market_memory_to_json(memory), last_bar_ts=memory.last_bar_ts)

    def order(self, order_ref: str) -> BrokerOrder | None:
        """One order of the book, None where it never arrived."""
        order = self._book.order(order_ref)
        return None if order is None else _broker_order(order)

    def working_orders(self, market: str) -> tuple[BrokerOrder, ...]:
        """Open orders in the order of arrival."""
        return tuple(_broker_order(order) for order in self._book.working_orders(market))

    def fills(self, market: str) -> tuple[Fill, ...]:
        """Every fill of the market, oldest first."""
        return tuple(fill_from_json(value) for value in self._book.fills(market))

    def positions(self, market: str) -> dict[str, int]:
        """Lots by contract."""
        return self._book.positions(market)

    def _memory(self) -> MarketMemory:
        value = self._book.market(self._market)
        return MarketMemory() if value is None else market_memory_from_json(value)

    def _fills(self, from_ts: int) -> tuple[Fill, ...]:
        return tuple(fill_from_json(value) for value in self._book.fills(self._market, from_ts=from_ts))

    def _book_fill(self, fill: Fill, bar: FuturesBar) -> None:
        order = self._book.order(fill.order_ref)
        if order is None:  # a leg of a roll: the broker's own order
            leg = Order(
                fill.order_ref,
                fill.market,
                fill.contract,
                "BUY" if fill.lots > 0 else "SELL",
                abs(fill.lots),
                "market",
                None,
                bar.event_ts,
                fill.reference_price,
                "roll",
                False,
            )
            order = PaperOrder(
                leg.order_ref, leg.market, leg.contract, order_to_json(leg), leg.quantity_lots, "working", bar.event_ts
            )
            self._book.add_order(order)
        if fill.lots * signed_lots(order_from_json(order.payload)) < 0:
            raise CorruptStoreError(f"fill {fill.fill_id} goes against its order {fill.order_ref}")
        remaining = order.remaining_lots - abs(fill.lots)
        self._book.update_order(fill.order_ref, remaining_lots=remaining, status="working" if remaining else "filled")
        self._book.add_fill(fill.fill_id, fill.order_ref, fill_to_json(fill), ts=fill.ts)


def _broker_order(order: PaperOrder) -> BrokerOrder:
    status = _STATUSES.get(order.status)
    if status is None:
        raise CorruptStoreError(f"paper order {order.order_ref} has the unknown status '{order.status}'")
    return BrokerOrder(order.order_ref, order.contract, order.remaining_lots, status)
