"""The annualised Sharpe ratio must improve on the reference by a least amount."""

from __future__ import annotations

from engine.sandbox.composite import sharpe_or_zero
from engine.sandbox.gates.interface import GateEvidence, GateResult, PromotionGate


class SharpeImprovementGate(PromotionGate):
    """Difference of annualised Sharpe ratios; on the repair track of utility scores, since the right answer to a jump
    of volatility is a smaller position, which leaves the plain Sharpe where it was."""

    name = "sharpe_improvement"
    tracks = ("repair", "discovery")

    def judge(self, evidence: GateEvidence) -> GateResult:
        """Passed where the difference reaches `sharpe_improvement_min`."""
        config, adjusted = evidence.config, evidence.risk_adjusted
        own = sharpe_or_zero(evidence.candidate.strategy, config, risk_adjusted=adjusted)
        other = sharpe_or_zero(evidence.reference, config, risk_adjusted=adjusted)
        kind = "annualised Sharpe of utility" if adjusted else "annualised Sharpe"
        reason = f"{kind} {own:.2f} against {other:.2f} of {evidence.reference.name}"
        least = config.sharpe_improvement_min
        return self.result(evidence, own - other, least, own - other >= least, reason)
