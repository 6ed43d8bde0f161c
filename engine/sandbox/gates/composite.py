"""The composite score must exceed that of the reference on the same bars."""

from __future__ import annotations

from engine.sandbox.gates.interface import GateEvidence, GateResult, PromotionGate


class CompositeGate(PromotionGate):
    """Six metrics in one number (`engine/sandbox/composite.py`); the threshold is the reference's own."""

    name = "composite"
    tracks = ("repair", "discovery")

    def judge(self, evidence: GateEvidence) -> GateResult:
        """Passed where the candidate's total is greater."""
        own, other = evidence.candidate_composite.total, evidence.reference_composite.total
        reason = f"composite {own:.3f} against {other:.3f} of {evidence.reference.name}"
        return self.result(evidence, own, other, own > other, reason)
