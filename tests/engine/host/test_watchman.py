"""The watchman's state, whole or with its tail, gives the same later decisions; its case follows the loop's."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.agent.champion_reference import reference_of
from engine.core.initial_state import initial_state
from engine.core.trading_types import Prediction
from engine.host.watchman import WHOLE_EVERY_BARS, Finding, Watchman
from storage.agent_records import CaseRecord
from storage.stores import Stores
from tests.engine import small_market

CONFIG = small_market.settings()
FLIP = 760
HISTORY = small_market.history(900, 0, FLIP)
CHAMPION = small_market.champion()
REFERENCE = reference_of(CHAMPION, small_market.history(small_market.TRAINING_BARS), CONFIG)
FIRST, LAST = small_market.TRAINING_BARS, 890
STATE = initial_state(CONFIG)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with Stores.open(tmp_path / "workspace") as opened:
        yield opened


def started(stores: Stores) -> Watchman:
    watchman = Watchman(stores, CONFIG)
    watchman.start(REFERENCE)
    return watchman


def watch(watchman: Watchman, stores: Stores, index: int) -> Finding | None:
    vector = small_market.vector_at(HISTORY, index)
    before = small_market.vector_at(HISTORY, index - 1)
    said = CHAMPION.predict_vector(before.names, before.values, before.stale, ts=before.ts)
    prediction = Prediction(
        said.ts,
        said.model_id,
        said.expected_return,
        said.return_sd,
        said.confidence,
        said.edge_lower_bound,
        said.shrinkage,
    )
    with stores.db.transaction():
        return watchman.on_bar(
            vector.select(small_market.FEATURES),
            HISTORY.bars[index],
            prediction,
            float(HISTORY.realised[index]),
            0.0,
            STATE,
        )


def story(stores: Stores, restarts: set[int]) -> list[tuple[int, Any, dict[str, float]]]:
    """What is found on each bar, with a new process before some of them."""
    watchman, told = started(stores), []
    for index in range(FIRST, LAST):
        if index in restarts:
            watchman = started(stores)
        found = watch(watchman, stores, index)
        told.append((index, None if found is None else found.diagnosis.to_json(), dict(watchman.readings)))
        if found is not None:
            break
    return told


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, Any, dict[str, float]]]:
    with Stores.open(tmp_path_factory.mktemp("straight") / "workspace") as opened:
        return story(opened, set())


def test_the_turned_signal_is_found_with_its_alert_and_safe_act(straight: list[Any], stores: Stores) -> None:
    assert straight[-1][1]["cause"] == "concept_drift"
    assert straight[-1][0] > FLIP
    story(stores, set())
    alerts = stores.agent.alerts.list(market=small_market.MARKET)
    raised = stores.events.read(kinds=["alert.raised"])
    assert {event.subject for event in raised} == {alert.alert_id for alert in alerts} and alerts


@pytest.mark.parametrize("every", [1, 7, WHOLE_EVERY_BARS, WHOLE_EVERY_BARS + 1])
def test_restarts_change_no_later_decision(stores: Stores, straight: list[Any], every: int) -> None:
    restarts = set(range(FIRST + 1, LAST, every)) if every > 1 else set(range(FLIP, FLIP + 30))
    assert story(stores, restarts) == straight


def test_a_transaction_that_is_undone_leaves_the_stored_state_as_it_was(stores: Stores) -> None:
    watchman = started(stores)
    for index in range(FIRST, FIRST + 5):
        watch(watchman, stores, index)
    before = stores.state.all()
    with pytest.raises(RuntimeError), stores.db.transaction():
        watch(watchman, stores, FIRST + 5)
        raise RuntimeError("the power went")
    assert stores.state.all() == before


def test_another_champions_state_is_not_taken_over(stores: Stores) -> None:
    watchman = started(stores)
    for index in range(FIRST, FIRST + 25):
        watch(watchman, stores, index)
    other = Watchman(stores, CONFIG)
    other.start(replace(REFERENCE, model_id="ridge-other"))
    assert stores.state.get(f"healer:{small_market.MARKET}")["model_id"] == "ridge-other"  # type: ignore[index]


def test_a_state_of_another_version_is_left_and_said(stores: Stores) -> None:
    watchman = started(stores)
    for index in range(FIRST, FIRST + 25):
        watch(watchman, stores, index)
    key = f"healer:{small_market.MARKET}"
    row = stores.state.get(key)
    assert isinstance(row, dict)
    stores.state.put_view(key, {**row, "state": {**row["state"], "version": 2}}, 1)
    Watchman(stores, CONFIG).start(REFERENCE, 77)
    (event,) = stores.events.read(kinds=["engine.error"])
    assert event.ts == 77 and "version 2" in event.payload["error"]
    begun = stores.state.get(key)
    assert isinstance(begun, dict) and begun["state"]["observer"]["bars"] == 0


def test_a_case_that_the_loop_closed_before_the_crash_is_closed_here_too(stores: Stores) -> None:
    story(stores, set())
    stores.agent.cases.upsert(CaseRecord("case-1", small_market.MARKET, 1, 1, "diagnosed"))
    with_case = started(stores)
    assert with_case.proposals(CHAMPION.spec.to_json(), "case-1") != []
    stores.agent.cases.change("case-1", stage="closed")
    assert started(stores).proposals(CHAMPION.spec.to_json(), "case-1") == []


def test_a_new_champion_clears_the_alerts_of_the_former(stores: Stores) -> None:
    watchman = started(stores)
    for index in range(FIRST, LAST):
        if watch(watchman, stores, index) is not None:
            break
    assert any(alert.status == "open" for alert in stores.agent.alerts.list())
    with stores.db.transaction():
        watchman.use(replace(REFERENCE, model_id="ridge-other"), HISTORY.bars[LAST].known_ts)
    assert {alert.status for alert in stores.agent.alerts.list()} == {"cleared"}
    cleared = stores.events.read(kinds=["alert.cleared"])
    assert len(cleared) == len(stores.agent.alerts.list())


def test_before_the_first_champion_nothing_is_watched(stores: Stores) -> None:
    assert watch(Watchman(stores, CONFIG), stores, FIRST) is None
    assert Watchman(stores, CONFIG).proposals({}, "case-1") == []
    assert stores.state.all() == {}


def test_readings_are_finite_numbers_that_a_screen_can_show(stores: Stores) -> None:
    watchman = started(stores)
    for index in range(FIRST, FIRST + 40):
        watch(watchman, stores, index)
    assert watchman.readings and all(math.isfinite(value) for value in watchman.readings.values())
