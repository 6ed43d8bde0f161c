"""Evidence, valid however often one looks, that the candidate is better than its reference."""

from __future__ import annotations

from engine.kernel.errors import CalculationError
from engine.sandbox.gates.interface import GateEvidence, GateResult, PromotionGate
from engine.sandbox.statistics.e_process import promotion_threshold


class EProcessGate(PromotionGate):
    """Peak e-value of utility differences against m / alpha, m being the candidates that share the promotion budget.
    The experiment only shows it: its bars chose the candidate."""

    name = "e_process"
    tracks = ("repair", "discovery")
    stages = ("paper",)

    def judge(self, evidence: GateEvidence) -> GateResult:
        """Passed where the threshold was reached; CalculationError on paper where nothing was measured."""
        candidate = evidence.candidate
        threshold = promotion_threshold(candidate.candidates_charged, evidence.config.e_process_alpha)
        if candidate.e_value is None:
            if evidence.stage in self.stages:
                raise CalculationError(f"the e-value of '{candidate.strategy.name}' is missing")
            return self.result(evidence, None, threshold, False, "not measured in the experiment")
        reason = f"e-value {candidate.e_value:.1f}, needs {threshold:g} for {candidate.candidates_charged} candidate(s)"
        return self.result(evidence, candidate.e_value, threshold, candidate.e_value >= threshold, reason)
