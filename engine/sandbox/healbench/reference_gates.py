"""Promotion gates to compare: from none at all to those that pay for every candidate.

A gate takes what it is shown of a candidate and says whether it promotes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from engine.sandbox.healbench.shadow_scores import ShadowScores
from engine.sandbox.statistics.alpha_spending import AlphaSpender
from engine.sandbox.statistics.likelihood_gate import LikelihoodGate
from engine.sandbox.statistics.promotion_gate import EProcessGate

Gate = Callable[[ShadowScores], bool]
LIKELIHOOD_GATE: Final = "likelihood ratio, alpha spent"
E_PROCESS_GATE: Final = "e-process, alpha / trials"


def no_gate(shown: ShadowScores) -> bool:
    """Promote whatever comes."""
    return True


def higher_mean(shown: ShadowScores) -> bool:
    """Promote on a positive mean."""
    return bool(shown.differences.mean() > 0.0)


def fixed_t_test(shown: ShadowScores) -> bool:
    """Promote where one t-test at the end exceeds the normal 5 % quantile, as if it were the only candidate."""
    spread = shown.differences.std(ddof=1)
    return bool(spread > 0.0 and shown.differences.mean() / spread * np.sqrt(len(shown.differences)) > 1.645)


def e_process_gate(alpha: float) -> Gate:
    """Promote where the promotion gate's wealth ever reaches trial_number / alpha."""

    def gate(shown: ShadowScores) -> bool:
        process = EProcessGate(alpha=alpha, trial_number=shown.trial_number, scale=1.0)
        for difference in shown.differences.tolist():
            process.add(difference)
        return process.passed

    return gate


def likelihood_gate(alpha: float) -> Gate:
    """Promote where the likelihood ratio against the incumbent ever reaches what the trial's place in the registry asks
    for. Exact where the incumbent is right; one that errs a little gives a candidate that errs otherwise a chance."""
    spender = AlphaSpender(alpha)

    def gate(shown: ShadowScores) -> bool:
        trial = LikelihoodGate(spender.level(shown.trial_number), 1)
        for nats in shown.nats.tolist():
            trial.add_nats(nats)
        return trial.passed

    return gate


def promotion_gates(discovery_alpha: float) -> Mapping[str, Gate]:
    """The gates to compare with by name, in the order of the table."""
    return {
        "none": no_gate,
        "higher mean": higher_mean,
        "one t-test": fixed_t_test,
        E_PROCESS_GATE: e_process_gate(discovery_alpha),
        LIKELIHOOD_GATE: likelihood_gate(discovery_alpha),
    }
