"""The promotion gates that forced proposals are put before: those to compare with, and the healer's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.agent.treatment.repairs.scheduled_challenge import HOPELESS_NATS, LEAST_LEAD_NATS
from engine.sandbox.healbench.reference_gates import Gate, promotion_gates
from engine.sandbox.healbench.shadow_scores import ShadowScores
from engine.sandbox.statistics.alpha_spending import AlphaSpender
from engine.sandbox.statistics.likelihood_gate import LikelihoodGate

LIVE_GATE: Final = "the healer's: ratio to a steady fit"


def healer_gate(discovery_alpha: float) -> Gate:
    """What the scheduled challenge asks of a candidate: the likelihood ratio to the fit that never forgets reaches what
    the trial's place in the registry asks for, and the candidate is ahead of the rule in force; a trial without hope is
    ended."""
    spender = AlphaSpender(discovery_alpha)

    def gate(shown: ShadowScores) -> bool:
        trial, ahead = LikelihoodGate(spender.level(shown.trial_number), 1), 0.0
        for steady, lead in zip(shown.steady_nats.tolist(), shown.nats.tolist(), strict=True):
            trial.add_nats(steady)
            ahead += lead
            if trial.log_capital <= HOPELESS_NATS:
                return False
            if trial.passed and ahead > LEAST_LEAD_NATS:
                return True
        return False

    return gate


def all_gates(discovery_alpha: float) -> Mapping[str, Gate]:
    """By name, in the order of the table."""
    return {**promotion_gates(discovery_alpha), LIVE_GATE: healer_gate(discovery_alpha)}
