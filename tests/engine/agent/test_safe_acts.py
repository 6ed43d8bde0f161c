"""Doubt about the edge shrinks at once, grows back a tenth a bar, and an unreadable row means nothing is traded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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
