"""The one interface of circuit breakers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from engine.core.state_machine import Trigger
from engine.kernel.config_models import RiskConfig


@dataclass(frozen=True, slots=True)
class AccountView:
    """The account at a bar's close, in USD and lots; `round_trip_pnl_usd` is that of the trade open during the bar."""

    equity_usd: float
    peak_equity_usd: float
    day_start_equity_usd: float
    round_trip_pnl_usd: float
    position_lots: int
    errors_last_hour: int

    @property
    def drawdown_fraction(self) -> float:
        """Loss since the high-water mark as a share of it."""
        return 1.0 - self.equity_usd / self.peak_equity_usd

    @property
    def day_loss_fraction(self) -> float:
        """Loss of the session as a share of the equity at its start; negative when winning."""
        return 1.0 - self.equity_usd / self.day_start_equity_usd


@dataclass(frozen=True, slots=True)
class BreakerReading:
    """A limit that was passed, and how the state machine hears of it."""

    breaker: str
    trigger: Trigger
    value: float
    limit: float
    reason: str


class Breaker(ABC):
    """A limit on the account. Pure: the same view gives the same reading."""

    name: ClassVar[str]

    @abstractmethod
    def assess(self, view: AccountView, risk: RiskConfig) -> tuple[BreakerReading, ...]:
        """Every limit passed, none when calm."""

    def calm(self, view: AccountView, risk: RiskConfig) -> bool:
        """True once the condition has clearly gone (hysteresis): below the recovery share of the warning limit."""
        return not self.assess(view, risk)
