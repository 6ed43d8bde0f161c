"""Values of trading: prediction, order, fill, trader state, decisions. All frozen; times are UTC microseconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Side = Literal["BUY", "SELL"]
OrderType = Literal["market", "limit"]


class OperationalState(StrEnum):
    """States of the trading machine; UNKNOWN permits nothing and flattens nothing."""

    RUNNING = "RUNNING"
    DEGRADED = "DEGRADED"
    HALTED = "HALTED"
    LOCKDOWN = "LOCKDOWN"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says at `ts` about the next `horizon_bars` bars.

    `expected_return` and `return_sd` are log returns over the horizon. `edge_lower_bound` is the one-sided lower bound
    of the model's out-of-sample edge (mean score per bar); at or below 0 the size is 0. `shrinkage` in [0, 1] is the
    Kelly multiplier for estimation error. `usable` is False with a reason where inputs are stale or missing.
    """

    ts: int
    model_id: str
    expected_return: float
    return_sd: float
    confidence: float
    edge_lower_bound: float
    shrinkage: float
    horizon_bars: int = 1
    usable: bool = True
    unusable_reason: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """An order that passed the risk manager. `order_ref` is ours, derived from content, persisted before sending."""

    order_ref: str
    market: str
    contract: str
    side: Side
    quantity_lots: int
    order_type: OrderType
    limit_price: float | None
    decision_ts: int
    decision_price: float
    model_id: str
    reduce_only: bool


@dataclass(frozen=True, slots=True)
class FillCosts:
    """Costs of one fill in USD, each at least 0."""

    spread_usd: float
    impact_usd: float
    fees_usd: float
    roll_usd: float = 0.0

    @property
    def total_usd(self) -> float:
        """All costs together."""
        return self.spread_usd + self.impact_usd + self.fees_usd + self.roll_usd


@dataclass(frozen=True, slots=True)
class Fill:
    """A (partial) execution. `lots` is signed: positive bought, negative sold. `price` already holds spread and impact;
    `costs` says how much of it they were, measured against `reference_price` (the bar's open)."""

    fill_id: str
    order_ref: str
    market: str
    contract: str
    ts: int
    lots: int
    price: float
    reference_price: float
    costs: FillCosts


@dataclass(frozen=True, slots=True)
class TraderState:
    """Everything the step function carries from bar to bar for one market. JSON-serialisable."""

    market: str
    operational_state: OperationalState
    contract: str
    position_lots: int
    average_price: float
    last_price: float
    equity_usd: float
    peak_equity_usd: float
    day: str
    day_start_equity_usd: float
    orders_today: int
    round_trip_pnl_usd: float
    adv_lots: float
    working_orders: tuple[Order, ...] = ()
    last_bar_ts: int = 0
    bars_seen: int = 0
    volume_history: tuple[float, ...] = field(default=())
