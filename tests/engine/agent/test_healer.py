"""The healer on whole episodes: right cause, numbers that recompute, restarts, case lifecycle, no look-ahead."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from campaign import RIGHT, drive
from world import FEATURES, World, make_world

from engine.agent.diagnosis import CAUSES, Diagnosis
from engine.agent.evidence import Evidence, recompute
from engine.agent.healer import Healer
from engine.agent.hypothesis import ProposalContext
from engine.kernel.configuration import load_config
from engine.kernel.errors import CalculationError

CONFIG = load_config("simulated_hogs", environment={}).config
SPEC = {"features": list(FEATURES), "adjustments": {}}


@pytest.fixture(scope="module")
def episodes() -> dict[tuple[str, int], tuple[World, int | None, Diagnosis | None, Healer]]:
    found = {}
    for family in RIGHT:
        for seed in (9101, 9102):
            world = make_world(family, seed)
            delay, diagnosis, healer, _ = drive(world)
            found[family, seed] = (world, delay, diagnosis, healer)
    return found


def test_the_cause_is_right_and_comes_after_the_fault(episodes: dict) -> None:
    for (family, _), (_, delay, diagnosis, _) in episodes.items():
        assert diagnosis is not None
        assert delay is not None
        assert delay >= 0
        assert diagnosis.cause in RIGHT[family]
        assert diagnosis.cause in CAUSES


def test_every_number_of_every_diagnosis_recomputes(episodes: dict) -> None:
    for world, _, diagnosis, _ in episodes.values():
        stored = json.loads(json.dumps(diagnosis.to_json(), allow_nan=False))
        assert Diagnosis.from_json(stored).to_json() == diagnosis.to_json()
        assert len(diagnosis.evidence) >= 2
        for item in stored["evidence"]:
            evidence = Evidence.from_json(item)
            assert recompute(evidence, world.observations) == pytest.approx(evidence.value, rel=1e-9, abs=1e-12)


def test_evidence_without_observations_or_formula_is_an_error(episodes: dict) -> None:
    world, _, diagnosis, _ = episodes["concept", 9101]
    with pytest.raises(CalculationError, match="no observation"):
        recompute(diagnosis.evidence[0], world.observations[:1])
    with pytest.raises(CalculationError, match="not known"):
        recompute(replace(diagnosis.evidence[0], formula="guess"), world.observations)


def test_affected_inputs_are_named(episodes: dict) -> None:
    for (family, _), (world, _, diagnosis, _) in episodes.items():
        if family in ("feature", "stale"):
            assert {FEATURES[index] for index in world.broken_features} <= set(diagnosis.affected)


def test_summaries_are_one_sentence_with_time_and_number(episodes: dict) -> None:
    for _, _, diagnosis, _ in episodes.values():
        assert " UTC" in diagnosis.summary
        assert any(character.isdigit() for character in diagnosis.summary)
        assert len(diagnosis.summary) < 320
        assert {item.cause for item in diagnosis.rejected} | {diagnosis.cause} >= {"data_feed", "feature_drift"}


def test_proposals_come_best_first_and_are_a_change_of_the_spec(episodes: dict) -> None:
    expected = {
        "concept": "retrain",
        "feature": "restandardise_feature",
        "volatility": "resize_volatility",
        "stale": "quarantine_feature",
    }
    for (family, _), (_, _, _, healer) in episodes.items():
        round_ = healer.propose(ProposalContext(spec=SPEC))
        assert round_.proposals[0].mutation_type == expected[family]
        assert set(round_.proposals[0].parameters) <= {"training", "adjustments", "params", "features"}


def test_a_case_is_held_until_it_ends() -> None:
    world = make_world("volatility", 9103)
    healer = Healer()
    healer.reset(CONFIG, 0, world.reference)
    made = [healer.step(item).diagnosis is not None for item in world.observations[: world.fault_bar + 300]]
    assert sum(made) == 1
    assert healer.open_case is not None
    healer.close_case("unhealed")
    assert healer.open_case is None


def test_a_promotion_begins_with_a_new_yardstick() -> None:
    world = make_world("volatility", 9103)
    _, _, healer, _ = drive(world)
    repaired = world.reference.with_adjustments({"volatility": "ewma"}, "champion-2")
    healer.acknowledge_promotion("champion-2", repaired)
    later = [item for item in world.observations if item.ts > healer.observer.history[-1].ts][:200]
    assert all(healer.step(item).diagnosis is None for item in later)
    with pytest.raises(ValueError, match="champion-2"):
        healer.acknowledge_promotion("champion-9", repaired)


def test_repaired_input_is_no_longer_diagnosed() -> None:
    world = make_world("feature", 9104)
    _, diagnosis, healer, _ = drive(world)
    assert diagnosis is not None
    later = [item for item in world.observations if item.ts > healer.observer.history[-1].ts]
    for item in later[:60]:
        healer.step(item)
    proposal = healer.propose(ProposalContext(spec=SPEC)).proposals[0]
    repaired = world.reference.with_adjustments(proposal.parameters["adjustments"], "champion-2")
    healer.acknowledge_promotion("champion-2", repaired)
    assert not any(
        (found := healer.step(item).diagnosis) is not None and found.cause == "feature_drift" for item in later[60:260]
    )


def test_restart_from_json_changes_no_decision() -> None:
    world = make_world("concept", 9105)
    straight = Healer()
    straight.reset(CONFIG, 3, world.reference)
    bars = world.observations[: world.fault_bar + 120]
    for item in bars[:300]:
        straight.step(item)
    resumed = Healer.from_json(json.loads(json.dumps(straight.to_json(), allow_nan=False)), CONFIG)
    for item in bars[300:]:
        assert straight.step(item) == resumed.step(item)
    assert straight.to_json() == resumed.to_json()


def test_decisions_do_not_depend_on_later_bars() -> None:
    world = make_world("feature", 9106)
    cut = world.fault_bar - 20
    scrambled = tuple(replace(item, realised_return=0.5, values=(9.0,) * 6) for item in world.observations[cut:])
    first, second = Healer(), Healer()
    first.reset(CONFIG, 0, world.reference)
    second.reset(CONFIG, 0, world.reference)
    whole = [first.step(item) for item in world.observations[:cut]]
    again = [second.step(item) for item in (world.observations[:cut] + scrambled)[:cut]]
    assert whole == again


def test_a_champion_without_edge_is_never_offered_a_repair() -> None:
    for seed in (9107, 9108):
        world = make_world("no_edge", seed, live=700)
        healer = Healer()
        healer.reset(CONFIG, 0, world.reference)
        assert not world.reference.has_edge
        assert not any(healer.step(item).proposals for item in world.observations)


def test_nothing_is_diagnosed_in_a_healthy_market() -> None:
    for seed in (9109, 9110):
        _, diagnosis, _, _ = drive(make_world("none", seed, live=700))
        assert diagnosis is None


def test_a_dead_feed_that_moves_again_recovers() -> None:
    world = make_world("stale", 9111)
    healthy = make_world("none", 9111)
    _, diagnosis, healer, _ = drive(world)
    assert diagnosis is not None
    start = healer.observer.history[-1].ts
    later = [item for item in healthy.observations if item.ts > start][:30]
    assert sum(healer.step(item).recovered for item in later) == 1


def test_step_before_reset_is_refused() -> None:
    with pytest.raises(CalculationError, match="no champion"):
        Healer().step(make_world("none", 1, live=1).observations[0])


def test_a_champion_with_other_inputs_begins_with_an_empty_history() -> None:
    world = make_world("stale", 9111)
    _, diagnosis, healer, _ = drive(world)
    assert diagnosis is not None
    kept = [index for index in range(6) if FEATURES[index] not in diagnosis.affected]
    old = world.reference
    per_feature = [
        "feature_mean",
        "feature_sd",
        "feature_ar1",
        "innovation_sd",
        "coefficients",
        "even_scale",
        "feature_low",
        "feature_high",
        "repeat_share",
        "longest_repeat",
        "event_repeat_share",
        "longest_event_repeat",
        "missing_share",
        "chart_offset",
        "chart_training_peak",
        "innovation_bins",
        "largest_innovation",
        "volatility_power",
        "input_offset",
        "input_scale",
        "quarantined",
        "feature_names",
    ]
    smaller = replace(
        old, model_id="champion-2", **{name: tuple(getattr(old, name)[i] for i in kept) for name in per_feature}
    )
    healer.acknowledge_promotion("champion-2", smaller)
    start = world.fault_bar + 20
    for item in world.observations[start : start + 60]:
        part = replace(
            item,
            values=tuple(item.values[i] for i in kept),
            event_ts_by_feature=tuple(item.event_ts_by_feature[i] for i in kept),
            stale=tuple(item.stale[i] for i in kept),
        )
        decision = healer.step(part)
        assert decision.diagnosis is None or decision.diagnosis.cause == "concept_drift"


def test_change_points_never_reach_back_to_another_champion() -> None:
    world = make_world("concept", 9112)
    _, diagnosis, healer, _ = drive(world)
    assert diagnosis is not None
    healer.acknowledge_promotion("champion-1", world.reference)  # the same broken model again
    began = healer.observer.history[-1].ts
    later = [item for item in world.observations if item.ts > began][:250]
    found = next(decision.diagnosis for item in later if (decision := healer.step(item)).diagnosis is not None)
    assert found.cause in ("concept_drift", "overfit")
    assert found.change_ts > began
