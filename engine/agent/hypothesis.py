"""From a diagnosis to ranked, gated proposals: rules alone, deterministic by seed.

The playbook gives the choices for the cause; each is weighted by a Beta posterior of its prior and the journal's own
outcomes. With `explore` a seeded Thompson draw ranks them, otherwise the posterior mean does. Every proposal then
passes the gates: in the playbook, parameters in bounds, enough bars since the change, cooldown, not similar to a
recent experiment, at most so many active, trial budget of the case. What is refused is returned with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from engine.agent.diagnosis import Diagnosis
from engine.agent.playbook import Choice, MutationType, Playbook
from engine.agent.similarity import cosine, embedding
from engine.agent.wording import bars, listing, moment
from engine.kernel.config_models import AgentConfig


@dataclass(frozen=True, slots=True)
class MutationProposal:
    """One bounded change. `parameters` is a change of the champion's ModelSpec, nested like its JSON; `mutations`
    counts the changes in it; `wait_bars` says how many bars to collect before an experiment means anything."""

    mutation_type: MutationType
    target_component: str
    parameters: Mapping[str, Any]
    hypothesis_text: str
    expected_improvement: float
    source: str
    reversible: bool
    wait_bars: int
    mutations: int = 1

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> MutationProposal:
        """Inverse of `to_json`."""
        return cls(**value)


@dataclass(frozen=True, slots=True)
class RefusedProposal:
    """A proposal that a gate refused; `gate` names it."""

    mutation_type: str
    gate: str
    reason: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PastExperiment:
    """A recent experiment: what was changed, when it began and, once known, whether it healed (None = not known)."""

    mutation_type: str
    cause: str
    parameters: Mapping[str, Any]
    started_ts: int
    healed: bool | None


@dataclass(frozen=True, slots=True)
class ProposalContext:
    """What the gates need to know of the world outside the healer."""

    spec: Mapping[str, Any] = field(default_factory=dict)
    past: tuple[PastExperiment, ...] = ()
    active_experiments: int = 0
    trials_in_case: int = 0
    bar_us: int = 300_000_000
    seed: int = 0
    explore: bool = False


@dataclass(frozen=True, slots=True)
class ProposalRound:
    """Ranked proposals that passed every gate, and those refused."""

    proposals: tuple[MutationProposal, ...]
    refused: tuple[RefusedProposal, ...]


class HypothesisEngine:
    """Rules-only proposals from a playbook."""

    def __init__(self, playbook: Playbook, config: AgentConfig) -> None:
        self.playbook = playbook
        self.config = config

    def propose(self, diagnosis: Diagnosis, context: ProposalContext) -> ProposalRound:
        """Ranked proposals for a diagnosis, best first; the same inputs give the same answer."""
        choices = self.playbook.causes[diagnosis.cause]
        weights = self.weights(diagnosis.cause, context)
        order = sorted(range(len(choices)), key=lambda index: (-weights[index], index))
        proposals: list[MutationProposal] = []
        refused: list[RefusedProposal] = []
        for index in order:
            proposal = self._build(choices[index], diagnosis, context)
            if proposal is None:
                continue
            refusal = self.refusal(proposal, diagnosis, context)
            if refusal is None:
                proposals.append(proposal)
            else:
                refused.append(refusal)
        return ProposalRound(tuple(proposals), tuple(refused))

    def weights(self, cause: str, context: ProposalContext) -> list[float]:
        """Preference of each choice of a cause: Beta posterior mean, or a seeded Thompson draw with `explore`."""
        rng = np.random.default_rng(context.seed)
        found = []
        for choice in self.playbook.causes[cause]:  # type: ignore[index]
            known = [
                item.healed
                for item in context.past
                if item.mutation_type == choice.mutation and item.cause == cause and item.healed is not None
            ]
            healed = choice.weight[0] + sum(known)
            failed = choice.weight[1] + len(known) - sum(known)
            found.append(float(rng.beta(healed, failed)) if context.explore else healed / (healed + failed))
        return found

    def refusal(
        self, proposal: MutationProposal, diagnosis: Diagnosis, context: ProposalContext
    ) -> RefusedProposal | None:
        """The first gate a proposal fails, or None. Proposals from any source pass here."""

        def refuse(gate: str, reason: str) -> RefusedProposal:
            return RefusedProposal(proposal.mutation_type, gate, reason, proposal.parameters)

        rule = self.playbook.mutations.get(proposal.mutation_type)
        allowed = {choice.mutation for choice in self.playbook.causes[diagnosis.cause]}
        if rule is None or proposal.mutation_type not in allowed:
            return refuse("playbook", f"{proposal.mutation_type} is not an answer to {diagnosis.cause} in the playbook")
        for name, value in _bounded_numbers(proposal.parameters, context).items():
            if name in rule.bounds:
                low, high = rule.bounds[name]
                if not low <= value <= high:
                    return refuse("bounds", f"{name} = {value:g} lies outside {low:g} to {high:g}")
        if proposal.mutations > self.config.max_mutations_per_experiment:
            return refuse(
                "mutations",
                f"{proposal.mutations} changes in one candidate, at most {self.config.max_mutations_per_experiment}",
            )
        if context.active_experiments >= self.config.max_concurrent_experiments:
            return refuse("active", f"{context.active_experiments} experiments run already")
        if context.trials_in_case >= self.config.max_trials_per_case:
            return refuse(
                "budget", f"{context.trials_in_case} candidates were tried in this case; the operator decides"
            )
        own = embedding(proposal.mutation_type, proposal.parameters, context.bar_us)
        for item in context.past:
            age = (diagnosis.ts - item.started_ts) / context.bar_us
            if item.mutation_type == proposal.mutation_type and item.healed is False and age < rule.cooldown_bars:
                return refuse(
                    "cooldown", f"{item.mutation_type} failed {bars(int(age))} ago, cooldown {bars(rule.cooldown_bars)}"
                )
            alike = cosine(own, embedding(item.mutation_type, item.parameters, context.bar_us))
            if item.healed is not True and alike >= self.config.duplicate_similarity:
                return refuse("similar", f"similarity {alike:.2f} to the experiment of {moment(item.started_ts)}")
        return None

    def _build(self, choice: Choice, diagnosis: Diagnosis, context: ProposalContext) -> MutationProposal | None:
        rule = self.playbook.mutations[choice.mutation]
        built = _parameters(choice, diagnosis, context)
        if built is None:
            return None
        target, parameters, text = built
        return MutationProposal(
            mutation_type=choice.mutation,
            target_component=target,
            parameters=parameters,
            hypothesis_text=text,
            expected_improvement=choice.expected,
            source="rules",
            reversible=rule.reversible,
            wait_bars=max(0, rule.min_bars_since_change - diagnosis.bars_since_change),
        )


def _parameters(
    choice: Choice, diagnosis: Diagnosis, context: ProposalContext
) -> tuple[str, dict[str, Any], str] | None:
    """(target, change of the ModelSpec, hypothesis) of one choice; None where the diagnosis does not give it."""
    kind, since = choice.mutation, moment(diagnosis.change_ts)
    faulty: Sequence[str] = diagnosis.estimates.get("features", ())
    if kind == "restandardise_feature":
        repairs = diagnosis.estimates.get("restandardise", {})
        if not repairs:
            return None
        names = listing(list(repairs))
        return (
            names,
            {"adjustments": {"restandardise": repairs}},
            (f"{names} changed its units at {since}; undoing that gives the champion its inputs back."),
        )
    if kind == "quarantine_feature":
        if not faulty:
            return None
        return (
            listing(faulty),
            {"adjustments": {"quarantine": sorted(faulty)}},
            (f"{listing(faulty)} cannot be trusted since {since}; the champion still has an edge on its other inputs."),
        )
    if kind == "feature_remove":
        present = list(context.spec.get("features", ()))
        drop = set(faulty) or {name for name in diagnosis.affected if name in present}
        kept = [name for name in present if name not in drop]
        if not kept or len(kept) == len(present):
            return None
        return (
            listing(sorted(drop)),
            {"features": kept},
            (f"A fit without {listing(sorted(drop))} gives the lost inputs' weight to the sound ones."),
        )
    if kind == "resize_volatility":
        multiple = diagnosis.estimates.get("volatility_multiple", 1.0)
        return (
            "sizing",
            {"adjustments": {"volatility": "ewma_scaled"}},
            (
                f"Volatility is about {multiple:.1f} times training since {since}; sizing by current volatility "
                f"restores the balance of edge and risk, forecasts unchanged."
            ),
        )
    if kind == "trade_slower":
        return (
            "execution",
            {"adjustments": dict(choice.settings)},
            ("Trading costs more of the edge than it did; going only part of the way to the target keeps more of it."),
        )
    if kind == "retrain":
        return (
            "champion",
            {"training": {"from_ts": diagnosis.change_ts}},
            (f"The relation of inputs and returns changed at {since}; a fit on data from then on learns the new one."),
        )
    if kind == "window_adjust":
        window = int(choice.settings["window_bars"])
        start = diagnosis.ts - window * context.bar_us
        return (
            "champion",
            {"training": {"from_ts": start, "window_bars": window}},
            (f"A fit on the last {window} bars follows a market that changes little by little."),
        )
    if kind == "hyperparameter":
        return (
            "champion",
            {"training": {"from_ts": diagnosis.change_ts}, "params": dict(choice.settings)},
            (f"A fit on the {bars(diagnosis.bars_since_change)} since {since} with another prior errs less on so few."),
        )
    return None


def _bounded_numbers(parameters: Mapping[str, Any], context: ProposalContext) -> dict[str, float]:
    """The numbers of a change that the playbook can bound, by the names it uses."""
    numbers: dict[str, float] = {}
    training = parameters.get("training", {})
    if "window_bars" in training:
        numbers["training.window_bars"] = float(training["window_bars"])
    for name, value in parameters.get("params", {}).items():
        if isinstance(value, int | float):
            numbers[f"params.{name}"] = float(value)
    adjustments = parameters.get("adjustments", {})
    for name in ("trading_rate", "size_multiplier"):
        if name in adjustments:
            numbers[f"adjustments.{name}"] = float(adjustments[name])
    if "quarantine" in adjustments:
        numbers["adjustments.quarantine.count"] = float(len(adjustments["quarantine"]))
    if "restandardise" in adjustments:
        repairs = adjustments["restandardise"]
        present = context.spec.get("adjustments", {}).get("restandardise", {})
        numbers["adjustments.restandardise.count"] = float(len(repairs))
        ratios = [
            float(item["scale"]) / float(present.get(name, {}).get("scale", 1.0)) for name, item in repairs.items()
        ]
        numbers["adjustments.restandardise.scale_ratio"] = max(ratios, key=lambda ratio: abs(np.log(max(ratio, 1e-12))))
    if "features" in parameters:
        numbers["features.count"] = float(len(parameters["features"]))
    return numbers
