"""Tables of trading: orders, fills, positions, the trader's state. Rows as typed values; every write joins the caller's
transaction, so that a decision, its order and its event are durable together. Times are UTC microseconds."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from typing import Any, Final

from engine.kernel.canonical import canonical_json
from engine.kernel.errors import CorruptStoreError, NotFoundError
from storage.database import Database

OPEN_STATUSES: Final = ("persisted", "submitted", "partly_filled", "unknown")


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """One order of the journal. `quantity_lots` is what was ordered, `filled_lots` what was filled of it."""

    order_ref: str
    market: str
    contract: str
    side: str
    quantity_lots: int
    order_type: str
    limit_price: float | None
    status: str
    decision_ts: int
    decision_price: float
    model_id: str
    reduce_only: bool
    epoch: int
    filled_lots: int
    average_fill_price: float | None
    reason: str | None
    updated_ts: int

    @property
    def is_open(self) -> bool:
        """True while the order may still fill, as far as the journal knows."""
        return self.status in OPEN_STATUSES


@dataclass(frozen=True, slots=True)
class FillRecord:
    """One fill of the journal; `lots` signed, costs in USD."""

    fill_id: str
    order_ref: str
    market: str
    contract: str
    ts: int
    lots: int
    price: float
    reference_price: float
    spread_usd: float
    impact_usd: float
    fees_usd: float
    roll_usd: float


@dataclass(frozen=True, slots=True)
class PositionRecord:
    """Lots held of one contract, as the journal has them."""

    market: str
    contract: str
    lots: int
    average_price: float
    updated_ts: int


_ORDER_COLUMNS: Final = ", ".join(field.name for field in fields(OrderRecord))
_FILL_COLUMNS: Final = ", ".join(field.name for field in fields(FillRecord))
_ORDER_MARKS: Final = ", ".join("?" for _ in fields(OrderRecord))
_FILL_MARKS: Final = ", ".join("?" for _ in fields(FillRecord))


class TradingRecords:
    """Typed access to the execution tables of one workspace."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_order(self, record: OrderRecord) -> bool:
        """Insert an order; False where its reference is known already (nothing changes)."""
        sql = f"INSERT OR IGNORE INTO orders({_ORDER_COLUMNS}) VALUES({_ORDER_MARKS})"
        return self._db.execute(sql, astuple(record)) == 1

    def update_order(
        self,
        order_ref: str,
        *,
        status: str,
        ts: int,
        reason: str | None = None,
        filled_lots: int | None = None,
        average_fill_price: float | None = None,
    ) -> None:
        """Change an order's status; None leaves the other columns as they are. NotFoundError for an unknown order."""
        changed = self._db.execute(
            "UPDATE orders SET status = ?, updated_ts = ?, reason = coalesce(?, reason), "
            "filled_lots = coalesce(?, filled_lots), average_fill_price = coalesce(?, average_fill_price) "
            "WHERE order_ref = ?",
            (status, ts, reason, filled_lots, average_fill_price, order_ref),
        )
        if not changed:
            raise NotFoundError(f"no order {order_ref} in the journal")

    def order(self, order_ref: str) -> OrderRecord | None:
        """One order, or None."""
        row = self._db.query_one(f"SELECT {_ORDER_COLUMNS} FROM orders WHERE order_ref = ?", (order_ref,))
        return None if row is None else _order(row)

    def orders(
        self, market: str, *, statuses: Iterable[str] | None = None, limit: int | None = None
    ) -> list[OrderRecord]:
        """Orders of a market, newest decision first; `statuses` narrows, `limit` caps."""
        wanted = None if statuses is None else tuple(statuses)
        clause = "" if wanted is None else f" AND status IN ({', '.join('?' for _ in wanted)})"
        sql = (
            f"SELECT {_ORDER_COLUMNS} FROM orders WHERE market = ?{clause} ORDER BY decision_ts DESC, order_ref LIMIT ?"
        )
        return [_order(row) for row in self._db.query(sql, (market, *(wanted or ()), -1 if limit is None else limit))]

    def open_orders(self, market: str) -> list[OrderRecord]:
        """Orders that may still fill, newest decision first."""
        return self.orders(market, statuses=OPEN_STATUSES)

    def add_fill(self, record: FillRecord) -> bool:
        """Insert a fill; False where it is booked already: a fill counts once."""
        sql = f"INSERT OR IGNORE INTO fills({_FILL_COLUMNS}) VALUES({_FILL_MARKS})"
        return self._db.execute(sql, astuple(record)) == 1

    def has_fill(self, fill_id: str) -> bool:
        """True where the journal holds the fill."""
        return self._db.query_one("SELECT 1 FROM fills WHERE fill_id = ?", (fill_id,)) is not None

    def fills(self, market: str, *, after_ts: int = -1, limit: int | None = None) -> list[FillRecord]:
        """Fills of a market with `ts` > `after_ts`, newest first."""
        sql = f"SELECT {_FILL_COLUMNS} FROM fills WHERE market = ? AND ts > ? ORDER BY ts DESC, fill_id LIMIT ?"
        return [FillRecord(*row) for row in self._db.query(sql, (market, after_ts, -1 if limit is None else limit))]

    def fill_ids(self, market: str) -> frozenset[str]:
        """Identifiers of every booked fill of a market."""
        return frozenset(row[0] for row in self._db.query("SELECT fill_id FROM fills WHERE market = ?", (market,)))

    def put_position(self, record: PositionRecord) -> None:
        """Store the lots of one contract; a flat contract leaves the table."""
        if record.lots == 0:
            self._db.execute(
                "DELETE FROM positions WHERE market = ? AND contract = ?", (record.market, record.contract)
            )
            return
        self._db.execute(
            "INSERT INTO positions(market, contract, lots, average_price, updated_ts) VALUES(?,?,?,?,?) "
            "ON CONFLICT(market, contract) DO UPDATE SET lots = excluded.lots, "
            "average_price = excluded.average_price, updated_ts = excluded.updated_ts",
            astuple(record),
        )

    def positions(self, market: str) -> list[PositionRecord]:
        """Open positions of a market by contract; empty when flat."""
        sql = (
            "SELECT market, contract, lots, average_price, updated_ts FROM positions WHERE market = ? "
            "AND lots <> 0 ORDER BY contract"
        )
        return [PositionRecord(*row) for row in self._db.query(sql, (market,))]

    def put_trader_state(self, market: str, value: Mapping[str, Any], *, last_bar_ts: int, ts: int) -> None:
        """Store the trader's state (a JSON value) after the bar known at `last_bar_ts`."""
        self._db.execute(
            "INSERT INTO trader_state(market, value, last_bar_ts, updated_ts) VALUES(?,?,?,?) "
            "ON CONFLICT(market) DO UPDATE SET value = excluded.value, last_bar_ts = excluded.last_bar_ts, "
            "updated_ts = excluded.updated_ts",
            (market, canonical_json(value), last_bar_ts, ts),
        )

    def trader_state(self, market: str) -> dict[str, Any] | None:
        """The stored JSON value, None before the first; CorruptStoreError where it does not read."""
        row = self._db.query_one("SELECT value FROM trader_state WHERE market = ?", (market,))
        return None if row is None else _parsed(row[0], f"trader state of {market}")


def _order(row: sqlite3.Row) -> OrderRecord:
    values = {name: row[name] for name in row.keys()}  # noqa: SIM118 - a Row iterates over values
    return OrderRecord(**{**values, "reduce_only": bool(values["reduce_only"])})


def _parsed(text: str, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise CorruptStoreError(f"the stored {what} is not JSON; restore a backup") from error
    if not isinstance(value, dict):
        raise CorruptStoreError(f"the stored {what} is not an object; restore a backup")
    return value
