"""One interface for every gate of the evaluator: evidence in, one number against one threshold out.

Adding a gate is one file with a `PromotionGate` subclass, one line in `registry.py` and, where it may block, its name
in `RepairGateName` or `DiscoveryGateName` of the settings; the contract test in `tests/engine/sandbox/gates/` then runs
on it. Whether it blocks is not the gate's business: the settings say so for each track.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, final

from engine.sandbox.composite import Composite
from engine.sandbox.evidence import CandidateEvidence, EvaluationConfig, Stage, StrategyEvidence, Track


@dataclass(frozen=True, slots=True)
class GateEvidence:
    """What every gate may look at.

    `reference` is what the candidate competes with on this track: the champion, or standing aside. Both composites are
    over the candidate's evaluation bars; on the repair track they are those of the utility scores.
    """

    candidate: CandidateEvidence
    reference: StrategyEvidence
    candidate_composite: Composite
    reference_composite: Composite
    track: Track
    stage: Stage
    config: EvaluationConfig

    @property
    def risk_adjusted(self) -> bool:
        """Whether Sharpe and return are those of the utility scores."""
        return self.track == "repair"


@dataclass(frozen=True, slots=True)
class GateResult:
    """What a gate found. `number` is None where there is nothing to measure; `data_range` says in words which bars it
    is about; `reason` is the sentence an operator reads."""

    name: str
    number: float | None
    threshold: float | None
    data_range: str
    passed: bool
    reason: str


class PromotionGate(ABC):
    """One test of a candidate.

    `tracks` are the tracks on which the settings may let it block (none: it is only ever shown), `stages` the stages at
    which it can: what is not measured yet in the experiment blocks on paper alone. A gate is stateless.
    """

    name: ClassVar[str]
    tracks: ClassVar[tuple[Track, ...]]
    stages: ClassVar[tuple[Stage, ...]] = ("experiment", "paper")

    @abstractmethod
    def judge(self, evidence: GateEvidence) -> GateResult:
        """Judge; CalculationError naming what is missing."""

    @final
    def result(
        self, evidence: GateEvidence, number: float | None, threshold: float | None, passed: bool, reason: str
    ) -> GateResult:
        """A result of this gate on the evidence's bars."""
        return GateResult(self.name, number, threshold, evidence.candidate.data_range, passed, reason)
