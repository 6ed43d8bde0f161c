"""The healer's own gate before forced proposals, and before a candidate that deserves it."""

from __future__ import annotations

import numpy as np
import pytest

from engine.host.operations.heal_bench_gates import LIVE_GATE, all_gates, healer_gate
from engine.sandbox.healbench.forced_proposals import (
    false_promotion_share,
    forced_candidates,
    forced_verdicts,
    gate_power,
    steady_forecast,
)
from engine.sandbox.healbench.reference_gates import LIKELIHOOD_GATE
from engine.sandbox.healbench.shadow_scores import ShadowScores

BARS = 100


def shown(steady: float, lead: float, trial_number: int = 1) -> ShadowScores:
    return ShadowScores(trial_number, np.zeros(BARS), np.full(BARS, lead), np.full(BARS, steady))


def test_it_asks_for_evidence_against_the_steady_fit_and_a_lead_over_the_rule_in_force() -> None:
    gate = healer_gate(0.05)
    needed = np.log(400.0) / BARS  # 16 candidates share .8 of alpha
    assert gate(shown(1.01 * needed, 0.02)) and not gate(shown(0.99 * needed, 0.02))
    assert not gate(shown(1.01 * needed, 0.0)) and not gate(shown(0.0, 1.0))
    assert not gate(shown(1.01 * needed, 0.02, trial_number=17))


def test_a_trial_that_lost_hope_is_over() -> None:
    steady = np.concatenate([np.full(4, -1.0), np.full(BARS - 4, 1.0)])
    late = ShadowScores(1, np.zeros(BARS), np.full(BARS, 1.0), steady)
    assert not healer_gate(0.05)(late)
    assert healer_gate(0.05)(ShadowScores(1, np.zeros(BARS), np.full(BARS, 1.0), np.maximum(steady, -0.5)))


def test_luck_passes_less_often_than_against_the_champion_and_power_stays() -> None:
    gates = all_gates(0.05)
    assert list(gates)[-1] == LIVE_GATE
    verdicts = [forced_verdicts(forced_candidates(seed), gates) for seed in range(60)]
    assert false_promotion_share(verdicts, LIVE_GATE).share <= false_promotion_share(verdicts, LIKELIHOOD_GATE).share
    assert false_promotion_share(verdicts, LIVE_GATE).share <= 0.05
    assert gate_power(gates[LIVE_GATE], 16, draws=100, seed=1) >= 0.8


def test_the_steady_fit_is_ridge_on_all_bars_before() -> None:
    rng = np.random.default_rng(1)
    z = rng.standard_normal((400, 3))
    y = z @ np.array([0.3, 0.0, -0.1]) + rng.standard_normal(400)
    said = steady_forecast(z, y)
    known_z, known_y = z[:395], y[:395]
    weights = np.linalg.solve(known_z.T @ known_z + 3 / 0.35**2 * np.eye(3), known_z.T @ known_y)
    assert said[395:400] == pytest.approx(z[395:400] @ weights)
    y[395] += 100.0
    assert np.array_equal(steady_forecast(z, y), said)
