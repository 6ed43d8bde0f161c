"""The Sharpe ratio must be more than the best of as many tries would show by luck.

Paper: D. Bailey and M. Lopez de Prado, The deflated Sharpe ratio, J. Portfolio Management 2014.
"""

from __future__ import annotations

import numpy as np

from engine.sandbox.gates.interface import GateEvidence, GateResult, PromotionGate
from engine.sandbox.statistics.probabilistic_sharpe import deflated_sharpe_of_returns


class DeflatedSharpeGate(PromotionGate):
    """Probability that the true Sharpe exceeds the expected best of N skill-less trials, N being every trial that the
    journal ever recorded on the market. It cannot block a repair: deflated by a market's whole life, the few bars since
    a fault never prove an edge, and nothing would be healed."""

    name = "deflated_sharpe"
    tracks = ("discovery",)

    def judge(self, evidence: GateEvidence) -> GateResult:
        """Passed where the probability reaches `deflated_sharpe_min`; a candidate that never traded has shown none."""
        candidate, least = evidence.candidate, evidence.config.deflated_sharpe_min
        returns = candidate.strategy.net_returns
        if not np.any(returns != 0.0):
            return self.result(evidence, None, least, False, "never traded")
        deflated = deflated_sharpe_of_returns(returns, trials=candidate.trials, trial_variance=candidate.trial_variance)
        reason = f"deflated Sharpe {deflated.probability:.3f} with N = {candidate.trials} trials"
        return self.result(evidence, deflated.probability, least, deflated.probability >= least, reason)
