"""A mended champion trades at half size through the adjustment that a promoted repair would make, and no other does."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from campaign import drive
from world import FEATURES, World, make_world

from engine.agent.champions import ChampionDesk
from engine.agent.diagnosis import Diagnosis
from engine.agent.healer import Healer, SafeAct
from engine.agent.mended_inputs import MENDED_SIZE, MendedChampions, mend_of
from engine.agent.safe_act_words import mend_words, safe_act_words, words_without_repair
from engine.agent.safe_acts import SafeActDesk
from engine.kernel.config_models import AutonomyLevel
from engine.kernel.configuration import load_config
from storage.agent_records import CaseRecord
from storage.stores import Stores
from tests.engine import small_market, small_workspace
from tests.engine.small_market import MARKET
from tests.engine.small_workspace import NEW, OLD

CONFIG = small_market.settings()
TS = 1_700_000_000_000_000
RESCALED: dict[str, Any] = {"restandardise": {"carry": {"offset": 0.1, "scale": 2.0}}}
QUARANTINED: dict[str, Any] = {"quarantine": ["carry"]}


def mend(adjustments: dict[str, Any], model_id: str = OLD) -> SafeAct:
    parts = {"size_multiplier": MENDED_SIZE, "adjustments": adjustments, "model_id": model_id}
    return SafeAct("mend_inputs", mend_words(adjustments), parts)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with Stores.open(tmp_path / "workspace") as opened:
        small_workspace.crown(opened, OLD)
        yield opened


def desk(stores: Stores, level: AutonomyLevel = "semi-auto") -> SafeActDesk:
    return SafeActDesk(stores, CONFIG, lambda: level)


def take(stores: Stores, act: SafeAct, subject: str = "case-1", level: AutonomyLevel = "semi-auto") -> SafeActDesk:
    acts = desk(stores, level)
    with stores.db.transaction("test"):
        acts.take(subject, (act,), TS)
    return acts


def open_case(stores: Stores, opened_bar: int, stage: str = "experimenting") -> None:
    data = {"opened_bar": opened_bar, "next": 0, "trials": 0, "change_point_ts": TS}
    record = CaseRecord("case-1", MARKET, TS, TS, stage, cause="feature_drift", data=data)
    with stores.db.transaction("test"):
        stores.agent.cases.upsert(record)


def kinds(stores: Stores) -> list[str]:
    return [event.kind for event in stores.events.read() if event.kind.startswith("safe_act.")]


@pytest.mark.parametrize(("family", "part"), [("feature", "restandardise"), ("stale", "quarantine")])
def test_a_fault_of_an_input_is_mended_at_once_instead_of_standing_aside(family: str, part: str) -> None:
    world = make_world(family, 9113)
    _, diagnosis, healer, _ = drive(world)
    assert diagnosis is not None
    act = healer.refined_mend()
    assert act is not None and act.act == "mend_inputs"
    assert act.parameters["model_id"] == world.reference.model_id
    assert act.parameters["size_multiplier"] == MENDED_SIZE
    assert set(act.parameters["adjustments"][part]) == set(diagnosis.affected)


def test_the_step_that_names_the_fault_mends_it() -> None:
    world = make_world("feature", 9113)
    healer = Healer()
    healer.reset(load_config(MARKET, environment={}).config, 0, world.reference)
    decisions = (healer.step(item) for item in world.observations)
    found = next(item for item in decisions if item.diagnosis is not None)
    assert [act.act for act in found.safe_acts] == ["mend_inputs"]


def rescaled(repairs: dict[str, Any], cause: str = "feature_drift") -> Diagnosis:
    return Diagnosis(TS, "m", cause, "CRITICAL", tuple(repairs), "restandardise_feature",
                     TS, 10, 0.9, "", (), (), {"restandardise": repairs})  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize(
    "repairs",
    [
        {},
        {FEATURES[0]: {"offset": math.nan, "scale": 2.0}},
        {FEATURES[0]: {"offset": 0.0, "scale": 0.0}},
        {FEATURES[0]: {"offset": 0.0, "scale": -2.0}},
        {FEATURES[0]: {"offset": 0.0, "scale": 1e6}},
        {FEATURES[0]: {"offset": 0.0}},
        {"no_such_input": {"offset": 0.0, "scale": 2.0}},
        {name: {"offset": 0.0, "scale": 2.0} for name in FEATURES[:4]},
    ],
)
def test_what_cannot_be_read_right_is_not_mended(repairs: dict[str, Any]) -> None:
    reference = make_world("none", 1).reference
    assert mend_of(rescaled(repairs), reference) is None
    sound = {FEATURES[0]: {"offset": 0.0, "scale": 2.0}}
    assert mend_of(rescaled(sound), reference) == {"restandardise": sound}
    assert mend_of(rescaled(sound, "concept_drift"), reference) is None
    away = replace(reference, quarantined=(True,) + (False,) * (len(FEATURES) - 1))
    assert mend_of(rescaled(sound), away) is None, "it is not read at all"


@pytest.mark.parametrize("adjustments", [RESCALED, QUARANTINED])
def test_it_forecasts_as_the_same_model_on_the_inputs_as_they_should_have_been(
    stores: Stores, adjustments: dict[str, Any]
) -> None:
    loaded = ChampionDesk(stores, MARKET).get(OLD)
    acts = take(stores, mend(adjustments))
    mended = MendedChampions().champion(loaded, acts.in_force())
    names = loaded.champion.spec.features
    value = np.array([0.4, -0.2])
    seen = value.copy()
    if adjustments is RESCALED:
        seen[names.index("carry")] = 0.1 + 2.0 * seen[names.index("carry")]
    fresh = np.zeros(2, dtype=np.bool_)
    said = mended.predict_vector(names, seen, fresh)
    if adjustments is RESCALED:
        assert said.expected_return == pytest.approx(
            loaded.champion.predict_vector(names, value, fresh).expected_return
        )
    else:
        other = mended.predict_vector(names, np.array([9.0 if name == "carry" else 0.4 for name in names]), fresh)
        same = mended.predict_vector(names, np.array([-9.0 if name == "carry" else 0.4 for name in names]), fresh)
        assert other.expected_return == same.expected_return and said.usable
    assert mended.model is loaded.champion.model and said.model_id == OLD


def test_it_trades_half_and_only_as_the_model_it_was_made_for(stores: Stores) -> None:
    acts = take(stores, mend(RESCALED))
    assert acts.size_multiplier() == MENDED_SIZE and kinds(stores) == ["safe_act.taken"]
    loaded = ChampionDesk(stores, MARKET).get(OLD)
    foreign = take(stores, mend(RESCALED, NEW))
    assert foreign.size_multiplier() == 0.0, "another model's mend"
    assert MendedChampions().champion(loaded, foreign.in_force()) is loaded.champion


@pytest.mark.parametrize(
    "broken", [{"adjustments": None}, {"adjustments": {}}, {"model_id": None}, {"adjustments": []}]
)
def test_an_unreadable_mend_holds_nothing(stores: Stores, broken: dict[str, Any]) -> None:
    acts = take(stores, mend(RESCALED))
    row = {**(acts.in_force() or {}), **broken}
    with stores.db.transaction("test"):
        stores.state.put(f"safe_act:{MARKET}", row, TS)
    assert desk(stores).size_multiplier() == 0.0


def test_a_restart_reads_the_same_mend(stores: Stores) -> None:
    loaded = ChampionDesk(stores, MARKET).get(OLD)
    before = MendedChampions().champion(loaded, take(stores, mend(RESCALED)).in_force())
    row = json.loads(json.dumps(desk(stores).in_force()))
    after = MendedChampions().champion(ChampionDesk(stores, MARKET).get(OLD), row)
    assert after.spec == before.spec and desk(stores).size_multiplier() == MENDED_SIZE


def test_a_level_that_may_not_lower_risk_alone_takes_no_mend(stores: Stores) -> None:
    acts = take(stores, mend(RESCALED), level="supervised")
    assert acts.in_force() is None and acts.size_multiplier() == 1.0


def test_estimates_are_taken_anew_as_bars_come(stores: Stores) -> None:
    acts = take(stores, mend(RESCALED))
    open_case(stores, 1000)
    better = mend({"restandardise": {"carry": {"offset": 0.2, "scale": 2.5}}})
    for bar in (1015, 1017, 1031):
        acts.refine_mend(lambda: better, bar, TS)
        assert (acts.in_force() or {})["adjustments"] == RESCALED
    with stores.db.transaction("test"):
        acts.refine_mend(lambda: better, 1032, TS)
    assert (acts.in_force() or {})["adjustments"] == better.parameters["adjustments"]
    assert acts.size_multiplier() == MENDED_SIZE and len(kinds(stores)) == 2
    with stores.db.transaction("test"):
        acts.refine_mend(lambda: None, 1064, TS)
    assert (acts.in_force() or {})["act"] == "stand_aside" and acts.size_multiplier() == 0.0


def test_a_case_that_ends_without_a_repair_leaves_nothing_mended(stores: Stores) -> None:
    acts = take(stores, mend(RESCALED))
    with stores.db.transaction("test"):
        acts.end_mend("another case ended", TS, case_id="case-2")
        assert acts.size_multiplier() == MENDED_SIZE
        acts.end_mend("the case is unhealed", TS, case_id="case-1")
    assert (acts.in_force() or {})["act"] == "stand_aside" and acts.size_multiplier() == 0.0


def test_standing_aside_takes_the_place_of_a_mend(stores: Stores) -> None:
    acts = take(stores, mend(RESCALED))
    with stores.db.transaction("test"):
        acts.take("case-2", (SafeAct("stand_aside", "concept drift", {}),), TS)
    assert acts.size_multiplier() == 0.0


@pytest.mark.parametrize(("size", "rate"), [(0.2, 1.0), (0.8, 0.15)])
def test_a_mend_leaves_what_the_act_before_left(stores: Stores, size: float, rate: float) -> None:
    before = SafeAct("trade_slower", "an unhealed case", {"size_multiplier": size, "trading_rate": rate})
    take(stores, before, "case-0")
    acts = take(stores, mend(RESCALED))
    assert (acts.in_force() or {})["act"] == "mend_inputs"
    assert (acts.size_multiplier(), acts.trading_rate()) == (min(size, MENDED_SIZE), rate)


@pytest.mark.parametrize("how", ["stand_aside", "unreadable"])
def test_a_mend_never_raises_what_is_left_of_the_size(stores: Stores, how: str) -> None:
    if how == "unreadable":
        stores.db.execute("INSERT INTO state VALUES (?, ?, 1, 1)", (f"safe_act:{MARKET}", "{broken"))
    else:
        take(stores, SafeAct("stand_aside", "an unhealed case", {}), "case-0")
    acts = take(stores, mend(RESCALED))
    held = acts.in_force() or {}
    assert (held["act"], held["case_id"], acts.size_multiplier()) == ("stand_aside", "case-1", 0.0)


@pytest.mark.parametrize(
    "adjustments", [{"quarantine": ["no_such_input"]}, {"restandardise": {"no_such_input": {"offset": 0, "scale": 1}}}]
)
def test_inputs_that_the_champion_does_not_have_are_not_mended(stores: Stores, adjustments: dict[str, Any]) -> None:
    acts = take(stores, mend(adjustments))
    assert (acts.in_force() or {})["act"] == "stand_aside" and acts.size_multiplier() == 0.0


def test_more_than_half_of_all_inputs_faulty_is_too_many_however_they_became_so() -> None:
    reference = make_world("none", 1).reference
    feed = replace(rescaled({}), cause="data_feed", recommended="quarantine_feature", affected=FEATURES[:2])
    assert mend_of(feed, reference) == {"quarantine": sorted(FEATURES[:2])}
    assert mend_of(feed, replace(reference, quarantined=(False,) * 5 + (True,))) is not None
    assert mend_of(feed, replace(reference, quarantined=(False,) * 4 + (True,) * 2)) is None
    assert mend_of(replace(feed, recommended="feature_remove"), reference) is None


def test_the_prediction_says_what_was_read_in_place_of_what_was_delivered(stores: Stores) -> None:
    loaded, mended = ChampionDesk(stores, MARKET).get(OLD), MendedChampions()
    vector = small_market.vector_at(small_market.history(700, 0, small_workspace.FLIP), 650)
    mended.predict(loaded, take(stores, mend(RESCALED)).in_force(), vector)
    assert mended.read_as == {"carry": (vector.value("carry") - 0.1) / 2.0}
    mended.predict(loaded, take(stores, mend(QUARANTINED)).in_force(), vector)
    assert mended.read_as == {"carry": None}
    plain = mended.predict(loaded, None, vector)
    assert mended.read_as == {} and plain.model_id == OLD


def healer_in_case(world: World) -> tuple[Healer, int]:
    """A healer with the case of its fault open, and the bar on which it opened."""
    healer = Healer()
    healer.reset(load_config(MARKET, environment={}).config, 0, world.reference)
    bar = next(bar for bar, item in enumerate(world.observations) if healer.step(item).diagnosis is not None)
    return healer, bar


def test_what_the_open_case_explains_is_no_second_finding() -> None:
    world = make_world("feature", 9113)
    healer, bar = healer_in_case(world)
    assert [item for item in world.observations[bar + 1 : bar + 200] if healer.step(item).second_finding] == []


@pytest.mark.parametrize("restart", [False, True])
def test_a_mended_input_that_falls_still_is_found(restart: bool) -> None:
    world = make_world("feature", 9113)
    healer, bar = healer_in_case(world)
    assert healer.open_case is not None
    index = world.reference.index_of(healer.open_case.affected[0])
    dead = world.observations[bar]
    for item in world.observations[bar + 1 : bar + 100]:
        values = tuple(dead.values[i] if i == index else value for i, value in enumerate(item.values))
        events = tuple(
            dead.event_ts_by_feature[i] if i == index else ts for i, ts in enumerate(item.event_ts_by_feature)
        )
        if restart:
            config = load_config(MARKET, environment={}).config
            healer = Healer.from_json(json.loads(json.dumps(healer.to_json())), config)
        decision = healer.step(replace(item, values=values, event_ts_by_feature=events))
        if decision.second_finding is not None:
            break
    found = decision.second_finding
    assert found is not None and (found.cause, found.affected) == ("data_feed", (world.reference.feature_names[index],))
    assert decision.diagnosis is None, "the case goes on"


def test_an_act_is_told_in_words() -> None:
    mended = {"act": "mend_inputs", "size_multiplier": 0.5, **mend(RESCALED).parameters}
    words = "trades through mended inputs at half size: carry re-scaled (2 times training)"
    assert safe_act_words(mended) == words
    assert safe_act_words({**mended, "adjustments": QUARANTINED}).endswith("half size: carry not read")
    for broken in ({}, None, {"restandardise": {"carry": {"offset": 1.0}}}, {"quarantine": [1]}):
        assert safe_act_words({**mended, "adjustments": broken}) == "stands aside"
    assert safe_act_words(None) == "keeps trading as it is"
    slower = {"act": "trade_slower", "size_multiplier": 0.8, "trading_rate": 0.15}
    assert safe_act_words(slower) == "trades 80% of its size, 15% of the way a bar"
    assert words_without_repair(mended) == "stands aside" and words_without_repair(None) == safe_act_words(None)
