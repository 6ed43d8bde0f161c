"""The verdict on a candidate: gates with numbers, thresholds and data ranges. Pure and deterministic.

Two tracks. *Discovery*: the champion is healthy and a candidate claims to be better; every gate that blocks anywhere
blocks here. *Repair*: the champion is diagnosed broken; the candidate competes against the better, by mean utility, of
the broken champion and standing aside, and windows and deflated Sharpe are shown without blocking. Otherwise nothing
would be healed in a lifetime: delays grow with 1 / IC^2. On the repair track Sharpe and return are those of the utility
scores: the right answer to a jump of volatility is a smaller position, which leaves the plain Sharpe where it was.

The gates are in `engine/sandbox/gates/`; which of them block on which track is `evaluator.repair_gates` and
`evaluator.discovery_gates`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from engine.kernel.errors import CalculationError
from engine.sandbox.composite import METRICS, Composite, composite_score
from engine.sandbox.evidence import (
    CandidateEvidence,
    EvaluationConfig,
    Stage,
    StrategyEvidence,
    Track,
    standing_aside,
)
from engine.sandbox.gates.drawdown import allowed_drawdown
from engine.sandbox.gates.interface import GateEvidence, GateResult
from engine.sandbox.gates.registry import GATES, checked_names
from engine.sandbox.utility_score import utility_scores

__all__ = ["Gate", "TrackChoice", "Verdict", "allowed_drawdown", "choose_reference", "choose_track", "evaluate"]


@dataclass(frozen=True, slots=True)
class TrackChoice:
    """Which competition applies, and why."""

    track: Track
    reason: str


@dataclass(frozen=True, slots=True)
class Gate:
    """One test of a candidate. Only a failed gate with `blocking` fails the verdict; the others are shown."""

    name: str
    passed: bool
    blocking: bool
    value: float | None
    threshold: float | None
    data_range: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome "passed" or "failed", the track and its reason, what it was compared with, every gate."""

    outcome: Literal["passed", "failed"]
    track: Track
    track_reason: str
    reference: str
    candidate_composite: Composite
    reference_composite: Composite
    gates: tuple[Gate, ...]

    @property
    def failed_gates(self) -> tuple[str, ...]:
        """Names of the gates that blocked."""
        return tuple(gate.name for gate in self.gates if gate.blocking and not gate.passed)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready form for events, journal and screens."""
        return {
            "outcome": self.outcome,
            "track": self.track,
            "track_reason": self.track_reason,
            "reference": self.reference,
            "composite": {
                "candidate": _composite(self.candidate_composite),
                "reference": _composite(self.reference_composite),
            },
            "gates": [{name: getattr(gate, name) for name in Gate.__dataclass_fields__} for gate in self.gates],
        }


def choose_track(diagnosis_cause: str, champion_healthy: bool) -> TrackChoice:
    """Repair where a diagnosis names a cause and the champion is not healthy; discovery otherwise."""
    if champion_healthy:
        return TrackChoice("discovery", "the champion is healthy: a candidate must prove to be better")
    if diagnosis_cause == "none":
        return TrackChoice("discovery", "no cause was found for the alert: a candidate must prove to be better")
    return TrackChoice(
        "repair", f"the champion is diagnosed broken ({diagnosis_cause}): it competes with standing aside"
    )


def evaluate(
    candidate: CandidateEvidence,
    champion: StrategyEvidence,
    choice: TrackChoice,
    config: EvaluationConfig,
    *,
    stage: Stage,
) -> Verdict:
    """Judge a candidate against its reference on the same bars.

    Every gate is judged and listed; those that the settings name for the track block. The e-process blocks at stage
    "paper" only. Raises CalculationError naming any metric, gate result or stress result that is missing, ConfigError
    for a setting that names no gate of the track.
    """
    strategy = candidate.strategy
    if len(strategy.net_returns) != len(champion.net_returns):
        raise CalculationError("candidate and champion must be evaluated on the same bars")
    reference = choose_reference(champion, choice.track, config)
    repair = choice.track == "repair"
    own = composite_score(strategy, candidate.windows, config, risk_adjusted=repair)
    other = composite_score(reference, candidate.windows, config, risk_adjusted=repair)
    evidence = GateEvidence(candidate, reference, own, other, choice.track, stage, config)
    chosen = checked_names(config.blocking_gates(choice.track), choice.track)
    gates = tuple(
        _listed(gate.judge(evidence), on_track=gate.name in chosen, at_stage=stage in gate.stages) for gate in GATES
    )
    failed = any(gate.blocking and not gate.passed for gate in gates)
    return Verdict("failed" if failed else "passed", choice.track, choice.reason, reference.name, own, other, gates)


def choose_reference(champion: StrategyEvidence, track: Track, config: EvaluationConfig) -> StrategyEvidence:
    """Discovery: the champion. Repair: the better, by mean utility, of the broken champion and standing aside. A broken
    champion with too few usable forecasts for its calibration to be measured stands aside already."""
    mean_utility = float(utility_scores(champion.net_returns, config.kelly_fraction).mean())
    if track == "repair" and (mean_utility <= 0.0 or champion.calibration_error is None):
        return standing_aside(len(champion.net_returns))
    return champion


def _listed(result: GateResult, *, on_track: bool, at_stage: bool) -> Gate:
    """A result as verdicts list it; one that never blocks on this track says so."""
    reason = result.reason if on_track else f"{result.reason} (shown, does not block)"
    blocking = on_track and at_stage
    return Gate(result.name, result.passed, blocking, result.number, result.threshold, result.data_range, reason)


def _composite(score: Composite) -> dict[str, Any]:
    parts = zip(METRICS, score.raw, score.normalised, strict=True)
    return {"total": score.total, "metrics": {name: {"raw": raw, "normalised": unit} for name, raw, unit in parts}}
