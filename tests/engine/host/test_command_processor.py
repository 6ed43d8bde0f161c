"""Each command is settled exactly once; only what raises risk can be too late; a refusal leaves no effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.execution.state_keeper import StateKeeper
from engine.host.command_processor import FAULT_CODE, CommandProcessor, CommandRule, require_text
from engine.kernel.errors import RefusedError, StoreError
from storage.command_inbox import Command
from storage.stores import Stores
from tests.engine.small_market import MARKET

NOW, WALL = 1_000, 9_000


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with Stores.open(tmp_path / "workspace") as opened:
        yield opened


def processor_of(stores: Stores) -> CommandProcessor:
    """`up` raises risk, `down` does not; `broken` changes the state and then fails."""
    processor = CommandProcessor(stores, MARKET)

    def count(args: Mapping[str, Any], actor: str, now_ts: int) -> dict[str, Any]:
        return {"seq": stores.state.put("count", {"n": args.get("n"), "actor": actor}, now_ts)}

    def broken(args: Mapping[str, Any], actor: str, now_ts: int) -> dict[str, Any]:
        count(args, actor, now_ts)
        raise RefusedError("not today")

    processor.register(CommandRule("up", count, True))
    processor.register(CommandRule("down", count, False))
    processor.register(CommandRule("broken", broken, False))
    return processor


def submit(stores: Stores, id: str, kind: str, **fields: Any) -> None:
    stores.commands.submit(Command(id, kind, {"n": id}, "me", 1, **fields))


def answers(stores: Stores) -> list[tuple[str, str]]:
    return [(event.kind, event.subject) for event in stores.events.read()]


def test_commands_are_settled_in_order_and_exactly_once(stores: Stores) -> None:
    processor = processor_of(stores)
    for id in ("cmd-2", "cmd-1", "cmd-3"):
        submit(stores, id, "down")
        submit(stores, id, "down")
    assert processor.process_pending(NOW, WALL) == 3
    assert processor.process_pending(NOW, WALL) == 0
    assert answers(stores) == [("command.accepted", id) for id in ("cmd-2", "cmd-1", "cmd-3")]
    assert stores.state.get("count") == {"n": "cmd-3", "actor": "me"}
    settled = stores.commands.get("cmd-2")
    assert settled is not None
    assert (settled.status, settled.result, settled.settled_ts, settled.settled_seq) == ("accepted", {"seq": 1}, NOW, 1)
    submit(stores, "cmd-2", "down")
    assert processor.process_pending(NOW, WALL) == 0, "a settled command does not come back"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["up", "down"]),
    behind=st.none() | st.integers(0, 2),
    left=st.none() | st.integers(-2, 2),
    data=st.data(),
)
def test_only_what_raises_risk_can_come_too_late(
    stores: Stores, kind: str, behind: int | None, left: int | None, data: st.DataObject
) -> None:
    stores.state.put("other", {}, 1)
    stores.state.put("other", {}, 1)
    processor, present = processor_of(stores), stores.state.state_seq()
    id = f"cmd-{stores.db.query('SELECT count(*) FROM commands')[0][0]}"
    submit(
        stores,
        id,
        kind,
        expected_state_seq=None if behind is None else present - behind,
        expires_ts=None if left is None else WALL + left,
    )
    processor.process_pending(NOW, WALL)
    late = (behind or 0) > 0 or (left is not None and left <= 0)
    command = stores.commands.get(id)
    assert command is not None
    assert command.status == ("refused" if kind == "up" and late else "accepted")
    assert stores.state.state_seq() == present + (command.status == "accepted")
    if command.status == "refused":
        assert command.reason


def test_a_refusal_inside_a_handler_leaves_no_effect_but_its_reason(stores: Stores) -> None:
    processor = processor_of(stores)
    submit(stores, "cmd-1", "broken")
    submit(stores, "cmd-2", "down")
    assert processor.process_pending(NOW, WALL) == 2
    assert stores.state.get("count") == {"n": "cmd-2", "actor": "me"}
    assert answers(stores) == [("command.refused", "cmd-1"), ("command.accepted", "cmd-2")]
    refused = stores.commands.get("cmd-1")
    assert refused is not None and (refused.status, refused.reason, refused.result) == ("refused", "not today", None)


@pytest.mark.parametrize("transactional", [True, False])
def test_a_handler_that_breaks_settles_its_command_halts_and_leaves_the_engine_up(
    stores: Stores, transactional: bool
) -> None:
    processor = processor_of(stores)

    def bug(args: Mapping[str, Any], actor: str, now_ts: int) -> dict[str, Any]:
        if transactional:
            stores.state.put("count", {"n": "half"}, now_ts)
        raise KeyError("window")

    processor.register(CommandRule("bug", bug, False, transactional=transactional))
    submit(stores, "cmd-1", "bug")
    submit(stores, "cmd-2", "down")
    assert processor.process_pending(NOW, WALL) == 2
    assert processor.process_pending(NOW, WALL) == 0, "it does not come back at every restart"
    failed, after = stores.commands.get("cmd-1"), stores.commands.get("cmd-2")
    assert failed is not None and failed.status == "refused" and "KeyError: 'window'" in str(failed.reason)
    assert after is not None and after.status == "accepted"
    assert stores.state.get("count") == {"n": "cmd-2", "actor": "me"}, "the half-done effect is gone"
    (alert,) = stores.agent.alerts.list(market=MARKET, status="open")
    assert (alert.code, alert.level) == (FAULT_CODE, "CRITICAL") and "KeyError" in alert.message
    assert StateKeeper(stores, MARKET).is_halted()
    assert {"command.refused", "alert.raised", "halt.set"} <= {kind for kind, _ in answers(stores)}


def test_where_the_halt_after_a_failure_fails_too_the_halt_file_stands(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    processor = processor_of(stores)

    def bug(*args: Any, **named: Any) -> dict[str, Any]:
        raise ZeroDivisionError("by zero")

    processor.register(CommandRule("bug", bug, False))
    monkeypatch.setattr(StateKeeper, "halt", bug)
    submit(stores, "cmd-1", "bug")
    processor.process_pending(NOW, WALL)
    failed = stores.commands.get("cmd-1")
    assert failed is not None and "HALT file" in str(failed.reason)
    assert "ZeroDivisionError" in stores.paths.halt_file.read_text(encoding="utf-8")


def test_arguments_that_are_no_json_are_refused_not_pending_for_ever(stores: Stores) -> None:
    submit(stores, "cmd-1", "broken")
    stores.db.execute("UPDATE commands SET args = '{\"n\": NaN}'")
    processor_of(stores).process_pending(NOW, WALL)
    refused = stores.commands.get("cmd-1")
    assert refused is not None and refused.status == "refused"


def test_an_unknown_kind_is_refused(stores: Stores) -> None:
    submit(stores, "cmd-1", "sing")
    processor_of(stores).process_pending(NOW, WALL)
    refused = stores.commands.get("cmd-1")
    assert refused is not None and refused.status == "refused" and "'sing'" in str(refused.reason)


def test_a_handler_that_works_outside_the_transaction_runs_once(stores: Stores) -> None:
    processor, seen = processor_of(stores), []

    def load(args: Mapping[str, Any], actor: str, now_ts: int) -> dict[str, Any]:
        seen.append((args["n"], stores.db.in_transaction()))
        if len(seen) == 2:
            raise StoreError("the disk is full")
        return {"rows": 3}

    processor.register(CommandRule("load", load, False, transactional=False))
    for id in ("cmd-1", "cmd-2"):
        submit(stores, id, "load")
    processor.process_pending(NOW, WALL)
    assert seen == [("cmd-1", False), ("cmd-2", False)]
    assert answers(stores) == [("command.accepted", "cmd-1"), ("command.refused", "cmd-2")]


def test_a_kind_is_registered_once_and_known(stores: Stores) -> None:
    processor = processor_of(stores)
    assert processor.kinds == {"up", "down", "broken"}
    with pytest.raises(ValueError, match="twice"):
        processor.register(CommandRule("up", lambda *args: {}, True))


@pytest.mark.parametrize("value", [None, "", "  ", 3, ["x"]])
def test_a_text_that_is_missing_is_asked_for(value: object) -> None:
    with pytest.raises(RefusedError, match="give reason"):
        require_text({"reason": value}, "reason", "a reason")
    assert require_text({"reason": " because "}, "reason", "a reason") == "because"
