"""Go on without the wrong ticks of a feed: each is replaced by the last good value (`engine.agent.tick_guard`).

The guard works at all times; once the feed is known to be at fault this repair says so and keeps the cause from being
found again until no tick was refused for `settling_bars` bars.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.agent.diagnosis import Diagnosis
from engine.agent.healer import HealerDecision
from engine.agent.treatment.desk import ScoredBar, TreatmentDesk
from engine.agent.treatment.market_bar import MarketBar
from engine.agent.treatment.repairs.interface import Repair


class RejectValue(Repair):
    """Holds the last good value of a feed that ticks wrongly."""

    kind = "reject_value"
    answers = frozenset({"data_feed"})

    def __init__(self) -> None:
        self._quiet_bars: int | None = None

    def wants(self, diagnosis: Diagnosis) -> bool:
        """Wrong ticks only."""
        return diagnosis.cause in self.answers and diagnosis.estimates.get("feed") == "ticks"

    def begin(self, diagnosis: Diagnosis, desk: TreatmentDesk) -> None:
        """Go on with the guard."""
        self._quiet_bars = 0
        desk.healer.treat("bad_ticks")
        desk.note(self.kind, "begun", diagnosis.summary, features=list(diagnosis.affected))

    def on_bar(self, bar: MarketBar, scored: ScoredBar | None, decision: HealerDecision, desk: TreatmentDesk) -> None:
        """Over when the feed has been clean for long enough."""
        if self._quiet_bars is None:
            return
        context = desk.healer.observer.last_context
        self._quiet_bars = 0 if context is not None and context.refused else self._quiet_bars + 1
        if self._quiet_bars >= desk.config.settling_bars:
            desk.healer.untreat("bad_ticks")
            desk.note(self.kind, "ended", f"no value was refused for {self._quiet_bars} bars")
            self._quiet_bars = None

    def state(self) -> dict[str, Any]:
        """Bars since the last refusal, None without a case."""
        return {"quiet_bars": self._quiet_bars}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Inverse of `state`."""
        self._quiet_bars = None if state["quiet_bars"] is None else int(state["quiet_bars"])
