"""The table of operational states."""

from __future__ import annotations

import itertools

import pytest

from engine.core.state_machine import (
    TRANSITIONS,
    Trigger,
    at_most_as_permissive,
    may_raise_risk,
    may_reduce_risk,
    next_state,
)
from engine.core.trading_types import OperationalState as S

HUMAN = {Trigger.RESUME, Trigger.UNLOCK}


@pytest.mark.parametrize(
    ("state", "trigger", "new"),
    [
        (S.RUNNING, Trigger.WARNING, S.DEGRADED),
        (S.RUNNING, Trigger.CRITICAL, S.HALTED),
        (S.DEGRADED, Trigger.CRITICAL, S.HALTED),
        (S.DEGRADED, Trigger.RESOLVED, S.RUNNING),
        (S.HALTED, Trigger.RESUME, S.RUNNING),
        (S.HALTED, Trigger.CASCADE, S.LOCKDOWN),
        (S.LOCKDOWN, Trigger.UNLOCK, S.HALTED),
        (S.UNKNOWN, Trigger.HALT, S.HALTED),
    ],
)
def test_moves_of_the_specification(state: S, trigger: Trigger, new: S) -> None:
    assert next_state(state, trigger) is new


def test_the_operator_locks_down_from_anywhere_else() -> None:
    assert all(next_state(state, Trigger.LOCKDOWN) is S.LOCKDOWN for state in S if state is not S.LOCKDOWN)


def test_only_humans_and_recovery_make_the_state_more_permissive() -> None:
    for (old, trigger), new in TRANSITIONS.items():
        if not at_most_as_permissive(new, old) and old is not S.UNKNOWN:
            assert trigger in HUMAN or (old, trigger) == (S.DEGRADED, Trigger.RESOLVED)


def test_lockdown_is_left_only_by_unlock_and_only_into_halted() -> None:
    for trigger in Trigger:
        assert next_state(S.LOCKDOWN, trigger) is (S.HALTED if trigger is Trigger.UNLOCK else None)


def test_unknown_permits_nothing_and_reaches_nothing_that_trades() -> None:
    assert not may_raise_risk(S.UNKNOWN)
    assert not may_reduce_risk(S.UNKNOWN)
    assert {next_state(S.UNKNOWN, trigger) for trigger in Trigger} == {None, S.HALTED, S.LOCKDOWN}


def test_permissions_agree_with_the_order_of_states() -> None:
    for one, other in itertools.product(S, S):
        if at_most_as_permissive(one, other):
            assert may_raise_risk(one) <= may_raise_risk(other)
            assert may_reduce_risk(one) <= may_reduce_risk(other)
