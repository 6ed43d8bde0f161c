"""No decision may change when what was published after it is scrambled."""

from __future__ import annotations

from engine.kernel.errors import CalculationError
from engine.sandbox.gates.interface import GateEvidence, GateResult, PromotionGate


class LookaheadGate(PromotionGate):
    """Result of the look-ahead proof (`engine/sandbox/look_ahead.py`): 1 where every decision line was the same."""

    name = "lookahead"
    tracks = ("repair", "discovery")

    def judge(self, evidence: GateEvidence) -> GateResult:
        """Passed where the proof was clean; CalculationError where it was not made."""
        candidate = evidence.candidate
        if candidate.lookahead_passed is None:
            raise CalculationError(f"the look-ahead result of '{candidate.strategy.name}' is missing")
        passed = candidate.lookahead_passed
        return self.result(evidence, float(passed), 1.0, passed, candidate.lookahead_detail)
