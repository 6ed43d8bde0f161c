"""The life of orders in the journal: persisted before sending, acknowledged, filled, cancelled; fills become positions.

Every method joins the caller's transaction and writes the event with the row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.bookkeeping import average_after
from engine.core.decisions import OrderRefused
from engine.core.trading_types import Fill, Order
from storage.trading_records import OPEN_ORDER_STATUSES, FillRecord, OrderRecord, OrderStatus, PositionRecord

if TYPE_CHECKING:
    from storage.stores import Stores


class OrderManager:
    """Writes orders, fills and positions of one market. `epoch` is that of the engine's lease."""

    def __init__(self, stores: Stores, market: str, *, epoch: int) -> None:
        self._stores = stores
        self._market = market
        self._epoch = epoch

    def persist(self, order: Order, *, ts: int) -> None:
        """Write an accepted order, before it is sent anywhere."""
        self._stores.trading.orders.add(_record(order, self._epoch, ts))
        self._event(
            "order.created",
            order.order_ref,
            {
                "order_ref": order.order_ref,
                "contract": order.contract,
                "side": order.side,
                "quantity_lots": order.quantity_lots,
                "order_type": order.order_type,
                "decision_price": order.decision_price,
                "limit_price": order.limit_price,
                "model_id": order.model_id,
                "reduce_only": order.reduce_only,
            },
            ts,
        )

    def refused(self, refusal: OrderRefused, *, ts: int) -> None:
        """Record that the risk rules refused a wanted order."""
        self._event(
            "order.refused",
            refusal.rule,
            {
                "rule": refusal.rule,
                "reason": refusal.reason,
                "contract": refusal.contract,
                "side": refusal.side,
                "quantity_lots": refusal.quantity_lots,
            },
            ts,
        )

    def refused_at_gate(self, order: Order, *, rule: str, reason: str, ts: int) -> None:
        """An accepted order was stopped right before sending: it ends here."""
        self._change(order.order_ref, "cancelled", ts, f"{rule}: {reason}")
        payload = {
            "rule": rule,
            "reason": reason,
            "contract": order.contract,
            "side": order.side,
            "quantity_lots": order.quantity_lots,
            "order_ref": order.order_ref,
        }
        self._event("order.refused", order.order_ref, payload, ts)

    def acknowledged(self, order_ref: str, *, ts: int) -> None:
        """The broker has the order."""
        record = self._stores.trading.orders.get(order_ref)
        if record is not None and record.status in ("persisted", "unknown"):
            self._change(order_ref, "submitted", ts)
            self._event("order.submitted", order_ref, {"order_ref": order_ref}, ts)

    def outcome_unknown(self, order_ref: str, *, reason: str, ts: int) -> None:
        """Nobody knows whether the broker has the order: it is never sent again, reconciliation settles it."""
        self._change(order_ref, "unknown", ts, reason)

    def cancel_requested(self, order_ref: str, *, reason: str, ts: int) -> None:
        """Note why an order is to leave the book; it is cancelled once the broker has said so."""
        record = self._stores.trading.orders.get(order_ref)
        if record is not None and record.status in OPEN_ORDER_STATUSES:
            self._change(order_ref, record.status, ts, reason)

    def cancelled(self, order_ref: str, *, reason: str, ts: int) -> None:
        """The order has left the book, unfilled or partly filled."""
        record = self._stores.trading.orders.get(order_ref)
        if record is None or record.status not in OPEN_ORDER_STATUSES:
            return
        self._change(order_ref, "cancelled", ts, reason)
        payload = {"order_ref": order_ref, "reason": reason, "filled_lots": record.filled_lots}
        self._event("order.cancelled", order_ref, payload, ts)

    def book_fill(self, fill: Fill, *, ts: int) -> bool:
        """Book a fill once: fill row, order, position, event. False where the journal holds it already."""
        trading = self._stores.trading
        if trading.fills.get(fill.fill_id) is not None:
            return False
        order = trading.orders.get(fill.order_ref)
        if order is None:  # a leg of a roll, or an order of another hand: the journal shows it all the same
            order = _broker_side_record(fill, self._epoch, ts)
            trading.orders.add(order)
        costs = fill.costs
        trading.fills.add(
            FillRecord(
                fill.fill_id,
                fill.order_ref,
                fill.market,
                fill.contract,
                fill.ts,
                fill.lots,
                fill.price,
                fill.reference_price,
                costs.spread_usd,
                costs.impact_usd,
                costs.fees_usd,
                costs.roll_usd,
            )
        )
        size = abs(fill.lots)
        filled = order.filled_lots + size
        average = ((order.average_fill_price or 0.0) * order.filled_lots + fill.price * size) / filled
        status: OrderStatus = "filled" if filled >= order.quantity_lots else "partly_filled"
        if order.status == "cancelled" and status == "partly_filled":
            status = "cancelled"
        trading.orders.change(
            fill.order_ref, status=status, filled_lots=filled, average_fill_price=average, updated_ts=ts
        )
        self._book_position(fill, ts)
        sign = 1.0 if fill.lots > 0 else -1.0
        payload = {
            "order_ref": fill.order_ref,
            "fill_id": fill.fill_id,
            "contract": fill.contract,
            "lots": fill.lots,
            "price": fill.price,
            "costs_usd": costs.total_usd,
            "slippage_bps": sign * (fill.price / order.decision_price - 1.0) * 1e4,
        }
        self._event("order.filled", fill.order_ref, payload, ts)
        return True

    def _book_position(self, fill: Fill, ts: int) -> None:
        positions = self._stores.trading.positions
        before = positions.get(self._market, fill.contract)
        lots, average = (before.lots, before.average_price) if before is not None else (0, 0.0)
        if lots + fill.lots == 0:
            positions.delete(self._market, fill.contract)
            return
        average = average_after(lots, average, fill)
        positions.upsert(PositionRecord(self._market, fill.contract, lots + fill.lots, average, ts))

    def _change(self, order_ref: str, status: OrderStatus, ts: int, reason: str | None = None) -> None:
        if reason is None:
            self._stores.trading.orders.change(order_ref, status=status, updated_ts=ts)
        else:
            self._stores.trading.orders.change(order_ref, status=status, updated_ts=ts, reason=reason)

    def _event(self, kind: str, subject: str, payload: dict[str, object], ts: int) -> None:
        self._stores.events.append(kind, subject, payload, ts=ts, market=self._market)


def _record(order: Order, epoch: int, ts: int) -> OrderRecord:
    return OrderRecord(
        order.order_ref,
        order.market,
        order.contract,
        order.side,
        order.quantity_lots,
        order.order_type,
        order.limit_price,
        "persisted",
        order.decision_ts,
        order.decision_price,
        order.model_id,
        order.reduce_only,
        epoch,
        ts,
    )


def _broker_side_record(fill: Fill, epoch: int, ts: int) -> OrderRecord:
    return OrderRecord(
        fill.order_ref,
        fill.market,
        fill.contract,
        "BUY" if fill.lots > 0 else "SELL",
        abs(fill.lots),
        "market",
        None,
        "submitted",
        fill.ts,
        fill.reference_price,
        "roll" if fill.costs.roll_usd else "broker",
        False,
        epoch,
        ts,
        reason="made by the broker",
    )
