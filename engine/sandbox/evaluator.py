"""The verdict on a candidate: gates with numbers, thresholds and data ranges. Pure and deterministic.

Two tracks. *Discovery*: the champion is healthy and a candidate claims to be better; every gate that blocks anywhere
blocks here. *Repair*: the champion is diagnosed broken; the candidate competes against the better, by mean utility, of
the broken champion and standing aside, and the windows are shown without blocking. Otherwise nothing would be healed in
a lifetime: delays grow with 1 / IC^2. On the repair track Sharpe and return are those of the utility scores: the right
answer to a jump of volatility is a smaller position, which leaves the plain Sharpe where it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from engine.kernel.errors import CalculationError
from engine.sandbox.composite import METRICS, Composite, composite_score, sharpe_or_zero
from engine.sandbox.evidence import CandidateEvidence, EvaluationConfig, Stage, StrategyEvidence, standing_aside
from engine.sandbox.statistics.e_process import promotion_threshold
from engine.sandbox.statistics.probabilistic_sharpe import deflated_sharpe_of_returns
from engine.sandbox.statistics.sharpe import max_drawdown
from engine.sandbox.utility_score import utility_scores

Track = Literal["repair", "discovery"]


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

    At stage "experiment" the e-process is shown; at stage "paper" it blocks. Deflated Sharpe and PBO are shown. Raises
    CalculationError naming any metric, gate result or stress result that is missing.
    """
    strategy = candidate.strategy
    if len(strategy.net_returns) != len(champion.net_returns):
        raise CalculationError("candidate and champion must be evaluated on the same bars")
    reference = choose_reference(champion, choice.track, config)
    repair = choice.track == "repair"
    own = composite_score(strategy, candidate.windows, config, risk_adjusted=repair)
    other = composite_score(reference, candidate.windows, config, risk_adjusted=repair)
    gates = (
        _lookahead(candidate),
        _composite_gate(candidate, own, other, reference),
        _sharpe_gate(candidate, reference, config, risk_adjusted=repair),
        _drawdown_gate(candidate, reference, config),
        _windows_gate(candidate, reference, choice.track, config),
        _stress_gate(candidate),
        _deflated_sharpe_gate(candidate, config),
        _overfitting_gate(candidate),
        _e_process_gate(candidate, config, stage),
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


def allowed_drawdown(reference_drawdown: float, config: EvaluationConfig) -> float:
    """Largest drawdown a candidate may show: the reference's times (1 + tolerance), but never less than the absolute
    allowance, since any strategy that trades has some drawdown and standing aside has none."""
    return max(reference_drawdown * (1.0 + config.drawdown_tolerance), config.drawdown_allowance)


def _gate(
    candidate: CandidateEvidence,
    name: str,
    value: float | None,
    threshold: float | None,
    passed: bool,
    explanation: str,
    *,
    blocking: bool = True,
) -> Gate:
    return Gate(name, passed, blocking, value, threshold, candidate.data_range, explanation)


def _lookahead(candidate: CandidateEvidence) -> Gate:
    if candidate.lookahead_passed is None:
        raise CalculationError(f"the look-ahead result of '{candidate.strategy.name}' is missing")
    passed = candidate.lookahead_passed
    return _gate(candidate, "lookahead", float(passed), 1.0, passed, candidate.lookahead_detail)


def _composite_gate(
    candidate: CandidateEvidence, own: Composite, other: Composite, reference: StrategyEvidence
) -> Gate:
    text = f"composite {own.total:.3f} against {other.total:.3f} of {reference.name}"
    return _gate(candidate, "composite", own.total, other.total, own.total > other.total, text)


def _sharpe_gate(
    candidate: CandidateEvidence, reference: StrategyEvidence, config: EvaluationConfig, *, risk_adjusted: bool
) -> Gate:
    own = sharpe_or_zero(candidate.strategy, config, risk_adjusted=risk_adjusted)
    other = sharpe_or_zero(reference, config, risk_adjusted=risk_adjusted)
    kind = "annualised Sharpe of utility" if risk_adjusted else "annualised Sharpe"
    text = f"{kind} {own:.2f} against {other:.2f} of {reference.name}"
    least = config.sharpe_improvement_min
    return _gate(candidate, "sharpe_improvement", own - other, least, own - other >= least, text)


def _drawdown_gate(candidate: CandidateEvidence, reference: StrategyEvidence, config: EvaluationConfig) -> Gate:
    own, other = max_drawdown(candidate.strategy.net_returns), max_drawdown(reference.net_returns)
    allowed = allowed_drawdown(other, config)
    text = f"maximum drawdown {own:.2%} against {other:.2%} of {reference.name}; allowed {allowed:.2%}"
    return _gate(candidate, "drawdown", own, allowed, own <= allowed, text)


def _windows_gate(
    candidate: CandidateEvidence, reference: StrategyEvidence, track: Track, config: EvaluationConfig
) -> Gate:
    difference = utility_scores(candidate.strategy.net_returns, config.kelly_fraction) - utility_scores(
        reference.net_returns, config.kelly_fraction
    )
    won = sum(float(np.mean(difference[low:high])) > 0.0 for low, high in candidate.windows)
    text = f"better mean utility in {won} of {len(candidate.windows)} windows (pure noise passes 3 of 5 half the time)"
    passed = won >= config.min_windows
    return _gate(
        candidate, "windows", float(won), float(config.min_windows), passed, text, blocking=track == "discovery"
    )


def _stress_gate(candidate: CandidateEvidence) -> Gate:
    if not candidate.stress:
        raise CalculationError(f"the stress results of '{candidate.strategy.name}' are missing")
    failed = [result.name for result in candidate.stress if not result.passed]
    passed_count = float(len(candidate.stress) - len(failed))
    text = "every stress scenario held" if not failed else f"failed: {', '.join(failed)}"
    return _gate(candidate, "stress", passed_count, float(len(candidate.stress)), not failed, text)


def _deflated_sharpe_gate(candidate: CandidateEvidence, config: EvaluationConfig) -> Gate:
    returns, least = candidate.strategy.net_returns, config.deflated_sharpe_min
    if not np.any(returns != 0.0):
        return _gate(candidate, "deflated_sharpe", None, least, False, "never traded", blocking=False)
    deflated = deflated_sharpe_of_returns(returns, trials=candidate.trials, trial_variance=candidate.trial_variance)
    text = f"deflated Sharpe {deflated.probability:.3f} with N = {candidate.trials} trials (shown, does not block)"
    passed = deflated.probability >= least
    return _gate(candidate, "deflated_sharpe", deflated.probability, least, passed, text, blocking=False)


def _overfitting_gate(candidate: CandidateEvidence) -> Gate:
    probability = candidate.overfitting_probability
    if probability is None:
        text = "PBO needs two trials or more (shown, does not block)"
        return _gate(candidate, "overfitting", None, 0.5, False, text, blocking=False)
    text = f"probability of backtest overfitting {probability:.2f} (shown, does not block)"
    return _gate(candidate, "overfitting", probability, 0.5, probability < 0.5, text, blocking=False)


def _e_process_gate(candidate: CandidateEvidence, config: EvaluationConfig, stage: Stage) -> Gate:
    threshold = promotion_threshold(candidate.candidates_charged, config.e_process_alpha)
    blocking = stage == "paper"
    if candidate.e_value is None:
        if blocking:
            raise CalculationError(f"the e-value of '{candidate.strategy.name}' is missing")
        return _gate(candidate, "e_process", None, threshold, False, "not measured in the experiment", blocking=False)
    text = f"e-value {candidate.e_value:.1f}, needs {threshold:g} for {candidate.candidates_charged} candidate(s)"
    passed = candidate.e_value >= threshold
    return _gate(candidate, "e_process", candidate.e_value, threshold, passed, text, blocking=blocking)


def _composite(score: Composite) -> dict[str, Any]:
    parts = zip(METRICS, score.raw, score.normalised, strict=True)
    return {"total": score.total, "metrics": {name: {"raw": raw, "normalised": unit} for name, raw, unit in parts}}
