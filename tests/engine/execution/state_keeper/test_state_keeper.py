"""The keeper of the operational state: persisted with its event, never lost into something more permissive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.core.state_machine import Trigger, at_most_as_permissive
from engine.core.trading_types import OperationalState as S
from engine.kernel.errors import RefusedError
from engine.kernel.timestamps import MICROS_PER_MINUTE

OpenDesk = Callable[..., Any]


def test_a_new_workspace_runs_and_says_so(open_desk: OpenDesk) -> None:
    desk = open_desk()
    assert desk.keeper.current() is S.RUNNING
    assert not desk.keeper.is_halted()
    (event,) = desk.stores.events.read(kinds=["state.changed"])
    assert (event.payload["old"], event.payload["new"]) == ("UNKNOWN", "RUNNING")


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM state WHERE key = 'operational_state'",
        "DELETE FROM state",
        "UPDATE state SET value = 'x' WHERE key = 'operational_state'",
        "UPDATE state SET value = '{\"state\": \"PARTY\"}' WHERE key = 'operational_state'",
    ],
)
def test_a_lost_state_is_unknown_and_a_restart_does_not_invent_one(open_desk: OpenDesk, damage: str) -> None:
    desk = open_desk()
    desk.stores.db.execute(damage)
    assert desk.keeper.current() is S.UNKNOWN
    assert open_desk().keeper.current() is S.UNKNOWN
    desk.keeper.halt(reason="put in order", actor="operator", ts=9)
    assert desk.keeper.current() is S.HALTED


@pytest.mark.parametrize("state", [S.DEGRADED, S.HALTED, S.LOCKDOWN])
def test_a_restart_is_never_more_permissive(open_desk: OpenDesk, state: S) -> None:
    desk = open_desk()
    trigger = {S.DEGRADED: Trigger.WARNING, S.HALTED: Trigger.CRITICAL, S.LOCKDOWN: Trigger.LOCKDOWN}[state]
    assert desk.keeper.apply(trigger, reason="test", source="test", ts=5) is state
    again = open_desk().keeper
    assert again.current() is state
    assert at_most_as_permissive(again.current(), state)
    assert (again.record().reason, again.record().since_ts) == ("test", 5)


def test_a_move_the_table_does_not_know_changes_nothing(open_desk: OpenDesk) -> None:
    desk = open_desk()
    head = desk.stores.events.head()
    assert desk.keeper.apply(Trigger.CASCADE, reason="no", source="test", ts=5) is None
    assert desk.stores.events.head() == head


def test_halt_and_resume(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.keeper.halt(reason="look", actor="operator", ts=5)
    assert desk.keeper.is_halted()
    assert desk.keeper.current() is S.HALTED
    desk.stores.paths.halt_file.write_text("")
    desk.keeper.resume(reason="fine", actor="operator", ts=6)
    assert not desk.keeper.is_halted()
    assert not desk.stores.paths.halt_file.exists()
    assert desk.keeper.current() is S.RUNNING


def test_a_halt_file_is_adopted(open_desk: OpenDesk) -> None:
    desk = open_desk()
    assert not desk.keeper.adopt_halt_file(5)
    desk.stores.paths.halt_file.write_text("stop")
    assert desk.keeper.is_halted()
    assert desk.keeper.adopt_halt_file(5)
    assert not desk.stores.paths.halt_file.exists()
    assert desk.keeper.is_halted()
    assert open_desk().keeper.current() is S.HALTED


def test_lockdown_is_left_by_unlock_after_the_cooldown_into_halted(open_desk: OpenDesk) -> None:
    keeper = open_desk().keeper
    with pytest.raises(RefusedError, match="nothing to unlock"):
        keeper.unlock(reason="x", actor="operator", ts=5, cooldown_minutes=15)
    keeper.lockdown(reason="x", actor="operator", ts=5)
    with pytest.raises(RefusedError, match="unlock"):
        keeper.resume(reason="x", actor="operator", ts=6)
    with pytest.raises(RefusedError, match=r"15\.0 minutes"):
        keeper.unlock(reason="x", actor="operator", ts=6, cooldown_minutes=15)
    keeper.unlock(reason="x", actor="operator", ts=5 + 15 * MICROS_PER_MINUTE, cooldown_minutes=15)
    assert keeper.current() is S.HALTED


def test_an_undone_transaction_undoes_the_move(open_desk: OpenDesk) -> None:
    desk = open_desk()
    with pytest.raises(RuntimeError), desk.stores.db.transaction():
        desk.keeper.lockdown(reason="x", actor="operator", ts=5)
        raise RuntimeError
    assert desk.keeper.current() is S.RUNNING
    assert desk.stores.events.verify().ok
