"""The paper broker's own book, as a real broker would hold it elsewhere: nothing but the paper broker writes here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.kernel.canonical import canonical_json
from engine.kernel.errors import CorruptStoreError
from storage.database import Database


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """An order in the broker's book: `payload` as it was sent, `remaining_lots` still open, `status` working, filled or
    cancelled; `accepted_ts` on the engine's clock (UTC microseconds)."""

    order_ref: str
    market: str
    contract: str
    payload: Mapping[str, Any]
    remaining_lots: int
    status: str
    accepted_ts: int


class PaperRecords:
    """Typed access to the paper_* tables. Writes join the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_order(self, order: PaperOrder) -> bool:
        """Insert an order; False where the reference is known (a repeated submit changes nothing)."""
        return (
            self._db.execute(
                "INSERT OR IGNORE INTO paper_orders(order_ref, market, contract, payload, remaining_lots, status, "
                "accepted_ts) VALUES(?,?,?,?,?,?,?)",
                (
                    order.order_ref,
                    order.market,
                    order.contract,
                    canonical_json(order.payload),
                    order.remaining_lots,
                    order.status,
                    order.accepted_ts,
                ),
            )
            == 1
        )

    def update_order(self, order_ref: str, *, remaining_lots: int, status: str) -> None:
        """Change what is open of an order."""
        self._db.execute(
            "UPDATE paper_orders SET remaining_lots = ?, status = ? WHERE order_ref = ?",
            (remaining_lots, status, order_ref),
        )

    def order(self, order_ref: str) -> PaperOrder | None:
        """One order, or None where the broker never saw it."""
        rows = self._orders("order_ref = ?", (order_ref,))
        return rows[0] if rows else None

    def working_orders(self, market: str) -> list[PaperOrder]:
        """Open orders in the order of their arrival."""
        return self._orders("market = ? AND status = 'working'", (market,))

    def add_fill(self, fill_id: str, order_ref: str, payload: Mapping[str, Any], *, ts: int) -> bool:
        """Insert a fill; False where it is there already."""
        return (
            self._db.execute(
                "INSERT OR IGNORE INTO paper_fills(fill_id, order_ref, payload, ts) VALUES(?,?,?,?)",
                (fill_id, order_ref, canonical_json(payload), ts),
            )
            == 1
        )

    def fills(self, market: str, *, from_ts: int = 0) -> list[dict[str, Any]]:
        """Payloads of fills of a market at or after `from_ts`, in the order they happened."""
        rows = self._db.query(
            "SELECT f.payload FROM paper_fills f JOIN paper_orders o ON o.order_ref = f.order_ref "
            "WHERE o.market = ? AND f.ts >= ? ORDER BY f.ts, f.rowid",
            (market, from_ts),
        )
        return [_parsed(row[0], "paper fill") for row in rows]

    def put_position(self, market: str, contract: str, lots: int) -> None:
        """Store the lots held of a contract; a flat one leaves the book."""
        if lots == 0:
            self._db.execute("DELETE FROM paper_positions WHERE market = ? AND contract = ?", (market, contract))
            return
        self._db.execute(
            "INSERT INTO paper_positions(market, contract, lots) VALUES(?,?,?) "
            "ON CONFLICT(market, contract) DO UPDATE SET lots = excluded.lots",
            (market, contract, lots),
        )

    def positions(self, market: str) -> dict[str, int]:
        """Lots by contract; empty when flat."""
        rows = self._db.query(
            "SELECT contract, lots FROM paper_positions WHERE market = ? AND lots <> 0 ORDER BY contract", (market,)
        )
        return {row[0]: row[1] for row in rows}

    def put_market(self, market: str, value: Mapping[str, Any], *, last_bar_ts: int) -> None:
        """Store the broker's memory of a market after the bar known at `last_bar_ts`."""
        self._db.execute(
            "INSERT INTO paper_market(market, value, last_bar_ts) VALUES(?,?,?) "
            "ON CONFLICT(market) DO UPDATE SET value = excluded.value, last_bar_ts = excluded.last_bar_ts",
            (market, canonical_json(value), last_bar_ts),
        )

    def market(self, market: str) -> dict[str, Any] | None:
        """The broker's memory of a market, None before its first bar."""
        row = self._db.query_one("SELECT value FROM paper_market WHERE market = ?", (market,))
        return None if row is None else _parsed(row[0], "paper market")

    def _orders(self, condition: str, parameters: tuple[object, ...]) -> list[PaperOrder]:
        rows = self._db.query(
            "SELECT order_ref, market, contract, payload, remaining_lots, status, accepted_ts FROM paper_orders "
            f"WHERE {condition} ORDER BY accepted_ts, rowid",
            parameters,
        )
        return [PaperOrder(row[0], row[1], row[2], _parsed(row[3], "paper order"), *row[4:7]) for row in rows]


def _parsed(text: str, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise CorruptStoreError(f"a stored {what} is not JSON; restore a backup") from error
    if not isinstance(value, dict):
        raise CorruptStoreError(f"a stored {what} is not an object; restore a backup")
    return value
