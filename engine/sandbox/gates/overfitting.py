"""The probability of backtest overfitting over all trials, for the operator to see."""

from __future__ import annotations

from typing import Final

from engine.sandbox.gates.interface import GateEvidence, GateResult, PromotionGate

COIN_TOSS: Final = 0.5


class OverfittingGate(PromotionGate):
    """PBO by combinatorially symmetric cross-validation over the trials. It describes the search, not the candidate, so
    it is shown and blocks nowhere."""

    name = "overfitting"
    tracks = ()

    def judge(self, evidence: GateEvidence) -> GateResult:
        """Passed below one half: the best trial in sample then beats the median out of sample more often than not."""
        probability = evidence.candidate.overfitting_probability
        if probability is None:
            return self.result(evidence, None, COIN_TOSS, False, "PBO needs two trials or more")
        reason = f"probability of backtest overfitting {probability:.2f}"
        return self.result(evidence, probability, COIN_TOSS, probability < COIN_TOSS, reason)
