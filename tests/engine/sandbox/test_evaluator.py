"""The verdict: tracks, references, every gate, and no missing number ever replaced."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.kernel.errors import CalculationError, ConfigError
from engine.sandbox.composite import METRICS, composite_score
from engine.sandbox.evaluator import (
    Gate,
    TrackChoice,
    Verdict,
    allowed_drawdown,
    choose_reference,
    choose_track,
    evaluate,
)
from engine.sandbox.evidence import CandidateEvidence, EvaluationConfig, StrategyEvidence, StressResult, standing_aside
from engine.sandbox.utility_score import utility_e_process, utility_scores
from engine.sandbox.walk_forward import equal_windows

BARS = 300
MARKET = np.random.default_rng(1).standard_normal(BARS)
REPAIR = TrackChoice("repair", "diagnosed broken")
DISCOVERY = TrackChoice("discovery", "healthy")


def hydra_config() -> HydraConfig:
    return load_config("simulated_hogs", environment={}).config


CONFIG = replace(EvaluationConfig.of(hydra_config()), kelly_fraction=0.25, bars_per_year=252.0)


def strategy(name: str, edge: float, risk: float = 0.002, seed: int = 0) -> StrategyEvidence:
    own = np.random.default_rng(seed).standard_normal(BARS)
    returns = risk * (edge + np.sqrt(0.5) * MARKET + np.sqrt(0.5) * own)
    return StrategyEvidence(name, returns, calibration_error=0.01, cost_share=0.05, complexity=5.0)


def evidence(subject: StrategyEvidence, **changes: object) -> CandidateEvidence:
    complete = CandidateEvidence(
        strategy=subject,
        windows=equal_windows(BARS, 5),
        lookahead_passed=True,
        lookahead_detail="decisions unchanged with the future scrambled",
        stress=(StressResult("costs doubled", True, 0.1, 0.0),),
        trials=3,
        trial_variance=None,
        overfitting_probability=None,
        e_value=100.0,
        candidates_charged=2,
        data_range="bars 1 to 300",
    )
    return replace(complete, **changes)  # type: ignore[arg-type]


def gate(verdict: Verdict, name: str) -> Gate:
    return next(gate for gate in verdict.gates if gate.name == name)


GOOD, BROKEN, WEAK = strategy("good", 0.3, seed=2), strategy("broken", -0.3, seed=3), strategy("weak", 0.1, seed=4)


def test_a_good_candidate_repairs_a_broken_champion_against_standing_aside() -> None:
    verdict = evaluate(evidence(GOOD), BROKEN, REPAIR, CONFIG, stage="paper")
    assert verdict.outcome == "passed" and verdict.failed_gates == ()
    assert verdict.reference == "standing aside"
    assert (verdict.track, verdict.track_reason) == ("repair", "diagnosed broken")
    assert [gate.name for gate in verdict.gates] == [
        "lookahead",
        "composite",
        "sharpe_improvement",
        "drawdown",
        "windows",
        "stress",
        "deflated_sharpe",
        "overfitting",
        "e_process",
    ]
    assert all(gate.data_range == "bars 1 to 300" and gate.explanation for gate in verdict.gates)


def test_repair_competes_with_the_broken_champion_where_it_still_beats_standing_aside() -> None:
    assert choose_reference(WEAK, "repair", CONFIG).name == "weak"
    assert choose_reference(BROKEN, "repair", CONFIG).name == "standing aside"
    assert choose_reference(BROKEN, "discovery", CONFIG).name == "broken"
    verdict = evaluate(evidence(WEAK), GOOD, REPAIR, CONFIG, stage="paper")
    assert verdict.outcome == "failed"
    assert {"composite", "sharpe_improvement"} <= set(verdict.failed_gates)


def test_a_losing_candidate_never_beats_standing_aside() -> None:
    verdict = evaluate(evidence(BROKEN), BROKEN, REPAIR, CONFIG, stage="experiment")
    assert verdict.outcome == "failed"
    idle = replace(standing_aside(BARS), name="idle", calibration_error=0.0, stands_aside=False)
    assert evaluate(evidence(idle), BROKEN, REPAIR, CONFIG, stage="experiment").outcome == "failed"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"lookahead_passed": False}, "lookahead"),
        ({"stress": (StressResult("flash crash", False, -0.1, -0.03),)}, "stress"),
        ({"e_value": 39.9}, "e_process"),
    ],
)
def test_each_gate_blocks_alone(changes: dict[str, object], name: str) -> None:
    verdict = evaluate(evidence(GOOD, **changes), BROKEN, REPAIR, CONFIG, stage="paper")
    assert verdict.outcome == "failed" and verdict.failed_gates == (name,)


def test_e_process_is_shown_in_the_experiment_and_blocks_on_paper() -> None:
    weak_evidence = evidence(GOOD, e_value=1.0)
    shown = evaluate(weak_evidence, BROKEN, REPAIR, CONFIG, stage="experiment")
    assert shown.outcome == "passed" and not gate(shown, "e_process").passed
    assert gate(shown, "e_process").threshold == pytest.approx(2 / 0.05)
    assert evaluate(weak_evidence, BROKEN, REPAIR, CONFIG, stage="paper").outcome == "failed"
    assert evaluate(evidence(GOOD, e_value=None), BROKEN, REPAIR, CONFIG, stage="experiment").outcome == "passed"
    with pytest.raises(CalculationError, match="e-value"):
        evaluate(evidence(GOOD, e_value=None), BROKEN, REPAIR, CONFIG, stage="paper")


def test_windows_block_on_discovery_and_are_shown_on_repair() -> None:
    lopsided = GOOD.net_returns.copy()
    lopsided[:180] = BROKEN.net_returns[:180] - 1e-5
    lopsided[180:] += 0.004
    candidate = evidence(replace(GOOD, net_returns=lopsided))
    discovery = evaluate(candidate, BROKEN, DISCOVERY, CONFIG, stage="paper")
    assert gate(discovery, "windows").value == 2.0
    assert "windows" in discovery.failed_gates
    repair = evaluate(candidate, BROKEN, REPAIR, CONFIG, stage="paper")
    assert not gate(repair, "windows").passed and "windows" not in repair.failed_gates


def test_drawdown_tolerance_is_relative_with_an_absolute_allowance() -> None:
    assert allowed_drawdown(0.10, CONFIG) == pytest.approx(0.11)
    assert allowed_drawdown(0.0, CONFIG) == CONFIG.drawdown_allowance == 0.03
    risky = strategy("risky", 0.3, risk=0.02, seed=2)
    verdict = evaluate(evidence(risky), BROKEN, REPAIR, CONFIG, stage="paper")
    assert "drawdown" in verdict.failed_gates


def test_deflated_sharpe_and_overfitting_are_shown_but_never_block_a_repair() -> None:
    verdict = evaluate(evidence(WEAK, trials=500, overfitting_probability=0.9), BROKEN, REPAIR, CONFIG, stage="paper")
    assert not gate(verdict, "deflated_sharpe").passed and not gate(verdict, "overfitting").passed
    assert not {"deflated_sharpe", "overfitting"} & set(verdict.failed_gates)
    assert "N = 500" in gate(verdict, "deflated_sharpe").explanation
    for name in ("windows", "deflated_sharpe", "overfitting"):
        assert gate(verdict, name).explanation.endswith("(shown, does not block)")


def test_a_discovery_must_survive_every_trial_of_the_journal() -> None:
    """The same candidate passes as the first try and fails as the best of many."""
    few = evaluate(evidence(GOOD, trials=1), WEAK, DISCOVERY, CONFIG, stage="paper")
    assert few.outcome == "passed" and gate(few, "deflated_sharpe").blocking
    assert "does not block" not in gate(few, "deflated_sharpe").explanation
    weak = strategy("second", 0.16, seed=4)
    first = evaluate(evidence(weak, trials=1), BROKEN, DISCOVERY, CONFIG, stage="experiment")
    many = evaluate(evidence(weak, trials=500), BROKEN, DISCOVERY, CONFIG, stage="experiment")
    assert first.failed_gates == () and many.failed_gates == ("deflated_sharpe",)
    assert evaluate(evidence(weak, trials=500), BROKEN, REPAIR, CONFIG, stage="experiment").failed_gates == ()


def test_pbo_blocks_nowhere() -> None:
    verdict = evaluate(evidence(GOOD, overfitting_probability=1.0), WEAK, DISCOVERY, CONFIG, stage="paper")
    assert verdict.outcome == "passed"
    assert not gate(verdict, "overfitting").passed and not gate(verdict, "overfitting").blocking


def test_a_candidate_that_never_traded_is_no_discovery() -> None:
    idle = replace(standing_aside(BARS), name="idle", calibration_error=0.0, stands_aside=False)
    verdict = evaluate(evidence(idle), BROKEN, DISCOVERY, CONFIG, stage="experiment")
    assert "deflated_sharpe" in verdict.failed_gates


def test_the_settings_say_which_gates_block() -> None:
    crash = evidence(GOOD, stress=(StressResult("flash crash", False, -0.1, -0.03),))
    lenient = replace(CONFIG, repair_gates=("lookahead",))
    verdict = evaluate(crash, BROKEN, REPAIR, lenient, stage="paper")
    assert verdict.outcome == "passed" and not gate(verdict, "stress").passed
    assert gate(verdict, "stress").explanation.endswith("(shown, does not block)")
    assert evaluate(crash, BROKEN, DISCOVERY, lenient, stage="paper").outcome == "failed"


def test_a_setting_that_names_no_gate_of_the_track_is_refused() -> None:
    wrong = replace(CONFIG, repair_gates=("lookahead", "deflated_sharpe"))
    with pytest.raises(ConfigError, match=r"repair_gates.*deflated_sharpe.*lookahead, composite"):
        evaluate(evidence(GOOD), BROKEN, REPAIR, wrong, stage="paper")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"strategy": replace(GOOD, calibration_error=None)}, "calibration_error"),
        ({"strategy": replace(GOOD, cost_share=None)}, "cost_share"),
        ({"strategy": replace(GOOD, complexity=float("nan"))}, "complexity"),
        ({"lookahead_passed": None}, "look-ahead"),
        ({"stress": ()}, "stress"),
        ({"windows": ()}, "windows"),
        ({"strategy": replace(GOOD, net_returns=GOOD.net_returns[1:])}, "same bars"),
    ],
)
def test_what_is_missing_raises_and_is_named(changes: dict[str, object], named: str) -> None:
    with pytest.raises(CalculationError, match=named):
        evaluate(evidence(GOOD, **changes), BROKEN, REPAIR, CONFIG, stage="experiment")


def test_the_composite_rises_with_every_metric() -> None:
    windows = equal_windows(BARS, 5)
    base = composite_score(WEAK, windows, CONFIG).total
    assert composite_score(strategy("weak", 0.2, seed=4), windows, CONFIG).total > base
    for better in ({"calibration_error": 0.0}, {"cost_share": 0.0}, {"complexity": 1.0}):
        assert composite_score(replace(WEAK, **better), windows, CONFIG).total > base  # type: ignore[arg-type]
    calm = replace(WEAK, net_returns=WEAK.net_returns / 2)
    assert composite_score(calm, windows, CONFIG).normalised[1] > composite_score(WEAK, windows, CONFIG).normalised[1]
    assert all(0.0 <= value <= 1.0 for value in composite_score(GOOD, windows, CONFIG).normalised)
    assert len(METRICS) == len(CONFIG.weights)
    with pytest.raises(CalculationError, match="sum to 1"):
        replace(CONFIG, weights=(1.0, 1.0, 0.0, 0.0, 0.0, 0.0))


def test_the_verdict_is_deterministic_and_goes_to_json() -> None:
    one, two = (evaluate(evidence(GOOD), BROKEN, REPAIR, CONFIG, stage="paper") for _ in range(2))
    assert one == two
    document = json.loads(json.dumps(one.to_json()))
    assert document["outcome"] == "passed"
    assert set(document["composite"]["candidate"]["metrics"]) == set(METRICS)


@pytest.mark.parametrize(
    ("cause", "healthy", "track"),
    [
        ("concept_drift", False, "repair"),
        ("decay", False, "repair"),
        ("concept_drift", True, "discovery"),
        ("none", False, "discovery"),
        ("none", True, "discovery"),
    ],
)
def test_track_choice(cause: str, healthy: bool, track: str) -> None:
    choice = choose_track(cause, healthy)
    assert choice.track == track and choice.reason


def test_utility_is_greatest_at_the_operators_own_bet() -> None:
    generator = np.random.default_rng(5)
    unit = 0.05 + generator.standard_normal(200_000)
    kelly = unit.mean() / np.mean(unit**2)
    bets = np.array([0.1, 0.25, 0.5, 1.0]) * kelly
    means = [utility_scores(bet * unit, 0.25).mean() for bet in bets]
    assert int(np.argmax(means)) == 1
    assert utility_scores(np.zeros(3), 0.25).tolist() == [0.0, 0.0, 0.0]


def test_utility_e_process_sees_a_better_candidate() -> None:
    assert utility_e_process(GOOD.net_returns, BROKEN.net_returns, 0.25).peak_e_value > 20.0
    assert utility_e_process(BROKEN.net_returns, GOOD.net_returns, 0.25).e_value < 1.0
    with pytest.raises(CalculationError):
        utility_e_process(GOOD.net_returns[1:], BROKEN.net_returns, 0.25)
