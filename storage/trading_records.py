"""What execution keeps: orders, fills, positions, the trader's state, and the paper broker's own book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from storage.database import Database
from storage.record_table import RecordTable

OrderStatus = Literal["persisted", "submitted", "partly_filled", "filled", "cancelled", "unknown"]
OPEN_ORDER_STATUSES: Final = ("persisted", "submitted", "partly_filled", "unknown")


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order and how far it got. `epoch` is the lease under which it was made; prices in the market's unit."""

    order_ref: str
    market: str
    contract: str
    side: str
    quantity_lots: int
    order_type: str
    limit_price: float | None
    status: OrderStatus
    decision_ts: int
    decision_price: float
    model_id: str
    reduce_only: bool
    epoch: int
    updated_ts: int
    filled_lots: int = 0
    average_fill_price: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class FillRecord:
    """One execution; `lots` signed (bought positive), costs in USD."""

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
    """Lots held in one contract (signed) at their average price."""

    market: str
    contract: str
    lots: int
    average_price: float
    updated_ts: int


@dataclass(frozen=True, slots=True)
class TraderStateRecord:
    """The step function's state after the bar that began at `last_bar_ts`."""

    market: str
    value: Mapping[str, Any]
    last_bar_ts: int
    updated_ts: int


@dataclass(frozen=True, slots=True)
class PaperOrderRecord:
    """An order in the paper broker's book."""

    order_ref: str
    market: str
    contract: str
    payload: Mapping[str, Any]
    remaining_lots: int
    status: str
    accepted_ts: int


@dataclass(frozen=True, slots=True)
class PaperFillRecord:
    """An execution as the paper broker reports it."""

    fill_id: str
    order_ref: str
    payload: Mapping[str, Any]
    ts: int


@dataclass(frozen=True, slots=True)
class PaperPositionRecord:
    """Lots that the paper broker says the account holds."""

    market: str
    contract: str
    lots: int


class TradingRecords:
    """Execution's tables: `.orders .fills .positions .trader_states .paper_orders .paper_fills .paper_positions`."""

    def __init__(self, db: Database) -> None:
        self.orders: RecordTable[OrderRecord] = RecordTable(
            db, "orders", OrderRecord, key=["order_ref"], flags=["reduce_only"], order_by="decision_ts"
        )
        self.fills: RecordTable[FillRecord] = RecordTable(db, "fills", FillRecord, key=["fill_id"], order_by="ts")
        self.positions: RecordTable[PositionRecord] = RecordTable(
            db, "positions", PositionRecord, key=["market", "contract"], order_by="contract"
        )
        self.trader_states: RecordTable[TraderStateRecord] = RecordTable(
            db, "trader_state", TraderStateRecord, key=["market"], json=["value"], order_by="market"
        )
        self.paper_orders: RecordTable[PaperOrderRecord] = RecordTable(
            db, "paper_orders", PaperOrderRecord, key=["order_ref"], json=["payload"], order_by="accepted_ts"
        )
        self.paper_fills: RecordTable[PaperFillRecord] = RecordTable(
            db, "paper_fills", PaperFillRecord, key=["fill_id"], json=["payload"], order_by="ts"
        )
        self.paper_positions: RecordTable[PaperPositionRecord] = RecordTable(
            db, "paper_positions", PaperPositionRecord, key=["market", "contract"], order_by="contract"
        )

    def open_orders(self, market: str | None = None) -> list[OrderRecord]:
        """Orders whose end is not known: persisted, submitted, partly filled or of unknown outcome."""
        if market is None:
            return self.orders.list(status=OPEN_ORDER_STATUSES)
        return self.orders.list(status=OPEN_ORDER_STATUSES, market=market)
