"""On schedule, whether or not anything alarmed: does a rule that forgets, or the former one, now do better?

Slow decay is invisible for hundreds of bars to a detector that looks at one champion; a model that forgets sees it in
comparison. Every `challenge_bars` each challenger starts a new trial (likelihood-ratio gate, alpha spent over all
trials of the registry). It must beat a fit that never forgets, on the same bars: under "the relation stands still" that
one's forecasts are the right ones whatever the relation is, so what the ratio shows is change, not the champion's own
error of estimation (against the champion alone, 3 of 12 markets without a fault promoted a worse rule); and it must be
ahead of the rule in force, which it then replaces. A win of the fit that forgets is a repair, with a diagnosis of its
own; a return to the former rule is a discovery.

Where the rule in force is that fit itself, it goes on learning as part of its recipe once an input was repaired: an
input that is gone took with it what the others were learned beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.agent.diagnosis import Diagnosis
from engine.agent.healer import HealerDecision
from engine.agent.treatment.desk import ScoredBar, TreatmentDesk
from engine.agent.treatment.market_bar import MarketBar
from engine.agent.treatment.repairs.interface import Repair
from engine.sandbox.statistics.likelihood_gate import LikelihoodGate, log_likelihood_ratio
from models.forgetting_ridge import ForgettingRidge

FloatArray = NDArray[np.float64]
FORGETTING, FORMER = "forgetting", "former"
LEAST_LEAD_NATS: Final = 1.0
HOPELESS_NATS: Final = -3.0  # a trial that fell this low is ended
SAME_WEIGHTS: Final = 1e-9


@dataclass(slots=True)
class ChallengeTrial:
    """One trial: its challenger, its place in the registry, its gate, and how far the challenger is ahead of the rule
    in force, nats."""

    challenger: str
    place: int
    gate: LikelihoodGate
    ahead_nats: float = 0.0


class ScheduledChallenge(Repair):
    """The discovery track, and the repair of slow decay."""

    kind = "window_adjust"

    def __init__(self) -> None:
        self._learner: ForgettingRidge | None = None
        self._weights: FloatArray = np.zeros(0)
        self._steady: ForgettingRidge | None = None
        self._steady_weights: FloatArray = np.zeros(0)
        self._steady_is_rule = False
        self._trials: list[ChallengeTrial] = []
        self._learns = False
        self.explained: Diagnosis | None = None

    def prepare(self, desk: TreatmentDesk) -> None:
        """Start the rule that forgets from the bars that taught the champion."""
        width = len(desk.rule.feature_names)
        self._learner = ForgettingRidge.around(
            desk.rule.weights,
            penalty=desk.config.pull_to_rule * width / desk.config.prior_r2,
            memory=1.0 - 1.0 / desk.config.learner_memory_bars,
        )
        self._learner.add_many(*desk.memory.since(0))
        self._weights = self._learner.weights()
        self._steady = ForgettingRidge.around(np.zeros(width), penalty=width / desk.config.prior_r2, memory=1.0)
        self._steady.add_many(*desk.memory.since(0))
        self._steady_weights = self._steady.weights()
        self._steady_is_rule = np.allclose(self._steady_weights, desk.rule.weights, rtol=0.0, atol=SAME_WEIGHTS)

    def begin(self, diagnosis: Diagnosis, desk: TreatmentDesk) -> None:
        """Answers no diagnosis: it is always at work."""

    def on_bar(self, bar: MarketBar, scored: ScoredBar | None, decision: HealerDecision, desk: TreatmentDesk) -> None:
        """Score running trials, start new ones, put a winner in force."""
        if scored is None or self._learner is None or self._steady is None:
            return
        challengers = self._challengers(desk)
        if self._trials:
            self._score_trials(scored, challengers, desk)
        if scored.place % desk.config.challenge_bars == 0:
            for name in challengers:
                desk.discovery_alpha, place = desk.discovery_alpha.charge()
                gate = LikelihoodGate(desk.discovery_alpha.level(place), 1)
                self._trials.append(ChallengeTrial(name, place, gate))
        self._learn(scored, desk)
        passed = [trial for trial in self._trials if trial.gate.passed and trial.ahead_nats > LEAST_LEAD_NATS]
        if passed:
            self._promote(max(passed, key=lambda trial: trial.gate.log_capital), desk)
        elif scored.place % desk.config.refresh_bars == 0:
            if self._learns:
                desk.refresh_rule(self._weights)
            elif self._steady_is_rule and desk.input_repairs:
                desk.refresh_rule(self._steady_weights)

    def _score_trials(self, scored: ScoredBar, challengers: Mapping[str, FloatArray], desk: TreatmentDesk) -> None:
        """One more bar for every trial; those that can no longer win are ended."""
        noise = desk.noise_sd
        steady = float(self._steady_weights.dot(scored.inputs))
        nats: dict[str, tuple[float, float]] = {}
        for name, weights in challengers.items():
            said = float(weights.dot(scored.inputs))
            ahead = log_likelihood_ratio(
                (scored.scaled_return - scored.forecast) / noise, (said - scored.forecast) / noise
            )
            shown = log_likelihood_ratio((scored.scaled_return - steady) / noise, (said - steady) / noise)
            nats[name] = (shown, ahead)
        hopeful = []
        for trial in self._trials:
            if trial.challenger not in nats:
                continue
            shown, ahead = nats[trial.challenger]
            trial.gate.add_nats(shown)
            trial.ahead_nats += ahead
            if trial.gate.bars < desk.config.challenge_life_bars and trial.gate.log_capital > HOPELESS_NATS:
                hopeful.append(trial)
        self._trials = hopeful

    def _learn(self, scored: ScoredBar, desk: TreatmentDesk) -> None:
        assert self._learner is not None and self._steady is not None
        gram, moment = scored.inputs[:, None] * scored.inputs, scored.inputs * scored.scaled_return
        self._learner.add_products(gram, moment)
        self._steady.add_products(gram, moment)
        if scored.place % desk.config.refit_bars == 0:
            self._weights = self._learner.weights()
            self._steady_weights = self._steady.weights()

    def _begin_anew(self, desk: TreatmentDesk) -> None:
        """Another relation is believed in from now on, as firmly as the bars that it was learned on allow."""
        assert self._learner is not None and self._steady is not None
        weights = desk.rule.weights.copy()
        self._learner.centre = weights
        self._steady = ForgettingRidge.around(weights, penalty=desk.learned_bars, memory=1.0)
        self._steady_weights = weights
        self._steady_is_rule = False
        self._trials = []

    def _challengers(self, desk: TreatmentDesk) -> dict[str, FloatArray]:
        found = {} if self._learns else {FORGETTING: self._weights}
        if desk.former is not None:
            found[FORMER] = desk.former[1]
        return found

    def _promote(self, winner: ChallengeTrial, desk: TreatmentDesk) -> None:
        name, gate = winner.challenger, winner.gate
        weights = self._weights if name == FORGETTING else desk.former[1] if desk.former else self._weights
        self._learns = name == FORGETTING
        self.explained = desk.healer.examine_edge() if name == FORGETTING else None
        what = "a fit that forgets" if name == FORGETTING else "the former rule"
        desk.promote(
            weights,
            track="discovery" if self.explained is None else "repair",
            trial=winner.place,
            nats=gate.log_peak,
            threshold_nats=gate.threshold_nats,
            learned_bars=float(desk.config.learner_memory_bars),
            reason=f"{what} beats the rule in force by {gate.log_peak:.1f} nats in {gate.bars} bars",
        )
        desk.note(
            self.kind if name == FORGETTING else "return_to_champion",
            "promoted",
            f"{what}: {gate.log_peak:.1f} nats, needed {gate.threshold_nats:.1f}",
        )
        self._begin_anew(desk)

    def rule_was_replaced(self, desk: TreatmentDesk) -> None:
        """Another repair put a rule in force: trials against the old one are void."""
        self._learns = False
        self._begin_anew(desk)

    def pause(self, scored: ScoredBar | None, desk: TreatmentDesk) -> None:
        """A case is open: nothing is compared with a rule that is not trusted, but the learner goes on."""
        self._trials = []
        if scored is not None:
            self._learn(scored, desk)

    def state(self) -> dict[str, Any]:
        """Learner and running trials."""
        return {
            "learner": None if self._learner is None else self._learner.to_json(),
            "weights": self._weights.tolist(),
            "steady": None if self._steady is None else self._steady.to_json(),
            "steady_weights": self._steady_weights.tolist(),
            "steady_is_rule": self._steady_is_rule,
            "trials": [
                [trial.challenger, trial.place, trial.gate.to_json(), trial.ahead_nats] for trial in self._trials
            ],
            "learns": self._learns,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Inverse of `state`."""
        self._learner = None if state["learner"] is None else ForgettingRidge.from_json(state["learner"])
        self._weights = np.array(state["weights"], dtype=np.float64)
        self._steady = None if state["steady"] is None else ForgettingRidge.from_json(state["steady"])
        self._steady_weights = np.array(state["steady_weights"], dtype=np.float64)
        self._steady_is_rule = bool(state["steady_is_rule"])
        self._trials = [
            ChallengeTrial(str(name), int(place), LikelihoodGate.from_json(gate), float(ahead))
            for name, place, gate, ahead in state["trials"]
        ]
        self._learns = bool(state["learns"])
