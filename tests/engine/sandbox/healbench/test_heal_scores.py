"""Scores of hand-made episodes come out as counted by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.kernel.errors import CalculationError
from engine.sandbox.healbench.baselines.frozen import Frozen
from engine.sandbox.healbench.baselines.oracle import Oracle
from engine.sandbox.healbench.detection_bound import information_per_bar
from engine.sandbox.healbench.episode_record import (
    AlertRecord,
    DiagnosisRecord,
    EpisodeRecord,
    EvidenceRecord,
    PromotionRecord,
    RepairRecord,
)
from engine.sandbox.healbench.episode_scores import (
    EpisodeScore,
    ReferenceUtilities,
    alarm_bars,
    reference_utilities,
    score_episode,
)
from engine.sandbox.healbench.evidence_grader import recomputed_value
from engine.sandbox.healbench.evidence_rows import evidence_rows
from engine.sandbox.healbench.families.registry import FAMILIES, SINGLE_FAULT_FAMILIES
from engine.sandbox.healbench.fault_answers import ALLOWED_REPAIRS, RIGHT_CAUSE, right_causes
from engine.sandbox.healbench.heal_scores import heal_composite, heal_scores, scores_by_severity
from engine.sandbox.healbench.heal_world import HealWorld
from engine.sandbox.healbench.ridge_champion import train_champion
from engine.sandbox.healbench.seed_bootstrap import seed_interval
from engine.sandbox.healbench.world_generator import make_world


def episode(family: str, seed: int, utility: float, **changes: Any) -> EpisodeScore:
    """An episode with frozen -10, oracle 20 and blind 5, alarmed 10 bars after the fault, diagnosed rightly."""
    told = family not in ("null", "noedge")
    plain = EpisodeScore(
        agent="hand",
        family=family,
        severity=1.0,
        seed=seed,
        utility=utility,
        reference=ReferenceUtilities(-10.0, 20.0, 5.0),
        scored_bars=1000,
        bars_before_fault=500,
        alarms_before_fault=0,
        detection_delay=10 if told else None,
        named_cause="x" if told else None,
        cause_right=True if told else None,
        grounded=True if told else None,
        repair_right=None,
        change_bar_error=None,
        promotions=0,
        false_promotions=0,
        deployed=True,
    )
    return replace(plain, **changes)


def test_recovery_is_a_ratio_of_sums_anchored_at_halting() -> None:
    one, other = episode("concept", 1, 10.0), episode("concept", 2, -2.0)
    (family,) = heal_scores([one, other]).families
    assert family.recovery == pytest.approx((10.0 - 2.0) / 40.0)
    good = ReferenceUtilities(10.0, 20.0, 5.0)
    anchored = [replace(item, reference=good, utility=item.utility + 6.0) for item in (one, other)]
    (family,) = heal_scores(anchored).families
    assert family.recovery == pytest.approx((20.0 - 20.0) / (40.0 - 20.0))


def test_recovery_is_clipped_and_missing_where_the_oracle_gains_nothing() -> None:
    (family,) = heal_scores([episode("concept", 1, -500.0)]).families
    assert family.recovery == -1.0 and family.recovery_unclipped == -25.0
    (family,) = heal_scores([episode("concept", 1, 1.0, reference=ReferenceUtilities(5.0, 4.0, 0.0))]).families
    assert family.recovery is None and family.recovery_interval is None


def test_macro_worst_and_wins_count_single_fault_families_alone() -> None:
    recoveries = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
    episodes = [episode(name, 1, 20.0 * r) for name, r in zip(SINGLE_FAULT_FAMILIES, recoveries, strict=True)]
    scores = heal_scores([*episodes, episode("garbage", 1, -20.0), episode("compound", 1, -20.0)])
    assert scores.macro_recovery == pytest.approx(0.65)
    assert scores.worst_family == "stale" and scores.worst_recovery == pytest.approx(0.4)
    wins = [
        episode("concept", 1, 6.0),
        episode("concept", 2, 5.0),
        episode("concept", 3, 4.0),
        episode("concept", 4, 4.0),
    ]
    assert heal_scores(wins).families[0].beats_blind == pytest.approx(0.375)


def test_delays_leave_out_episodes_alarmed_before_the_fault_and_count_misses_as_the_horizon() -> None:
    delays = [4, 8, 12, 1200, None]
    episodes = [
        episode("concept", seed, 1.0, detection_delay=delay, alarms_before_fault=int(delay is None) * 2)
        for seed, delay in enumerate(delays)
    ]
    scores = heal_scores(episodes)
    (family,) = scores.families
    assert family.delay_median == 10.0 and family.delay_p90 == pytest.approx(np.quantile([4, 8, 12, 1200], 0.9))
    assert family.undetected == 0.25 and family.alarmed_before_fault == 0.2
    assert scores.false_alarms_per_1000_bars == pytest.approx(1000 * 2 / 2500)
    assert scores.mean_bars_to_false_alarm == pytest.approx(1250.0)
    bound = np.log(1250.0) / information_per_bar("concept", 1.0)
    assert family.lorden_bound == pytest.approx(bound) and family.delay_efficiency == pytest.approx(bound / 10.0)
    assert scores.delay_score == 1.0


def test_false_alarms_leave_no_edge_worlds_out() -> None:
    episodes = [
        episode("null", 1, 1.0, alarms_before_fault=1, bars_before_fault=2000),
        episode("noedge", 1, 1.0, alarms_before_fault=9, bars_before_fault=2000),
        episode("feature", 1, 1.0, bars_before_fault=500),
    ]
    assert heal_scores(episodes).false_alarms_per_1000_bars == pytest.approx(0.4)
    quiet = heal_scores([replace(item, alarms_before_fault=0) for item in episodes])
    assert quiet.false_alarms_per_1000_bars == 0.0 and quiet.mean_bars_to_false_alarm == 2500.0


def test_a_diagnosis_is_an_alarm_and_a_warning_is_no_diagnosis() -> None:
    episodes = [
        episode(
            "concept",
            1,
            1.0,
            bars_before_fault=1000,
            alarms_before_fault=3,
            detection_delay=None,
            diagnoses_before_fault=1,
        ),
        episode("concept", 2, 1.0, bars_before_fault=1000, detection_delay=5, diagnosis_delay=40),
        episode("concept", 3, 1.0, bars_before_fault=1000, detection_delay=7, diagnosis_delay=60),
    ]
    scores = heal_scores(episodes)
    assert scores.false_diagnoses_per_1000_bars == pytest.approx(1 / 3)
    assert scores.false_alarms_per_1000_bars == pytest.approx(1.0)
    (concept,) = scores.families
    assert (concept.delay_median, concept.diagnosis_delay_median) == (6.0, 50.0)


def test_diagnoses_and_repairs_are_shares_of_those_given() -> None:
    episodes = [
        episode("feature", 1, 1.0, repair_right=True),
        episode("feature", 2, 1.0, grounded=False, repair_right=False),
        episode("feature", 3, 1.0, grounded=False, cause_right=False),
        episode("feature", 4, 1.0, grounded=None, cause_right=None, named_cause=None),
    ]
    (family,) = heal_scores(episodes).families
    assert family.cause_right == pytest.approx(2 / 3) and family.grounded == pytest.approx(1 / 3)
    assert family.grounded_of_all == pytest.approx(1 / 4) and family.repair_right == pytest.approx(1 / 2)


def test_controls_report_promotions_utility_kept_and_losses() -> None:
    null = [episode("null", seed, 19.0, promotions=1, false_promotions=int(seed < 10)) for seed in range(400)]
    noedge = [episode("noedge", seed, -0.5, deployed=seed == 0) for seed in range(4)]
    scores = heal_scores([*null, *noedge])
    assert scores.null_false_promotion_episodes == 10
    assert scores.null_false_promotion_interval is not None
    assert scores.null_false_promotion_interval[1] == pytest.approx(0.0455, abs=5e-4)
    assert scores.null_utility_kept == pytest.approx(0.95)
    assert scores.noedge_loss == pytest.approx(0.5) and scores.noedge_deployed == 0.25
    assert scores.macro_recovery is None and scores.heal is None


def test_the_composite_weighs_its_parts_as_published() -> None:
    assert heal_composite(1.0, 1.0, 1.0, 0.0, 1.0) == pytest.approx(1.0)
    assert heal_composite(0.8, 0.9, 0.6, 0.025, 0.9) == pytest.approx(0.4 + 0.18 + 0.09 + 0.15 * 0.5 * 0.9)
    assert heal_composite(0.8, 0.9, 0.6, 0.2, 0.9) == pytest.approx(0.4 + 0.18 + 0.09)
    assert heal_composite(0.8, None, 0.6, 0.2, 0.9) is None
    episodes = [episode(name, 1, 20.0, reference=ReferenceUtilities(-10.0, 20.0, 5.0)) for name in FAMILIES]
    assert heal_scores(episodes).heal == pytest.approx(1.0)


def test_severities_are_scored_apart_with_the_same_controls() -> None:
    episodes = [episode("concept", 1, 10.0, severity=value) for value in (2.0, 0.5, 1.0)]
    table = scores_by_severity([*episodes, episode("null", 1, 18.0)])
    assert list(table) == [0.5, 1.0, 2.0]
    assert [item.null_utility_kept for item in table.values()] == [0.9, 0.9, 0.9]
    assert json.loads(json.dumps(table[1.0].to_json()))["macro_recovery"] == 0.5
    with pytest.raises(CalculationError, match="one severity"):
        heal_scores(episodes)
    with pytest.raises(CalculationError):
        heal_scores([])


def test_intervals_resample_seeds_reproducibly_and_cover_the_value() -> None:
    rng = np.random.default_rng(4)
    episodes = [
        episode(name, seed, float(value))
        for name in SINGLE_FAULT_FAMILIES
        for seed, value in enumerate(rng.normal(14.0, 6.0, 60))
    ]
    scores = heal_scores(episodes, seed=3)
    assert scores.macro_interval == heal_scores(episodes, seed=3).macro_interval
    assert scores.macro_interval != heal_scores(episodes, seed=4).macro_interval
    assert scores.macro_recovery is not None and scores.macro_interval is not None
    low, high = scores.macro_interval
    assert low < scores.macro_recovery < high and high - low < 0.2


def test_interval_of_a_mean_is_the_normal_one() -> None:
    values = np.random.default_rng(1).normal(size=400)
    low, high = seed_interval(np.stack([values, np.ones(400)]), lambda sums: sums[:, 0] / sums[:, 1], 1)
    error = values.std() / np.sqrt(400)
    assert low == pytest.approx(values.mean() - 1.96 * error, abs=0.2 * error)
    assert high == pytest.approx(values.mean() + 1.96 * error, abs=0.2 * error)
    with pytest.raises(CalculationError):
        seed_interval(np.full((1, 5), np.nan), lambda sums: sums[:, 0], 1)


def test_right_answers_cover_every_fault() -> None:
    assert set(RIGHT_CAUSE) == set(ALLOWED_REPAIRS) == set(FAMILIES) - {"null", "noedge", "compound"}
    for seed in range(10):
        world = make_world("compound", seed)
        assert right_causes(world) == {RIGHT_CAUSE[fault] for fault in world.faults}
    assert right_causes(make_world("null", 1)) == frozenset()


# --- whole episodes -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> HealWorld:
    return make_world("feature", 4)


def graded(world: HealWorld, **parts: Any) -> EpisodeScore:
    champion = train_champion(world)
    record = replace(Frozen().play(world, champion), **parts)
    return score_episode(world, champion, record, ReferenceUtilities(0.0, 1.0, 0.5))


def test_alarms_are_bars_with_a_warning_or_a_diagnosis() -> None:
    nothing = np.zeros(10)
    record = EpisodeRecord(
        "hand",
        nothing,
        nothing,
        alerts=(AlertRecord(5, "a", "CRITICAL"), AlertRecord(5, "b", "WARNING"), AlertRecord(3, "c", "INFO")),
        diagnoses=(DiagnosisRecord(7, "decay", (), 4), DiagnosisRecord(8, "none", (), 4)),
    )
    assert alarm_bars(record) == [5, 7]


def test_delay_is_counted_from_the_fault_bar(world: HealWorld) -> None:
    fault = world.fault_bar or 0
    assert graded(world).detection_delay == 1200
    assert graded(world, alerts=(AlertRecord(fault, "a", "WARNING"),)).detection_delay == 0
    assert graded(world, alerts=(AlertRecord(fault + 9, "a", "WARNING"),)).detection_delay == 9
    early = graded(world, alerts=(AlertRecord(fault - 1, "a", "WARNING"), AlertRecord(fault + 9, "a", "WARNING")))
    assert early.detection_delay is None and early.alarms_before_fault == 1
    assert early.bars_before_fault == fault - 1000
    null = graded(make_world("null", 4), alerts=(AlertRecord(1500, "a", "WARNING"),))
    assert null.detection_delay is None and null.alarms_before_fault == 1 and null.bars_before_fault == 2000


def test_the_first_diagnosis_after_the_fault_counts_and_must_be_grounded(world: HealWorld) -> None:
    fault = world.fault_bar or 0
    champion = train_champion(world)
    rows = evidence_rows(world, Frozen().play(world, champion))
    claim = EvidenceRecord("spread", "spread_ratio", fault, fault + 20, {"training_log_mean": -3.0}, 0.0)
    value = recomputed_value(claim, rows)
    assert value is not None
    right = DiagnosisRecord(
        fault + 20, "feature_drift", world.faulty_features, fault + 3, (replace(claim, value=value),)
    )
    wrong = DiagnosisRecord(fault + 30, "decay", (), fault, ())
    none = DiagnosisRecord(fault + 10, "none", (), fault, ())
    score = graded(world, diagnoses=(wrong, right, none))
    assert (score.named_cause, score.cause_right, score.grounded) == ("feature_drift", True, True)
    assert score.change_bar_error == 3 and score.detection_delay == 20
    unfounded = graded(world, diagnoses=(replace(right, evidence=(replace(claim, value=value + 0.01),)),))
    assert (unfounded.cause_right, unfounded.grounded) == (True, False)
    mistaken = graded(world, diagnoses=(replace(right, cause="data_feed"),))
    assert (mistaken.cause_right, mistaken.grounded) == (False, False)
    assert graded(world, alerts=(AlertRecord(fault + 1, "a", "WARNING"),)).cause_right is False
    assert graded(world).cause_right is None


def test_the_first_real_repair_is_judged(world: HealWorld) -> None:
    fault = world.fault_bar or 0
    assert graded(world).repair_right is None
    acts = (
        RepairRecord(fault - 5, "retrain"),
        RepairRecord(fault + 5, "reduce_size"),
        RepairRecord(fault + 50, "restandardise_feature"),
        RepairRecord(fault + 90, "retrain"),
    )
    assert graded(world, repairs=acts).repair_right is True
    assert graded(world, repairs=(*acts[:2], acts[3])).repair_right is False
    assert graded(world, repairs=acts[:2]).repair_right is None


def test_promotions_are_counted_with_the_false_ones(world: HealWorld) -> None:
    bad = tuple((-train_champion(world).weights).tolist())
    for unit in ("volatility", "return"):
        score = graded(make_world("null", 4), promotions=(PromotionRecord(1500, bad, 1, unit=unit),))
        assert (score.promotions, score.false_promotions) == (1, 1)


def test_the_oracle_scores_its_own_reference(world: HealWorld) -> None:
    champion = train_champion(world)
    reference = reference_utilities(world, champion)
    score = score_episode(world, champion, Oracle().play(world, champion), reference)
    assert score.utility == reference.oracle > reference.blind > reference.frozen
