"""Commands: idempotent by id, settled exactly once."""

from __future__ import annotations

import pytest

from engine.kernel.errors import NotFoundError, RefusedError, StoreError
from storage.command_inbox import Command, CommandInbox
from storage.database import Database


@pytest.fixture
def inbox(db: Database) -> CommandInbox:
    return CommandInbox(db)


def test_same_id_enters_once(inbox: CommandInbox) -> None:
    command = Command("c1", "approve", {"approval_id": "a"}, "operator", 5, expected_state_seq=3, expires_ts=9)
    assert inbox.submit(command) and not inbox.submit(command)
    assert inbox.pending() == [command]
    with pytest.raises(RefusedError):
        inbox.submit(Command("c1", "halt", {}, "operator", 5))
    with pytest.raises(StoreError):
        inbox.submit(Command("c2", "halt", {"x": float("inf")}, "operator", 5))


def test_first_answer_stands(inbox: CommandInbox) -> None:
    inbox.submit(Command("c1", "halt", {}, "operator", 5))
    inbox.submit(Command("c0", "halt", {}, "operator", 4))
    assert [command.id for command in inbox.pending()] == ["c1", "c0"]  # arrival counts, not the sender's clock
    assert inbox.settle("c1", "accepted", "done", {"n": 1}, 10, 77)
    assert not inbox.settle("c1", "refused", "late", None, 11, 78)
    settled = inbox.get("c1")
    assert settled is not None
    assert (settled.status, settled.reason, settled.result, settled.settled_ts, settled.settled_seq) == (
        "accepted",
        "done",
        {"n": 1},
        10,
        77,
    )
    assert [command.id for command in inbox.pending()] == ["c0"]
    assert [command.id for command in inbox.recent(1)] == ["c0"]
    assert not inbox.submit(Command("c1", "halt", {}, "operator", 5))
    with pytest.raises(NotFoundError):
        inbox.settle("none", "accepted", "", None, 1, None)
    with pytest.raises(StoreError):
        inbox.settle("c0", "pending", "", None, 1, None)


def test_answer_of_an_undone_transaction_is_no_answer(inbox: CommandInbox, db: Database) -> None:
    inbox.submit(Command("c1", "halt", {}, "operator", 5))
    with pytest.raises(RuntimeError), db.transaction():
        inbox.settle("c1", "accepted", "", None, 1, 1)
        raise RuntimeError
    assert [command.id for command in inbox.pending()] == ["c1"]
