"""Being the engine for one moment: under the lease, with the market's time, and never beside a live engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.execution.state_keeper import StateKeeper
from engine.host.one_shot import one_shot_engine, one_shot_lease
from engine.host.operations.commands import submit_command
from engine.host.operations.requests import engine_is_alive, request
from engine.kernel.clock import SystemClock
from engine.kernel.errors import LeaseHeldError, RefusedError
from storage.stores import Stores
from tests.engine import small_market, small_workspace
from tests.engine.small_market import MARKET
from tests.engine.small_workspace import NEW, OLD

CONFIG = small_market.settings()
MARKET_NOW = small_workspace.bar_at(700).known_ts


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with Stores.open(tmp_path / "workspace") as opened:
        StateKeeper(opened, MARKET).begin(1)
        opened.feeds.beat("engine", 1, {"now_ts": MARKET_NOW})
        yield opened


def test_pending_commands_are_settled_in_the_markets_time(stores: Stores) -> None:
    submit_command(stores, "halt", {"reason": "test"}, "me", None, SystemClock().now_ts())
    with one_shot_engine(stores, CONFIG) as engine:
        assert engine.process_commands() == 1
        assert engine.process_commands() == 0
    assert StateKeeper(stores, MARKET).is_halted()
    assert stores.events.read(kinds=["halt.set"])[-1].ts == MARKET_NOW
    assert not engine_is_alive(stores, CONFIG), "the lease was given back"


def test_the_lease_is_given_back_after_an_error_and_each_time_is_a_new_epoch(stores: Stores) -> None:
    with pytest.raises(RuntimeError), one_shot_lease(stores, CONFIG) as first:
        assert engine_is_alive(stores, CONFIG)
        raise RuntimeError("interrupted")
    with one_shot_lease(stores, CONFIG) as second:
        assert second > first


def test_it_never_works_beside_a_live_engine(stores: Stores) -> None:
    stores.lease.acquire("desk", os.getpid(), "service", SystemClock().now_ts(), 10**9)
    with pytest.raises(LeaseHeldError), one_shot_engine(stores, CONFIG):
        pass
    assert engine_is_alive(stores, CONFIG)


def test_a_request_without_an_engine_is_answered_at_once(stores: Stores) -> None:
    small_workspace.crown(stores, OLD)
    small_workspace.register(stores, NEW)
    answer = request(stores, CONFIG, "promote", {"model_id": NEW, "reason": "mine", "confirm": NEW}, actor="me")
    assert answer == {"model_id": NEW, "previous_model_id": OLD}
    with pytest.raises(RefusedError, match="champion"):
        request(stores, CONFIG, "retire", {"model_id": NEW}, actor="me")
    with pytest.raises(RefusedError, match="look again"):
        request(stores, CONFIG, "resume", {"reason": "x", "confirm": MARKET}, actor="me", expected_state_seq=0)
    assert request(stores, CONFIG, "rollback", {}, actor="me")["model_id"] == OLD
