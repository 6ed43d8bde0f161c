"""Settle with the broker's book whatever a crash or a lost reply left open. Runs after every start, before any order.

An order of unknown outcome is never sent again: if the broker has it, it lives on; if not, it is cancelled with that
reason. Fills that the journal lacks are booked once. Positions that then still differ halt trading.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.core.state_machine import Trigger
from engine.core.trading_types import Fill
from engine.execution.broker import Broker, BrokerOrder
from engine.execution.order_manager import OrderManager
from engine.execution.state_keeper import StateKeeper
from engine.execution.trader_book import TraderBook, load_book, save_book
from engine.kernel.crashpoints import crashpoint
from storage.trading_records import OPEN_ORDER_STATUSES, OrderRecord

if TYPE_CHECKING:
    from storage.stores import Stores

NEVER_ARRIVED = "the broker does not know the order; an unknown outcome is never sent again"


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """What was settled: orders with their outcome, fills booked, contracts that disagree (journal and broker lots)."""

    outcomes: dict[str, str]
    fills_booked: tuple[str, ...]
    mismatches: dict[str, tuple[int, int]]


def reconcile(stores: Stores, broker: Broker, market: str, *, epoch: int, now_ts: int) -> ReconcileReport:
    """Bring journal and broker together for one market. Idempotent: a second run finds nothing to do."""
    orders = OrderManager(stores, market, epoch=epoch)
    fills = broker.fills(market)
    broker_orders = {record.order_ref: broker.order(record.order_ref) for record in stores.trading.open_orders(market)}
    book = load_book(stores.trading, market)
    wanted = {order.order_ref for order in book.state.working_orders} if book is not None else set()
    strays = _cancel_strays(broker, market, stores, wanted)
    outcomes = dict.fromkeys(strays, "cancelled: no longer wanted")
    with stores.db.transaction("reconcile"):
        missing = tuple(fill for fill in fills if stores.trading.fills.get(fill.fill_id) is None)
        for fill in missing:
            orders.book_fill(fill, ts=now_ts)
        for record in stores.trading.open_orders(market):
            outcome = _settle(orders, record, broker_orders.get(record.order_ref), record.order_ref in wanted, now_ts)
            if outcome:
                outcomes[record.order_ref] = outcome
                stores.events.append(
                    "order.reconciled",
                    record.order_ref,
                    {"order_ref": record.order_ref, "outcome": outcome},
                    ts=now_ts,
                    market=market,
                )
        if book is not None:
            _update_book(stores, book, missing, now_ts)
        mismatches = _mismatches(stores, broker, market, now_ts)
        crashpoint("reconcile.before_commit")
    return ReconcileReport(outcomes, tuple(fill.fill_id for fill in missing), mismatches)


def _settle(orders: OrderManager, record: OrderRecord, at_broker: BrokerOrder | None, wanted: bool, ts: int) -> str:
    """Bring one open order to the broker's view of it; "" where nothing was open."""
    if at_broker is None:
        orders.cancelled(record.order_ref, reason=NEVER_ARRIVED, ts=ts)
        return f"cancelled: {NEVER_ARRIVED}"
    if at_broker.status == "cancelled" or not wanted:
        orders.cancelled(record.order_ref, reason=record.reason or "the broker had cancelled it", ts=ts)
        return "cancelled at the broker"
    if record.status in ("persisted", "unknown"):
        orders.acknowledged(record.order_ref, ts=ts)
        return "the broker has it"
    return ""


def _cancel_strays(broker: Broker, market: str, stores: Stores, wanted: set[str]) -> list[str]:
    """Cancel at the broker what the trader no longer wants; returns the references cancelled."""
    strays = []
    for order in broker.working_orders(market):
        record = stores.trading.orders.get(order.order_ref)
        is_wanted = order.order_ref in wanted and record is not None and record.status in OPEN_ORDER_STATUSES
        if not is_wanted and broker.cancel(order.order_ref):
            strays.append(order.order_ref)
    return strays


def _update_book(stores: Stores, book: TraderBook, missing: tuple[Fill, ...], now_ts: int) -> None:
    """Hand the trader the fills it has not seen, and take from it the orders that ended."""
    ended = {
        record.order_ref
        for order in book.state.working_orders
        if (record := stores.trading.orders.get(order.order_ref)) is not None and record.status == "cancelled"
    }
    pending = book.pending_fills + missing
    if not ended and not missing:
        return
    kept = tuple(order for order in book.state.working_orders if order.order_ref not in ended)
    save_book(stores.trading, TraderBook(replace(book.state, working_orders=kept), pending), ts=now_ts)


def _mismatches(stores: Stores, broker: Broker, market: str, now_ts: int) -> dict[str, tuple[int, int]]:
    journal = {position.contract: position.lots for position in stores.trading.positions.list(market=market)}
    at_broker = broker.positions(market)
    from_fills = _filled_lots(stores, market)
    different = {
        contract: (journal.get(contract, 0), at_broker.get(contract, 0))
        for contract in sorted(journal.keys() | at_broker.keys() | from_fills.keys())
        if not journal.get(contract, 0) == at_broker.get(contract, 0) == from_fills.get(contract, 0)
    }
    for contract, (journal_lots, broker_lots) in different.items():
        payload = {"contract": contract, "journal_lots": journal_lots, "broker_lots": broker_lots}
        stores.events.append("position.mismatch", contract, payload, ts=now_ts, market=market)
    if different:
        StateKeeper(stores, market).apply(
            Trigger.CRITICAL,
            reason=f"journal and broker disagree on {', '.join(different)}",
            source="reconciliation",
            ts=now_ts,
        )
    return different


def _filled_lots(stores: Stores, market: str) -> dict[str, int]:
    """Sum of all fills by contract: what the positions must be."""
    rows = stores.db.query(
        "SELECT contract, sum(lots) AS lots FROM fills WHERE market = ? GROUP BY contract HAVING sum(lots) <> 0",
        (market,),
    )
    return {row["contract"]: row["lots"] for row in rows}
