"""Values of trading: prediction, order, fill, trader state, decisions. All frozen; times are UTC microseconds."""

from __future__ import annotations

import math
from dataclasses import dataclass
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
    `trading_rate` in (0, 1] is the share of the way to the target that one bar may trade, at least one lot.
    `size_multiplier` in [0, 1] shrinks the position after every cap, while a fault is being repaired.
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
    trading_rate: float = 1.0
    size_multiplier: float = 1.0


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
    """Costs of one fill in USD, each at least 0. Spread, impact and roll are part of the fill's price; fees come on
    top. The legs of a roll carry their spread and impact as `roll_usd`."""

    spread_usd: float
    impact_usd: float
    fees_usd: float
    roll_usd: float = 0.0

    @property
    def total_usd(self) -> float:
        """All costs together, USD."""
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
class MarketMemory:
    """What trading needs to remember of one bar series; the step function and the paper broker each keep one.

    `contract` and `last_price` are those of the last bar; `reference_price` is the last price of the former session in
    the same contract (NaN at its start), against which daily limits count. `day_volumes` are lots of complete
    sessions, `adv_lots` their mean (0 until a session is complete). `bar_variance` is the EWMA variance of one-bar log
    returns within one contract. `last_bar_ts` is the known time of the last bar.
    """

    contract: str = ""
    last_price: float = math.nan
    reference_price: float = math.nan
    day: str = ""
    running_volume_lots: float = 0.0
    day_volumes: tuple[float, ...] = ()
    adv_lots: float = 0.0
    bar_variance: float = 0.0
    returns_seen: int = 0
    bars_seen: int = 0
    last_bar_ts: int = 0


@dataclass(frozen=True, slots=True)
class TraderState:
    """Everything the step function carries from bar to bar for one market. JSON-serialisable.

    `position_lots` is held in `contract`. `state_trigger` says what led to the operational state ("breaker:drawdown",
    "operator", ...); `calm_bars` counts recovered bars on the way from DEGRADED back to RUNNING. Quantities of
    `working_orders` are what remains of them.
    """

    market: str
    operational_state: OperationalState
    position_lots: int
    average_price: float
    equity_usd: float
    peak_equity_usd: float
    day_start_equity_usd: float
    orders_today: int = 0
    round_trip_pnl_usd: float = 0.0
    working_orders: tuple[Order, ...] = ()
    memory: MarketMemory = MarketMemory()
    state_trigger: str = ""
    calm_bars: int = 0

    @property
    def contract(self) -> str:
        """The contract of the last bar and of the position; empty before the first bar."""
        return self.memory.contract

    @property
    def last_price(self) -> float:
        """Close of the last bar; NaN before the first."""
        return self.memory.last_price

    @property
    def day(self) -> str:
        """Session day of the last bar, ISO date in the exchange's zone."""
        return self.memory.day

    @property
    def adv_lots(self) -> float:
        """Average daily volume, lots; 0 until a session is complete."""
        return self.memory.adv_lots

    @property
    def last_bar_ts(self) -> int:
        """Known time of the last bar processed; 0 before the first."""
        return self.memory.last_bar_ts

    @property
    def bars_seen(self) -> int:
        """Bars processed so far."""
        return self.memory.bars_seen
