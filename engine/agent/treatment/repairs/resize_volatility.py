"""Size by the volatility that is there now.

Sizes follow the filtered volatility at all times, jumps included as far as they are likely (`volatility_filter`);
nothing is overshot when the market was merely restless, and sizes grow back by themselves. Once a jump is diagnosed
this repair says so, and keeps the cause from being found again until the evidence for it has been gone for `calm_bars`
bars.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.agent.diagnosis import Diagnosis
from engine.agent.healer import HealerDecision
from engine.agent.treatment.desk import ScoredBar, TreatmentDesk
from engine.agent.treatment.market_bar import MarketBar
from engine.agent.treatment.repairs.interface import Repair

CALM_NATS: Final = 1.0


class ResizeVolatility(Repair):
    """Accepts another level of volatility."""

    kind = "resize_volatility"
    answers = frozenset({"regime_volatility"})

    def __init__(self) -> None:
        self._calm_bars: int | None = None

    def begin(self, diagnosis: Diagnosis, desk: TreatmentDesk) -> None:
        """Go on at the new level."""
        self._calm_bars = 0
        desk.healer.treat("regime_volatility")
        multiple = desk.healer.observer.volatility / desk.reference.training_volatility
        desk.note(self.kind, "begun", diagnosis.summary, volatility_multiple=multiple)

    def on_bar(self, bar: MarketBar, scored: ScoredBar | None, decision: HealerDecision, desk: TreatmentDesk) -> None:
        """Over when the market is calm again."""
        if self._calm_bars is None:
            return
        calm = desk.healer.observer.volatility_evidence < CALM_NATS
        self._calm_bars = self._calm_bars + 1 if calm else 0
        if self._calm_bars >= desk.config.calm_bars:
            desk.healer.untreat("regime_volatility")
            desk.note(self.kind, "ended", f"volatility is as in training for {self._calm_bars} bars")
            self._calm_bars = None

    def state(self) -> dict[str, Any]:
        """Calm bars so far, None without a case."""
        return {"calm_bars": self._calm_bars}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Inverse of `state`."""
        self._calm_bars = None if state["calm_bars"] is None else int(state["calm_bars"])
