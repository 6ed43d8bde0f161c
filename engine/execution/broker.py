"""The one protocol of brokers. Only the risk manager may submit: a submit needs a clearance, which only it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from engine.core.records import FuturesBar
from engine.core.trading_types import Fill, Order

BrokerOrderStatus = Literal["working", "filled", "cancelled"]


@dataclass(frozen=True, slots=True)
class Clearance:
    """Proof that the risk manager let this order through, in which epoch of the lease and when."""

    order_ref: str
    epoch: int
    ts: int


@dataclass(frozen=True, slots=True)
class BrokerOrder:
    """An order as the broker's book has it."""

    order_ref: str
    contract: str
    remaining_lots: int
    status: BrokerOrderStatus


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The broker's answer to a submit: taken, or refused with a reason."""

    accepted: bool
    reason: str = ""


class Broker(Protocol):
    """A book elsewhere. Every call is idempotent by `order_ref` or by bar; any exception means: outcome unknown."""

    name: str

    def submit(self, order: Order, clearance: Clearance) -> Acknowledgement:
        """Take an order into the book; a reference known already changes nothing and is acknowledged again."""
        ...

    def cancel(self, order_ref: str) -> bool:
        """Take an order out of the book; True where it was working and now is not."""
        ...

    def on_bar(self, bar: FuturesBar, days_to_expiry: float | None) -> tuple[Fill, ...]:
        """Fills that happened during `bar`; the same bar again gives the same fills."""
        ...

    def warm_up(self, bars: Sequence[FuturesBar]) -> None:
        """Learn of bars that passed before trading began; nothing fills in them. A real broker has seen them."""
        ...

    def order(self, order_ref: str) -> BrokerOrder | None:
        """One order of the book, None where the broker never saw it."""
        ...

    def working_orders(self, market: str) -> tuple[BrokerOrder, ...]:
        """Orders that may still fill."""
        ...

    def fills(self, market: str) -> tuple[Fill, ...]:
        """Every fill, oldest first."""
        ...

    def positions(self, market: str) -> dict[str, int]:
        """Lots by contract; flat ones are absent."""
        ...
