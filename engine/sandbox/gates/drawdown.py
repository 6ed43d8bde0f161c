"""The maximum drawdown may be little worse than that of the reference."""

from __future__ import annotations

from engine.sandbox.evidence import EvaluationConfig
from engine.sandbox.gates.interface import GateEvidence, GateResult, PromotionGate
from engine.sandbox.statistics.sharpe import max_drawdown


class DrawdownGate(PromotionGate):
    """Maximum drawdown as a share of peak equity."""

    name = "drawdown"
    tracks = ("repair", "discovery")

    def judge(self, evidence: GateEvidence) -> GateResult:
        """Passed where the drawdown is at most `allowed_drawdown` of the reference's."""
        own = max_drawdown(evidence.candidate.strategy.net_returns)
        other = max_drawdown(evidence.reference.net_returns)
        allowed = allowed_drawdown(other, evidence.config)
        reason = f"maximum drawdown {own:.2%} against {other:.2%} of {evidence.reference.name}; allowed {allowed:.2%}"
        return self.result(evidence, own, allowed, own <= allowed, reason)


def allowed_drawdown(reference_drawdown: float, config: EvaluationConfig) -> float:
    """Largest drawdown a candidate may show: the reference's times (1 + tolerance), but never less than the absolute
    allowance, since any strategy that trades has some drawdown and standing aside has none."""
    return max(reference_drawdown * (1.0 + config.drawdown_tolerance), config.drawdown_allowance)
