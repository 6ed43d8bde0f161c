"""Which contract a continuous series holds: one small state machine that moves forward and never back.

A later contract takes over after it led the held one for `confirm_sessions` sessions running, by volume or by open
interest and by the factor `lead_ratio`; or, whatever they say, `days_before_expiry` days before the held contract's
last usable day. Only figures of earlier sessions count, so that the choice is known before the session begins. The size
of a price jump is never looked at. A missing figure leads nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

RollCriterion = Literal["volume", "open_interest", "days_to_expiry"]


@dataclass(frozen=True, slots=True)
class RollPolicy:
    """When to roll. `lead_ratio` >= 1; `days_before_expiry` are calendar days and apply under every criterion."""

    criterion: RollCriterion
    confirm_sessions: int
    lead_ratio: float
    days_before_expiry: int


@dataclass(frozen=True, slots=True)
class ContractFigures:
    """Last usable day of a contract, and its volume and open interest in the session before (lots, NaN missing)."""

    expiry: date
    volume: float = math.nan
    open_interest: float = math.nan


@dataclass(slots=True)
class RollRule:
    """State of one series; ask it once a session, in order of sessions."""

    policy: RollPolicy
    held: str | None = None
    held_expiry: date = date.min
    _leads: dict[str, int] = field(default_factory=dict)

    def contract_for(self, day: date, known: Mapping[str, ContractFigures]) -> str | None:
        """The contract to hold on `day`, given what was known of the listed contracts before; None where no contract
        that expires after every earlier choice is alive."""
        later = {
            name: figures
            for name, figures in known.items()
            if figures.expiry > self.held_expiry and not self._is_due(day, figures.expiry)
        }
        if self.held is None or self._is_due(day, self.held_expiry):
            nearest = min(later, key=lambda name: (later[name].expiry, name), default=None)
            if nearest is None:
                self.held = None
                return None
            self.hold(nearest, later.pop(nearest).expiry)
            later = {name: figures for name, figures in later.items() if figures.expiry > self.held_expiry}
        if self.policy.criterion != "days_to_expiry" and self.held is not None:
            self._follow_leader(known.get(self.held), later)
        return self.held

    def hold(self, contract: str, expiry: date) -> None:
        """Hold a contract from now on; the count of leads begins anew."""
        self.held, self.held_expiry = contract, expiry
        self._leads.clear()

    def _is_due(self, day: date, expiry: date) -> bool:
        return (expiry - day).days < self.policy.days_before_expiry

    def _follow_leader(self, held: ContractFigures | None, later: Mapping[str, ContractFigures]) -> None:
        own = math.nan if held is None else self._figure(held)
        self._leads = {
            name: self._leads.get(name, 0) + 1
            for name, figures in later.items()
            if self._figure(figures) > self.policy.lead_ratio * own
        }
        ready = [name for name, sessions in self._leads.items() if sessions >= self.policy.confirm_sessions]
        if ready:
            leader = max(ready, key=lambda name: (self._figure(later[name]), name))
            self.hold(leader, later[leader].expiry)

    def _figure(self, figures: ContractFigures) -> float:
        return figures.volume if self.policy.criterion == "volume" else figures.open_interest
