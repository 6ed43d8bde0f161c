"""Every stress scenario must hold."""

from __future__ import annotations

from engine.kernel.errors import CalculationError
from engine.sandbox.gates.interface import GateEvidence, GateResult, PromotionGate


class StressGate(PromotionGate):
    """Number of scenarios that held (`engine/sandbox/stress.py`), of all that were run."""

    name = "stress"
    tracks = ("repair", "discovery")

    def judge(self, evidence: GateEvidence) -> GateResult:
        """Passed where none failed; CalculationError where none was run."""
        candidate = evidence.candidate
        if not candidate.stress:
            raise CalculationError(f"the stress results of '{candidate.strategy.name}' are missing")
        failed = [result.name for result in candidate.stress if not result.passed]
        held = float(len(candidate.stress) - len(failed))
        reason = "every stress scenario held" if not failed else f"failed: {', '.join(failed)}"
        return self.result(evidence, held, float(len(candidate.stress)), not failed, reason)
