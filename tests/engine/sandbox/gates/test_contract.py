"""Every registered gate: one interface, one name, a complete result, no state, and a place in the settings."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from engine.kernel.config_models import DiscoveryGateName, RepairGateName
from engine.kernel.configuration import load_config
from engine.kernel.errors import CalculationError, ConfigError
from engine.sandbox.composite import composite_score
from engine.sandbox.evidence import (
    CandidateEvidence,
    EvaluationConfig,
    Stage,
    StrategyEvidence,
    StressResult,
    Track,
    standing_aside,
)
from engine.sandbox.gates.interface import GateEvidence, PromotionGate
from engine.sandbox.gates.registry import GATES, checked_names, names_for
from engine.sandbox.walk_forward import equal_windows

BARS = 200
CONFIG = replace(EvaluationConfig.of(load_config("simulated_hogs", environment={}).config), bars_per_year=252.0)
RETURNS = 0.002 * np.random.default_rng(7).standard_normal(BARS)
BETTER = StrategyEvidence("better", RETURNS + 0.001, 0.01, 0.05, 5.0)
WORSE = StrategyEvidence("worse", 4.0 * RETURNS - 0.003, 0.01, 0.05, 5.0)
BEST = CandidateEvidence(
    strategy=BETTER,
    windows=equal_windows(BARS, 5),
    lookahead_passed=True,
    lookahead_detail="nothing changed",
    stress=(StressResult("flash_crash", True, -0.01, -0.15),),
    trials=1,
    trial_variance=None,
    overfitting_probability=0.1,
    e_value=1e6,
    candidates_charged=1,
    data_range="bars 1 to 200",
)
WORST = replace(
    BEST,
    strategy=WORSE,
    lookahead_passed=False,
    stress=(StressResult("flash_crash", False, -0.3, -0.15),),
    trials=10_000,
    overfitting_probability=0.9,
    e_value=1.0,
)
PARAMETERS = pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
TRACKS: tuple[Track, ...] = ("repair", "discovery")


def gate_evidence(
    candidate: CandidateEvidence, reference: StrategyEvidence, track: Track = "discovery", stage: Stage = "paper"
) -> GateEvidence:
    repair = track == "repair"
    own = composite_score(candidate.strategy, candidate.windows, CONFIG, risk_adjusted=repair)
    other = composite_score(reference, candidate.windows, CONFIG, risk_adjusted=repair)
    return GateEvidence(candidate, reference, own, other, track, stage, CONFIG)


@PARAMETERS
def test_a_better_candidate_passes_and_a_worse_one_fails(gate: PromotionGate) -> None:
    assert gate.judge(gate_evidence(BEST, WORSE)).passed
    assert not gate.judge(gate_evidence(WORST, BETTER)).passed


@PARAMETERS
@pytest.mark.parametrize("track", TRACKS)
@pytest.mark.parametrize("stage", ["experiment", "paper"])
def test_a_result_is_complete_and_the_same_again(gate: PromotionGate, track: Track, stage: Stage) -> None:
    evidence = gate_evidence(BEST, standing_aside(BARS), track, stage)
    result = gate.judge(evidence)
    assert result == gate.judge(evidence)
    assert (result.name, result.data_range) == (gate.name, "bars 1 to 200")
    assert result.reason and "\n" not in result.reason
    assert result.number is not None and math.isfinite(result.number)
    assert result.threshold is not None and math.isfinite(result.threshold)
    assert isinstance(result.passed, bool)


@PARAMETERS
def test_a_gate_never_blocks_where_it_is_not_measured(gate: PromotionGate) -> None:
    assert set(gate.tracks) <= set(TRACKS)
    assert gate.stages and set(gate.stages) <= {"experiment", "paper"}
    assert gate.__doc__ and not vars(gate)


@pytest.mark.parametrize(
    ("name", "missing", "words"),
    [
        ("lookahead", {"lookahead_passed": None}, "look-ahead"),
        ("stress", {"stress": ()}, "stress"),
        ("e_process", {"e_value": None}, "e-value"),
    ],
)
def test_what_is_missing_raises(name: str, missing: dict[str, object], words: str) -> None:
    gate = next(gate for gate in GATES if gate.name == name)
    incomplete = replace(BEST, **missing)  # type: ignore[arg-type]
    with pytest.raises(CalculationError, match=words):
        gate.judge(gate_evidence(incomplete, WORSE))


def test_names_are_unique_and_the_settings_offer_exactly_what_the_registry_holds() -> None:
    names = [gate.name for gate in GATES]
    assert len(set(names)) == len(names)
    assert get_args(RepairGateName) == names_for("repair")
    assert get_args(DiscoveryGateName) == names_for("discovery")


def test_shipped_settings_block_with_every_gate_that_can() -> None:
    assert CONFIG.repair_gates == names_for("repair")
    assert CONFIG.discovery_gates == names_for("discovery")
    assert set(names_for("repair")) < set(names_for("discovery"))


@pytest.mark.parametrize("track", TRACKS)
def test_a_name_that_cannot_block_on_the_track_is_refused(track: Track) -> None:
    assert checked_names(names_for(track), track) == set(names_for(track))
    for name in ("overfitting", "luck"):
        with pytest.raises(ConfigError, match=rf"{track}_gates.*'{name}'"):
            checked_names(("lookahead", name), track)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("repair_gates", ["lookahead", "luck"]),
        ("repair_gates", ["windows"]),
        ("repair_gates", []),
        ("discovery_gates", ["overfitting"]),
    ],
    ids=["unknown", "discovery-only", "none", "never-blocks"],
)
def test_settings_are_refused_when_they_are_loaded(key: str, value: list[str]) -> None:
    with pytest.raises(ConfigError, match=key):
        load_config("simulated_hogs", environment={}, flags={f"evaluator.{key}": value})
