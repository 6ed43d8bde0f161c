"""A champion that learned noise by heart is replaced by a simpler fit on everything known, if that one has an edge.

The simpler fit is Bayes ridge with the prior of the market on all bars at hand. It must show an edge against standing
aside as any repair does: by prequential likelihood on bars that it had not seen, those of training included (each bar
forecast from its past), at `deployment_nats`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.agent.diagnosis import Diagnosis
from engine.agent.healer import HealerDecision
from engine.agent.treatment.desk import ScoredBar, TreatmentDesk
from engine.agent.treatment.market_bar import MarketBar
from engine.agent.treatment.prequential_edge import prequential_edge
from engine.agent.treatment.repairs.interface import FULL_SIZE, Repair, SizeRule

ASIDE = SizeRule(share=0.0)


class SimplerModel(Repair):
    """Refits with a stronger prior on all bars."""

    kind = "hyperparameter"
    answers = frozenset({"overfit"})

    def __init__(self) -> None:
        self._open = False
        self._bars = 0

    @property
    def is_open(self) -> bool:
        """Whether an overfit champion waits for a better one."""
        return self._open

    def begin(self, diagnosis: Diagnosis, desk: TreatmentDesk) -> None:
        """Stand aside until a simpler fit has shown an edge."""
        self._open, self._bars = True, 0
        desk.healer.treat("edge")
        desk.note("stand_aside", "begun", diagnosis.summary)

    def on_bar(self, bar: MarketBar, scored: ScoredBar | None, decision: HealerDecision, desk: TreatmentDesk) -> None:
        """Try on the first bar and then on schedule."""
        if not self._open:
            return
        self._bars += 1
        if self._bars > 1 and self._bars % desk.config.refresh_bars:
            return
        inputs, returns = desk.memory.since(0)
        edge = prequential_edge(inputs, returns, prior_r2=desk.config.prior_r2)
        if edge.nats <= desk.config.deployment_nats:
            return
        self._open = False
        desk.healer.untreat("edge")
        desk.repair_trials += 1
        desk.adopt(edge)
        desk.promote(
            edge.weights,
            track="repair",
            trial=desk.repair_trials,
            nats=edge.nats,
            threshold_nats=desk.config.deployment_nats,
            learned_bars=float(len(returns)),
            former_may_return=False,
            reason=f"a simpler fit forecasts bars it had not seen by {edge.nats:.1f} nats better than nothing",
        )
        desk.note(self.kind, "promoted", f"{edge.nats:.1f} nats, needed {desk.config.deployment_nats:.1f}")

    def size_rule(self) -> SizeRule:
        """Nothing is held while the case is open."""
        return ASIDE if self._open else FULL_SIZE

    def state(self) -> dict[str, Any]:
        """The open case."""
        return {"open": self._open, "bars": self._bars}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Inverse of `state`."""
        self._open, self._bars = bool(state["open"]), int(state["bars"])
