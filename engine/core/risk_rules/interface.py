"""The one interface of risk rules."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from engine.core.bookkeeping import signed_lots
from engine.core.step_types import StepObservation
from engine.core.trading_types import Order, TraderState
from engine.kernel.config_models import HydraConfig, RiskConfig


@dataclass(frozen=True, slots=True)
class OrderContext:
    """An order and everything that a rule may judge it by. `state` is that after the bar's fills and breakers;
    `risk` are the limits in force."""

    order: Order
    state: TraderState
    observation: StepObservation
    config: HydraConfig
    risk: RiskConfig

    @property
    def position_after(self) -> int:
        """Lots held if the order fills whole."""
        return self.state.position_lots + signed_lots(self.order)

    @property
    def raises_risk(self) -> bool:
        """True unless the order only brings the position nearer to flat."""
        return raises_risk(self.state.position_lots, signed_lots(self.order))

    @property
    def notional_after_usd(self) -> float:
        """Absolute notional of the position after the order, USD."""
        return abs(self.position_after) * self.state.last_price * self.config.market.contract.usd_per_point


def raises_risk(position_lots: int, order_lots: int) -> bool:
    """True unless an order (signed lots) only brings the position nearer to flat."""
    after = position_lots + order_lots
    return abs(after) >= abs(position_lots) or (after != 0 and (after > 0) != (position_lots > 0))


class RiskRule(ABC):
    """One reason to refuse an order. Rules with `binds_reducing` False let pass what only lowers risk."""

    name: ClassVar[str]
    binds_reducing: ClassVar[bool] = False

    @abstractmethod
    def refusal(self, context: OrderContext) -> str:
        """Why the order is refused, "" where this rule has no objection."""
