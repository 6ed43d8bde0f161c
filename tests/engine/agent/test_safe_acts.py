"""Doubt about the edge shrinks at once, grows back a tenth a bar, and an unreadable row means nothing is traded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.agent.healer import SafeAct
from engine.agent.safe_acts import EDGE_DOUBT, SafeActDesk
from engine.kernel.config_models import AutonomyLevel
from storage.stores import Stores
from tests.engine import small_market
from tests.engine.small_market import MARKET

CONFIG = small_market.settings()
TS = 1_700_000_000_000_000


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    opened = Stores.open(tmp_path / "workspace")
    yield opened
    opened.close()


def desk(stores: Stores, level: AutonomyLevel = "semi-auto") -> SafeActDesk:
    return SafeActDesk(stores, CONFIG, lambda: level)


def follow(acts: SafeActDesk, stores: Stores, share: float) -> float:
    with stores.db.transaction("test"):
        acts.follow_doubt(share, TS)
    return acts.size_multiplier()


def kinds(stores: Stores) -> list[str]:
    return [event.kind for event in stores.events.read() if event.kind.startswith("safe_act.")]


def test_it_shrinks_at_once_and_grows_back_by_a_tenth_a_bar(stores: Stores) -> None:
    acts = desk(stores)
    assert follow(acts, stores, 0.97) == 1.0 and kinds(stores) == []
    assert follow(acts, stores, 0.68) == 0.6
    assert follow(acts, stores, 0.34) == 0.3
    assert kinds(stores) == ["safe_act.taken"]
    assert [follow(acts, stores, 0.97) for _ in range(7)] == [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert kinds(stores) == ["safe_act.taken", "safe_act.reverted"]


def test_a_restart_keeps_the_doubt(stores: Stores) -> None:
    follow(desk(stores), stores, 0.2)
    assert desk(stores).size_multiplier() == 0.2


def test_the_smaller_of_act_and_doubt_rules(stores: Stores) -> None:
    acts = desk(stores)
    follow(acts, stores, 0.7)
    with stores.db.transaction("test"):
        acts.take("case-1", (SafeAct("reduce_size", "too large", {"size_multiplier": 0.5}),), TS)
    assert acts.size_multiplier() == 0.5
    assert follow(acts, stores, 0.2) == 0.2


def test_an_unreadable_row_permits_nothing(stores: Stores) -> None:
    with stores.db.transaction("test"):
        stores.state.put(f"{EDGE_DOUBT}:{MARKET}", {"shar": 1.0}, TS)
    assert desk(stores).size_multiplier() == 0.0


def test_a_supervised_agent_does_not_shrink_alone(stores: Stores) -> None:
    acts = desk(stores, "supervised")
    assert follow(acts, stores, 0.1) == 1.0 and kinds(stores) == []


shares = st.floats(0.05, 1.0)
acts_of_any_kind = st.one_of(
    st.just(SafeAct("stand_aside", "broken", {})),
    st.just(SafeAct("restore_input", "sound again", {"features": ["carry"]})),
    st.just(SafeAct("resume", "sound again", {})),
    st.builds(lambda size: SafeAct("reduce_size", "wild", {"size_multiplier": size}), shares),
    st.builds(
        lambda size, rate: SafeAct("trade_slower", "dry", {"size_multiplier": size, "trading_rate": rate}),
        shares,
        shares,
    ),
)


@settings(max_examples=60, deadline=None)
@given(taken=st.lists(st.tuples(st.sampled_from(["case-1", "case-2", "case-3"]), acts_of_any_kind), max_size=6))
def test_no_act_raises_what_the_one_before_left(taken: list[tuple[str, SafeAct]]) -> None:
    with TemporaryDirectory() as root, Stores.open(Path(root) / "workspace") as stores:
        acts = desk(stores)
        size, rate = 1.0, 1.0
        for subject, act in taken:
            with stores.db.transaction("test"):
                acts.take(subject, (act,), TS)
            assert acts.size_multiplier() <= size
            assert acts.size_multiplier() == 0.0 or acts.trading_rate() <= rate
            if act.act == "stand_aside":
                assert acts.size_multiplier() == 0.0
            size, rate = acts.size_multiplier(), acts.trading_rate()


WILD = SafeAct("reduce_size", "wild", {"size_multiplier": 0.4})
ASIDE = SafeAct("stand_aside", "dead feed", {})


@pytest.mark.parametrize("waited", [False, True])
def test_a_fault_that_vanishes_gives_back_what_held_before_and_no_more(stores: Stores, waited: bool) -> None:
    acts = desk(stores)
    with stores.db.transaction("test"):
        acts.take("case-1", (WILD,), TS)
        if waited:
            acts.take("data_feed", (ASIDE,), TS)
        acts.take("case-2", (ASIDE,), TS, waited_as="data_feed")
        assert acts.size_multiplier() == 0.0
        acts.give_back("case-1", "not its act", TS)
        assert acts.size_multiplier() == 0.0
        acts.give_back("case-2", "it moves again", TS)
    assert ((acts.in_force() or {})["case_id"], acts.size_multiplier()) == ("case-1", 0.4)
    with stores.db.transaction("test"):
        for _ in range(CONFIG.agent.cooldown_bars):
            acts.release_restored(TS)
        assert acts.size_multiplier() == 0.4
        acts.release_restored(TS)
    assert acts.size_multiplier() == 1.0, "no fault showed for a cool-down of bars"


def test_a_waiting_finding_that_vanishes_leaves_the_open_case_its_act(stores: Stores) -> None:
    acts = desk(stores)
    with stores.db.transaction("test"):
        acts.take("case-1", (WILD,), TS)
        acts.take("data_feed", (ASIDE,), TS)
        acts.give_back("data_feed", "it moves again", TS)
    assert ((acts.in_force() or {})["case_id"], acts.size_multiplier()) == ("case-1", 0.4)
    with stores.db.transaction("test"):
        acts.revert("case-1", "the champion is repaired", TS)
    assert acts.size_multiplier() == 1.0
