"""After a promotion: a clearly worse champion goes, an equal or better one stays, a restart changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.agent.champions import ChampionDesk
from engine.agent.rollback_watch import RollbackWatch
from storage.stores import Stores
from tests.engine import small_market, small_workspace
from tests.engine.small_workspace import NEW, OLD

CONFIG = small_market.settings(agent__rollback_watch_bars=120)
HISTORY = small_market.history(small_workspace.BARS, 0, small_workspace.FLIP)
BEGIN = 900


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with Stores.open(tmp_path / "workspace") as opened:
        small_workspace.register(opened, OLD)
        small_workspace.register(opened, NEW)
        yield opened


def watch_of(stores: Stores) -> RollbackWatch:
    return RollbackWatch(stores, CONFIG, ChampionDesk(stores, small_market.MARKET))


def begin(stores: Stores, champion: str, predecessor: str) -> RollbackWatch:
    watch = watch_of(stores)
    watch.begin("case-1", champion, predecessor, small_market.memory_of(HISTORY.bars[:BEGIN]), 1)
    return watch


def decisions(watch: RollbackWatch, first: int = BEGIN, last: int = BEGIN + 130) -> list[str]:
    said = []
    for index in range(first, last):
        said.append(watch.on_bar(HISTORY.bars[index], None, small_market.vector_at(HISTORY, index)))
        if said[-1] != "watching":
            break
    return said


def test_a_champion_that_is_clearly_worse_than_its_predecessor_is_rolled_back(stores: Stores) -> None:
    said = decisions(begin(stores, OLD, NEW))
    assert said[-1] == "roll_back"
    assert len(said) < 120, "long before the watch would have ended"


@pytest.mark.parametrize("predecessor", [NEW, OLD])
def test_an_equal_or_better_one_stays_until_the_watch_ends(stores: Stores, predecessor: str) -> None:
    said = decisions(begin(stores, NEW, predecessor))
    assert said == ["watching"] * 119 + ["settled"]


def test_a_restart_at_any_bar_goes_on_as_if_nothing_had_been(stores: Stores) -> None:
    straight = decisions(begin(stores, OLD, NEW))
    begin(stores, OLD, NEW)
    resumed = []
    for index in range(BEGIN, BEGIN + len(straight)):
        resumed += decisions(watch_of(stores), index, index + 1)
    assert resumed == straight


def test_a_bar_that_was_seen_already_counts_once(stores: Stores) -> None:
    watch = begin(stores, OLD, NEW)
    doubled = []
    for index in range(BEGIN, BEGIN + 120):
        doubled += decisions(watch, index, index + 1)
        if doubled[-1] != "watching":
            break
        assert decisions(watch, index, index + 1) == ["watching"]
    assert doubled == decisions(begin(stores, OLD, NEW))


def test_after_its_decision_or_its_end_nothing_is_watched(stores: Stores) -> None:
    watch = begin(stores, OLD, NEW)
    decisions(watch)
    assert set(decisions(watch, 1050, 1080)) == {"watching"}
    watch = begin(stores, OLD, NEW)
    watch.end(2)
    assert set(decisions(watch)) == {"watching"}
    assert set(decisions(watch_of(stores))) == {"watching"}
