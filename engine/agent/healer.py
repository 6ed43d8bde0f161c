"""The healer: observer, diagnostician and hypothesis engine as one object that is driven bar by bar.

The live loop and the benchmark drive this same object. It decides what is wrong and what could be tried; it never
trades, trains or promotes. After a diagnosis it holds its case open and makes no other until it is told how the case
ended (`close_case`) or that a new champion rules (`acknowledge_promotion`). Everything it carries is JSON, so it
continues after a restart as if nothing had been.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from engine.agent.alerts import Alert
from engine.agent.detectors.base import Reading
from engine.agent.diagnosis import Diagnosis
from engine.agent.diagnostician import Diagnostician
from engine.agent.hypothesis import HypothesisEngine, MutationProposal, ProposalContext, ProposalRound, RefusedProposal
from engine.agent.input_repair import estimate_rescaling
from engine.agent.mended_inputs import MENDED_SIZE, mend_of
from engine.agent.observation import BarObservation
from engine.agent.observer import Observer, ObserverReport
from engine.agent.playbook import Playbook, shipped_playbook
from engine.agent.reference import ChampionReference
from engine.agent.safe_act_words import mend_words, size_words
from engine.agent.superseding import TRADED_THROUGH, outranks
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import CalculationError

SafeActKind = Literal["stand_aside", "mend_inputs", "reduce_size", "trade_slower", "resume", "restore_input"]
CaseOutcome = Literal["healed", "rolled_back", "unhealed", "rejected", "expired", "cleared", "superseded"]
RESUME_BARS = 10
STATE_VERSION = 3


class StateVersionError(ValueError):
    """A stored healer of another version of the program."""


@dataclass(frozen=True, slots=True)
class SafeAct:
    """A reversible act that lowers risk until the case is repaired, or the one that undoes it.

    `parameters`: {"size_multiplier": ..} for reduce_size, {"trading_rate", "size_multiplier"} for trade_slower,
    {"size_multiplier", "adjustments", "model_id"} for mend_inputs, {"features": [..]} for restore_input (quarantined
    inputs that move again).
    """

    act: SafeActKind
    reason: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HealerDecision:
    """What one bar led to. `recovered` is True on the bar on which the condition of the open case has vanished by
    itself (a dead feed that moves again): the loop may then close the case. `second_finding` is a fault that shows
    while a case is open whose inputs can be mended, and that this case does not explain: a mend is then no longer
    trusted. `supersedes` is True where `diagnosis` took the place of a case that was open."""

    alerts: tuple[Alert, ...]
    cleared: tuple[str, ...]
    diagnosis: Diagnosis | None
    proposals: tuple[MutationProposal, ...]
    refused: tuple[RefusedProposal, ...]
    safe_acts: tuple[SafeAct, ...]
    metrics: Mapping[str, float]
    recovered: bool = False
    second_finding: Diagnosis | None = None
    supersedes: bool = False


class Healer:
    """Create, `reset` with a champion's reference, then `step` once per closed bar."""

    def __init__(self, playbook: Playbook | None = None) -> None:
        self._playbook = playbook or shipped_playbook()
        self._observer: Observer | None = None

    def reset(self, config: HydraConfig, seed: int, reference: ChampionReference) -> None:
        """Begin with a champion. `seed` only matters where proposals explore."""
        self.config = config
        self.seed = seed
        self._observer = Observer(reference, config.observer)
        self._diagnostician = Diagnostician(config.agent.triage_order)
        self._engine = HypothesisEngine(self._playbook, config.agent)
        self._case: Diagnosis | None = None
        self._calm_bars = 0
        self._cooldown: dict[str, int] = {}
        self._restored_bars = 0
        self._held: set[str] = set()
        self._context = ProposalContext(seed=seed)

    @property
    def observer(self) -> Observer:
        """The observer; CalculationError before `reset`."""
        if self._observer is None:
            raise CalculationError("the healer has no champion yet; call reset with its reference first")
        return self._observer

    @property
    def edge_share(self) -> float:
        """Share of the champion's edge that is expected to be there still, in [0, 1]; 1 for one that has none to
        lose."""
        observer = self.observer
        if not observer.reference.has_edge:
            return 1.0
        return observer.expected_edge_share(self.config.treatment.edge_hazard_bars)

    @property
    def open_case(self) -> Diagnosis | None:
        """The diagnosis that is being treated."""
        return self._case

    def step(self, observation: BarObservation, *, with_metrics: bool = True) -> HealerDecision:
        """Take one closed bar, in order of time. Without metrics the decision's are empty, and nothing else differs."""
        observer = self.observer
        report = observer.update(observation)
        self._cooldown = {cause: left - 1 for cause, left in self._cooldown.items() if left > 1}
        diagnosis: Diagnosis | None = None
        round_ = ProposalRound((), ())
        acts: tuple[SafeAct, ...] = ()
        recovered = supersedes = False
        second: Diagnosis | None = None
        if self._case is None:
            # a champion without an edge is not traded: there is nothing to heal, and its alerts say enough
            found = self._diagnostician.diagnose(report, observer, self._held) if observer.reference.has_edge else None
            diagnosis = None if found is None or found.cause in self._cooldown else found
        else:
            recovered = self._has_recovered()
            second = None if recovered else self._second_finding(report)
            if recovered:
                acts = (SafeAct("resume", f"{self._case.affected[0]} is sound again", {}),)
            elif second is not None and outranks(second.cause, self._case.cause):
                supersedes = second.cause not in self._cooldown
                diagnosis, second = second if supersedes else None, None
        if diagnosis is not None:
            self._case = diagnosis
            self._calm_bars = 0
            round_ = self._engine.propose(diagnosis, self._context)
            acts = _safe_acts(diagnosis, observer.reference)
        acts += self._restorable()
        return HealerDecision(
            report.alerts,
            report.cleared,
            diagnosis,
            round_.proposals,
            round_.refused,
            acts,
            observer.metrics(report.readings) if with_metrics else {},
            recovered,
            second,
            supersedes,
        )

    def propose(self, context: ProposalContext | None = None) -> ProposalRound:
        """Proposals for the open case now, with repairs estimated anew from the bars that came since; empty without a
        case."""
        if context is not None:
            self._context = context
        if self._case is None:
            return ProposalRound((), ())
        self._case = _refreshed(self._case, self.observer)
        return self._engine.propose(self._case, self._context)

    def refined_mend(self) -> SafeAct | None:
        """The mend of the open case's inputs with estimates from all bars so far; None where they cannot be mended."""
        if self._case is None:
            return None
        return _mend(_refreshed(self._case, self.observer), self.observer.reference)

    def treat(self, cause: str) -> None:
        """The open case is under treatment elsewhere: other causes may be found meanwhile, this one is not found again
        before `untreat`. The causes of a lost edge ("edge") are treated together."""
        self._held.add(cause)
        self._case = None
        self._diagnostician.reset()

    def untreat(self, cause: str) -> None:
        """The treatment of a cause has ended; it may be found again."""
        self._held.discard(cause)

    def examine_edge(self) -> Diagnosis:
        """What became of the champion's edge, now that another rule was shown to forecast better."""
        return self._diagnostician.examine_edge(self.observer)

    def close_case(self, outcome: CaseOutcome) -> None:
        """The open case has ended. Unless it healed, the same cause is not diagnosed again during the cooldown. The
        detectors begin anew, so that evidence already acted upon is not counted twice."""
        if self._case is None:
            return
        if outcome not in ("healed", "cleared"):
            self._cooldown[self._case.cause] = self.config.agent.cooldown_bars
        self._case = None
        self._calm_bars = 0
        self._diagnostician.reset()
        self.observer.change_champion(self.observer.reference, forget_jumps=True)

    def acknowledge_promotion(self, model_id: str, reference: ChampionReference) -> tuple[str, ...]:
        """Another champion rules from the next bar on (promotion or rollback): its yardstick replaces the old one and
        any case ends. Returns the codes of alerts that ended with it. ValueError where the ids differ."""
        if reference.model_id != model_id:
            raise ValueError(f"the reference belongs to {reference.model_id}, the champion is {model_id}")
        self._case = None
        self._calm_bars = self._restored_bars = 0
        self._diagnostician.reset()
        return self.observer.change_champion(reference)

    def _second_finding(self, report: ObserverReport) -> Diagnosis | None:
        case, observer = self._case, self.observer
        if case is None:
            return None
        if case.cause in TRADED_THROUGH:
            held = self._held | {TRADED_THROUGH[case.cause]}
            found = self._diagnostician.diagnose(report, observer, held)
            return found if found is not None and outranks(found.cause, case.cause) else None
        if mend_of(case, observer.reference) is None:
            return None
        new = tuple(reading for reading in report.readings if not _is_explained(reading, case))
        return self._diagnostician.diagnose(replace(report, readings=new), observer, self._held)

    def _has_recovered(self) -> bool:
        case, observer = self._case, self.observer
        if case is None or case.cause != "data_feed":
            return False
        reference = observer.reference
        moving = all(observer.staleness.moving(reference.index_of(name)) for name in case.affected)
        self._calm_bars = self._calm_bars + 1 if moving else 0
        return self._calm_bars == RESUME_BARS

    def _restorable(self) -> tuple[SafeAct, ...]:
        reference, staleness = self.observer.reference, self.observer.staleness
        away = [index for index, flag in enumerate(reference.quarantined) if flag]
        moving = bool(away) and all(staleness.moving(index) for index in away)
        self._restored_bars = self._restored_bars + 1 if moving else 0
        if self._restored_bars != RESUME_BARS:
            return ()
        names = [reference.feature_names[index] for index in away]
        return (
            SafeAct("restore_input", f"{', '.join(names)} moved on {RESUME_BARS} bars in a row", {"features": names}),
        )

    def to_json(self) -> dict[str, Any]:
        """Everything that is carried from bar to bar, as plain JSON."""
        return {
            "version": STATE_VERSION,
            "seed": self.seed,
            "observer": self.observer.state(),
            "diagnostician": self._diagnostician.state(),
            "case": None if self._case is None else self._case.to_json(),
            "calm_bars": self._calm_bars,
            "restored_bars": self._restored_bars,
            "cooldown": dict(self._cooldown),
            "held": sorted(self._held),
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any], config: HydraConfig, playbook: Playbook | None = None) -> Healer:
        """Inverse of `to_json`. The context of proposals is not state: set it again. StateVersionError for another
        version."""
        if state.get("version") != STATE_VERSION:
            raise StateVersionError(
                f"the stored healer is of version {state.get('version')}, this program reads {STATE_VERSION}"
            )
        healer = cls(playbook)
        observer = Observer.from_state(state["observer"], config.observer)
        healer.reset(config, int(state["seed"]), observer.reference)
        healer._observer = observer
        healer._diagnostician.restore(state["diagnostician"])
        healer._case = None if state["case"] is None else Diagnosis.from_json(state["case"])
        healer._calm_bars = int(state["calm_bars"])
        healer._restored_bars = int(state["restored_bars"])
        healer._cooldown = {str(cause): int(left) for cause, left in state["cooldown"].items()}
        healer._held = set(state["held"])
        return healer


