"""A robustness screen: better than the reference in most of several disjoint windows."""

from __future__ import annotations

import numpy as np

from engine.sandbox.gates.interface import GateEvidence, GateResult, PromotionGate
from engine.sandbox.utility_score import utility_scores


class WindowsGate(PromotionGate):
    """Number of evaluation windows with a better mean utility. Pure noise passes 3 of 5 half the time; on the repair
    track it cannot block, since the bars since a fault are too few to be cut into windows."""

    name = "windows"
    tracks = ("discovery",)

    def judge(self, evidence: GateEvidence) -> GateResult:
        """Passed where `min_windows` are won."""
        candidate, config = evidence.candidate, evidence.config
        own = utility_scores(candidate.strategy.net_returns, config.kelly_fraction)
        difference = own - utility_scores(evidence.reference.net_returns, config.kelly_fraction)
        won = sum(float(np.mean(difference[low:high])) > 0.0 for low, high in candidate.windows)
        reason = (
            f"better mean utility in {won} of {len(candidate.windows)} windows (pure noise passes 3 of 5 half the time)"
        )
        return self.result(evidence, float(won), float(config.min_windows), won >= config.min_windows, reason)
