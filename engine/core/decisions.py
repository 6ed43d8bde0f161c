"""What the step function decides. Each decision is a value; the shell persists and performs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.core.trading_types import OperationalState, Order, Side


@dataclass(frozen=True, slots=True)
class OrderAccepted:
    """An order passed every risk rule; it works from the next bar on."""

    order: Order


@dataclass(frozen=True, slots=True)
class OrderRefused:
    """A wanted order was refused by one rule, which says why."""

    rule: str
    reason: str
    contract: str
    side: Side
    quantity_lots: int


@dataclass(frozen=True, slots=True)
class CancelWorking:
    """A working order leaves the book before the next bar."""

    order_ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class StateTransition:
    """The operational state moves; persisted before it takes effect. `trigger` names who moved it."""

    old: OperationalState
    new: OperationalState
    reason: str
    trigger: str
    evidence: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class BreakerTripped:
    """A circuit breaker passed its limit and enters a state."""

    breaker: str
    value: float
    limit: float
    enters: OperationalState


@dataclass(frozen=True, slots=True)
class PositionRolled:
    """The position went from one contract to the next; the gap between them was no profit and no loss."""

    old_contract: str
    new_contract: str
    closed_lots: int
    reopened_lots: int
    roll_usd: float


Decision = OrderAccepted | OrderRefused | CancelWorking | StateTransition | BreakerTripped | PositionRolled
