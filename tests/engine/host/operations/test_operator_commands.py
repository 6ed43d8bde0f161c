"""Every command has its friction; HALT works with a dead engine."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from engine.host.operations.action_registry import ACTIONS, action_for_key
from engine.host.operations.commands import (
    COMMANDS,
    await_command,
    build_command,
    confirmation_text,
    friction,
    inverse_of,
    submit_command,
)
from engine.kernel.errors import EngineUnavailableError, InputError
from engine.kernel.workspace_paths import WorkspacePaths
from storage.command_inbox import CommandInbox
from storage.database import Database

NOW = 1_800_000_000_000_000
SAFE = {"halt", "reject", "defer", "retire", "ack_alert", "ack_all", "pause_agent", "flatten", "lockdown", "rollback"}


@pytest.fixture
def stores(tmp_path):
    paths = WorkspacePaths(tmp_path)
    paths.create()
    db = Database(paths.database)
    yield SimpleNamespace(paths=paths, db=db, commands=CommandInbox(db))
    db.close()


def beat(stores, ts):
    with stores.db.transaction() as connection:
        connection.execute("INSERT OR REPLACE INTO heartbeats VALUES ('engine', ?, '{}')", (ts,))


@pytest.mark.parametrize("spec", COMMANDS.values(), ids=lambda spec: spec.kind)
def test_every_command_has_tier_verb_doc_and_an_action(spec):
    assert 1 <= spec.tier <= 4 and spec.verb and spec.doc.endswith(".")
    assert any(action.command_kind == spec.kind for action in ACTIONS)
    assert not (spec.raises_risk and spec.tier < 2), "raising risk is never a single key"
    assert spec.raises_risk is False or spec.kind not in SAFE
    if spec.tier >= 3:
        assert ("reason" in spec.required and spec.confirmation) or spec.kind == "set_limit"


def test_arguments_are_checked_by_name():
    assert build_command("set_limit", {"limit": "drawdown", "value": "0.1"}) == {"limit": "drawdown", "value": 0.1}
    for kind, args, word in (
        ("approve", {"approval_id": "a"}, "missing reason"),
        ("halt", {"colour": "red"}, "unknown colour"),
        ("sell_everything", {}, "no command"),
        ("set_limit", {"limit": "drawdown", "value": "lots"}, "must be a number"),
        ("set_autonomy", {"level": "full", "reason": "x"}, "not a level"),
    ):
        with pytest.raises(InputError, match=word):
            build_command(kind, args)


def test_lowering_is_fast_and_raising_is_slow():
    assert friction("set_limit", {"value": 0.1}, {"value": 0.15}) == (1, False)
    assert friction("set_limit", {"value": 0.3}, {"value": 0.15}) == (3, True)
    assert friction("set_limit", {"value": 0.1}) == (3, True), "an unknown present limit counts as raising"
    assert friction("set_autonomy", {"level": "supervised"}, {"level": "autonomous"}) == (1, False)
    assert friction("set_autonomy", {"level": "autonomous"}, {"level": "supervised"}) == (3, True)


def test_confirmation_names_what_will_happen():
    assert confirmation_text("unlock", {}, market="lean_hogs", state_seq=9120) == "UNLOCK lean_hogs 9120"
    assert confirmation_text("approve", {"approval_id": "a"}, market="m", state_seq=1, subject="ens-7f2") == "ens-7f2"
    assert confirmation_text("promote", {"model_id": "ens-7f2"}, market="m", state_seq=1) == "ens-7f2"
    assert confirmation_text("halt", {}, market="m", state_seq=1) == ""


def test_taking_back():
    assert inverse_of("pause_agent", {}, {}) == ("resume_agent", {})
    assert inverse_of("set_limit", {"limit": "drawdown"}, {"old": 0.15}) == (
        "set_limit",
        {"limit": "drawdown", "value": 0.15},
    )
    assert inverse_of("ack_alert", {"alert_id": "a"}, {}) is None


def test_a_submitted_command_waits_in_the_inbox(stores):
    beat(stores, NOW)
    command_id = submit_command(stores, "rollback", {"reason": "worse"}, "operator", 8844, NOW)
    command = stores.commands.get(command_id)
    assert (command.kind, command.status, command.expected_state_seq) == ("rollback", "pending", 8844)
    assert command.expires_ts == NOW + 60_000_000
    with pytest.raises(EngineUnavailableError):
        await_command(stores, command_id, 0.0)
    stores.commands.settle(command_id, "accepted", "", {"model_id": "m"}, NOW, 1)
    assert await_command(stores, command_id, 0.0).result == {"model_id": "m"}


def test_halt_writes_the_file_only_where_no_engine_beats(stores):
    beat(stores, NOW - 1_000_000)
    submit_command(stores, "halt", {"reason": "x"}, "operator", None, NOW)
    assert not stores.paths.halt_file.exists()
    submit_command(stores, "halt", {"reason": "gone"}, "operator", None, NOW + 5_000_000)
    assert "gone" in stores.paths.halt_file.read_text()
    submit_command(stores, "halt", {"reason": "again"}, "operator", None, NOW + 6_000_000)
    assert "gone" in stores.paths.halt_file.read_text(), "the first reason stands"


def test_halt_writes_the_file_where_no_engine_ever_beat(stores):
    submit_command(stores, "halt", {}, "operator", None, NOW)
    assert stores.paths.halt_file.exists()


def test_keys_mean_one_thing_on_each_screen():
    for screen in ("desk", "inbox", "models", "risk", "journal", "data"):
        keys = [key for action in ACTIONS if not action.screens or screen in action.screens for key in action.keys]
        assert len(keys) == len(set(keys)), screen
    assert action_for_key("A", "inbox").name == "approve" and action_for_key("A", "desk").name == "ack_all"
    assert action_for_key("f9", "journal").priority


def test_no_lower_case_letter_acts_except_acknowledging_and_dialogs_that_ask():
    for action in ACTIONS:
        letters = [key for key in action.keys if len(key) == 1 and key.islower()]
        assert not letters or action.tier == 0 or action.name in ("ack", "resume", "retire")