def _safe_acts(diagnosis: Diagnosis, reference: ChampionReference) -> tuple[SafeAct, ...]:
    """What lowers risk at once while the repair is tested."""
    cause = diagnosis.cause
    mend = _mend(diagnosis, reference)
    if mend is not None:
        return (mend,)
    if cause == "regime_volatility":
        multiple = max(1.0, float(diagnosis.estimates.get("volatility_multiple", 1.0)))
        return (
            SafeAct("reduce_size", "positions are too large for the volatility", {"size_multiplier": 1.0 / multiple}),
        )
    if cause == "regime_liquidity":
        return (
            SafeAct("trade_slower", "trading has become expensive", {"trading_rate": 0.15, "size_multiplier": 0.8}),
        )
    if cause == "decay":
        return (SafeAct("reduce_size", "the edge has faded", {"size_multiplier": 0.5}),)
    if cause in ("none", "external_event"):
        return ()
    return (SafeAct("stand_aside", f"{diagnosis.cause.replace('_', ' ')}: no new risk until it is repaired", {}),)


def _mend(diagnosis: Diagnosis, reference: ChampionReference) -> SafeAct | None:
    adjustments = mend_of(diagnosis, reference)
    if adjustments is None:
        return None
    return SafeAct(
        "mend_inputs",
        f"{mend_words(adjustments)}; {size_words(MENDED_SIZE)} until a repair is proven",
        {"size_multiplier": MENDED_SIZE, "adjustments": adjustments, "model_id": reference.model_id},
    )


def _is_explained(reading: Reading, case: Diagnosis) -> bool:
    """Whether a reading is about what is mended already: all of an input that is not read, and of a re-scaled one all
    but that it stands still."""
    return reading.subject in case.affected and (case.cause == "data_feed" or reading.detector != "staleness")


def _refreshed(case: Diagnosis, observer: Observer) -> Diagnosis:
    """The case with numbers that grow more exact with time: bars since the change and re-scaling estimates."""
    window = list(observer.history)
    estimates = dict(case.estimates)
    if case.cause == "feature_drift" and len(window[-1].values) == len(observer.reference.feature_names):
        repairs = {}
        for name in case.affected:
            index = observer.reference.index_of(name)
            offset, scale = estimate_rescaling(window, case.change_ts, observer.reference, index)
            repairs[name] = {"offset": offset, "scale": scale}
        estimates["restandardise"] = repairs
    since = sum(1 for item in window if item.ts >= case.change_ts)
    return replace(case, ts=window[-1].ts, bars_since_change=max(since, case.bars_since_change), estimates=estimates)
