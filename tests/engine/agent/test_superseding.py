"""A fault that shows while a case of size is open takes its place; while the champion is held it does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import pytest
from campaign import drive
from world import World, make_world

from engine.agent.diagnosis import Cause, Diagnosis
from engine.agent.healer import Healer, HealerDecision
from engine.agent.superseding import OUTRANKING, TRADED_THROUGH, outranks
from engine.kernel.configuration import load_config

CONFIG = load_config("simulated_hogs", environment={}).config


def drive_with_a_case(world: World, case: Diagnosis, restart_at: int | None = None) -> list[HealerDecision]:
    """All decisions of a world in which a case was open from its first bar on."""
    healer = Healer()
    healer.reset(CONFIG, 0, world.reference)
    state = {**healer.to_json(), "case": case.to_json()}
    healer = Healer.from_json(state, CONFIG)
    decisions = []
    for index, item in enumerate(world.observations):
        if index == restart_at:
            healer = Healer.from_json(json.loads(json.dumps(healer.to_json())), CONFIG)
        decisions.append(healer.step(item))
        if decisions[-1].diagnosis is not None:
            assert healer.open_case == decisions[-1].diagnosis
    return decisions


def case_of(world: World, cause: Cause) -> Diagnosis:
    ts = world.observations[0].ts
    return Diagnosis(ts, world.reference.model_id, cause, "CRITICAL", ("market",), "", ts, 1, 0.9, "", (), (), {})


@pytest.mark.parametrize("first", sorted(TRADED_THROUGH))
@pytest.mark.parametrize(("family", "cause"), [("stale", "data_feed"), ("feature", "feature_drift")])
def test_a_fault_of_an_input_is_found_through_a_case_of_size(first: Cause, family: str, cause: str) -> None:
    world = make_world(family, 9113)
    found = [item for item in drive_with_a_case(world, case_of(world, first)) if item.diagnosis is not None]
    _, alone, _, _ = drive(world)
    assert alone is not None and found[0].diagnosis is not None
    assert [item.supersedes for item in found] == [True]
    assert (found[0].diagnosis.cause, found[0].diagnosis.affected) == (cause, alone.affected)
    assert found[0].diagnosis.ts == alone.ts, "on the same bar as if no case had been open"
    assert [act.act for act in found[0].safe_acts] == ["mend_inputs"] and found[0].second_finding is None


def test_a_turned_relation_is_found_through_a_case_of_volatility() -> None:
    world = make_world("concept", 9101)
    found = [item for item in drive_with_a_case(world, case_of(world, "regime_volatility")) if item.diagnosis]
    assert found[0].diagnosis is not None and found[0].diagnosis.cause == "concept_drift" and found[0].supersedes
    assert [act.act for act in found[0].safe_acts] == ["stand_aside"]


@pytest.mark.parametrize("first", ["concept_drift", "feature_drift", "overfit"])
def test_a_champion_that_is_held_is_in_no_hurry(first: Cause) -> None:
    world = make_world("stale", 9113)
    held = replace(case_of(world, first), affected=(world.reference.feature_names[-1],))
    assert not [item for item in drive_with_a_case(world, held) if item.diagnosis is not None or item.supersedes]


def test_a_case_of_volatility_is_not_ended_by_its_own_cause() -> None:
    world = make_world("volatility", 9103)
    decisions = drive_with_a_case(world, case_of(world, "regime_volatility"))
    assert not any(item.supersedes for item in decisions)


def test_a_restart_changes_nothing() -> None:
    world = make_world("stale", 9113)
    case = case_of(world, "regime_volatility")
    told: Callable[[HealerDecision], object] = lambda item: (item.diagnosis, item.supersedes, item.safe_acts)  # noqa: E731
    straight = [told(item) for item in drive_with_a_case(world, case)]
    for restart_at in (world.fault_bar, world.fault_bar + 1, world.fault_bar + 2):
        assert [told(item) for item in drive_with_a_case(world, case, restart_at)] == straight


def test_what_outranks_what() -> None:
    causes = get_args(Cause)
    assert set(TRADED_THROUGH) | OUTRANKING <= set(causes)
    assert not any(outranks(first, second) and outranks(second, first) for first in causes for second in causes)
    assert not any(outranks(cause, cause) for cause in causes)
