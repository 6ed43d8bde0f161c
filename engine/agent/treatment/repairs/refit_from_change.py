"""Stand aside, learn the new relation from the estimated change point, and come back when evidence says so.

While the case is open nothing is held. Two rules race against standing aside on bars that come after the alarm: a fit
on the bars since the change in which only some weights may have moved (`models.sparse_change`), and the rule as it was
(the alarm may have been false, or the fault may heal). Each has its own likelihood-ratio gate (`likelihood_gate`); the
first to pass is put in force. Alpha is that of one case, shared by its two candidates: a case needs an alarm first, and
alarms are rare by their own run length, so cases do not multiply as proposals on schedule do. The sparse fit is
refreshed on a schedule during the trial and, after it won, as part of its recipe: it goes on learning from the change
point.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.agent.diagnosis import Diagnosis
from engine.agent.healer import HealerDecision
from engine.agent.treatment.desk import ScoredBar, TreatmentDesk
from engine.agent.treatment.market_bar import MarketBar
from engine.agent.treatment.repairs.interface import FULL_SIZE, Repair, SizeRule
from engine.sandbox.statistics.likelihood_gate import LikelihoodGate
from models.sparse_change import sparse_change

FloatArray = NDArray[np.float64]
ASIDE = SizeRule(share=0.0)


class RefitFromChange(Repair):
    """The repair track for a relation that broke or faded."""

    kind = "retrain"
    answers = frozenset({"concept_drift", "decay"})

    def __init__(self) -> None:
        self._open = False
        self._start_place = 0
        self._old: FloatArray = np.zeros(0)
        self._candidate: FloatArray = np.zeros(0)
        self._gates: list[LikelihoodGate] = []  # the candidate's, the old rule's
        self._trials = (0, 0)
        self._learns = False

    @property
    def is_open(self) -> bool:
        """Whether a case of a lost edge is under treatment."""
        return self._open

    def begin(self, diagnosis: Diagnosis, desk: TreatmentDesk) -> None:
        """Stand aside and start both trials."""
        self._start_place = max(0, desk.memory.bars - diagnosis.bars_since_change)
        self._open_case(diagnosis.summary, desk)

    def _open_case(self, reason: str, desk: TreatmentDesk) -> None:
        self._open, self._learns = True, False
        self._old = desk.rule.weights
        self._candidate = self._fit(desk)
        desk.repair_trials += 2
        self._trials = (desk.repair_trials - 1, desk.repair_trials)
        self._gates = [LikelihoodGate(desk.config.repair_alpha, 2) for _ in self._trials]
        desk.healer.treat("edge")
        desk.note("stand_aside", "begun", reason)

    def _fit(self, desk: TreatmentDesk) -> FloatArray:
        inputs, returns = desk.memory.since(self._start_place)
        found = sparse_change(
            self._old, inputs.T @ inputs, inputs.T @ returns, noise_variance=desk.rule.residual_variance
        )
        return found.weights

    def on_bar(self, bar: MarketBar, scored: ScoredBar | None, decision: HealerDecision, desk: TreatmentDesk) -> None:
        """Score both rules against standing aside; promote the first that passes."""
        if scored is None:
            return
        if not self._open:
            if self._learns and scored.place % desk.config.refresh_bars == 0:
                weights = self._fit(desk)
                desk.refresh_rule(weights)
            return
        noise = desk.noise_sd
        residual = scored.scaled_return / noise
        for gate, weights in zip(self._gates, (self._candidate, self._old), strict=True):
            gate.add(residual, float(weights @ scored.inputs) / noise)
        passed = [place for place, gate in enumerate(self._gates) if gate.passed]
        if passed:
            self._close(max(passed, key=lambda place: self._gates[place].log_peak), desk)
        elif scored.place % desk.config.refit_bars == 0:
            self._candidate = self._fit(desk)

    def _close(self, winner: int, desk: TreatmentDesk) -> None:
        gate, bars = self._gates[winner], self._gates[winner].bars
        self._open = False
        desk.healer.untreat("edge")
        if winner == 0:
            self._learns = True
            desk.promote(
                self._candidate,
                track="repair",
                trial=self._trials[0],
                nats=gate.log_peak,
                threshold_nats=gate.threshold_nats,
                learned_bars=float(desk.memory.bars - self._start_place),
                reason=f"a fit on the bars since the change beats standing aside by {gate.log_peak:.1f} nats in "
                f"{bars} bars",
            )
            desk.note(self.kind, "promoted", f"{gate.log_peak:.1f} nats, needed {gate.threshold_nats:.1f}")
        else:
            desk.measure_rule()
            desk.note("stand_aside", "ended", f"the rule earns as it did: {gate.log_peak:.1f} nats in {bars} bars")

    def rule_was_replaced(self) -> None:
        """Another repair put a rule in force: this one's recipe no longer applies."""
        self._learns = False

    def size_rule(self) -> SizeRule:
        """Nothing is held while a case is open."""
        return ASIDE if self._open else FULL_SIZE

    def state(self) -> dict[str, Any]:
        """The open case, and what is learned after it."""
        return {
            "open": self._open,
            "start_place": self._start_place,
            "old": self._old.tolist(),
            "candidate": self._candidate.tolist(),
            "gates": [gate.to_json() for gate in self._gates],
            "trials": list(self._trials),
            "learns": self._learns,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Inverse of `state`."""
        self._open, self._learns = bool(state["open"]), bool(state["learns"])
        self._start_place = int(state["start_place"])
        self._old = np.array(state["old"], dtype=np.float64)
        self._candidate = np.array(state["candidate"], dtype=np.float64)
        self._gates = [LikelihoodGate.from_json(item) for item in state["gates"]]
        self._trials = (int(state["trials"][0]), int(state["trials"][1]))
