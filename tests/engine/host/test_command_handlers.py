"""Every kind of command once: its effect, its event, what it refuses; halting always works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.execution.state_keeper import StateKeeper
from engine.host.command_handlers import register_handlers
from engine.host.command_processor import CommandProcessor
from engine.host.market_runner import MarketRunner
from engine.host.operations.autonomy_level import present_level
from engine.host.operations.commands import COMMANDS, confirmation_text
from engine.kernel.clock import ManualClock
from engine.kernel.timestamps import MICROS_PER_HOUR
from storage.agent_records import AlertRecord, ApprovalRecord, CaseRecord
from storage.command_inbox import Command
from storage.stores import Stores
from tests.engine import small_market, small_workspace
from tests.engine.small_market import MARKET
from tests.engine.small_workspace import NEW, OLD

CONFIG = small_market.settings()
TS = small_workspace.bar_at(900).known_ts


class Desk:
    """A workspace whose commands are answered at once."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.clock = ManualClock(TS)
        self.runner = MarketRunner(stores, CONFIG, self.clock, epoch=1)
        self.processor = CommandProcessor(stores, MARKET)
        register_handlers(self.processor, stores, CONFIG, self.runner)
        self.keeper = StateKeeper(stores, MARKET)
        self.sent = 0

    def send(self, kind: str, *, subject: str = "", **args: Any) -> Command:
        """Send a command with what has to be typed for it."""
        text = confirmation_text(kind, args, market=MARKET, state_seq=self.stores.state.state_seq(), subject=subject)
        return self.send_plain(kind, **({"confirm": text} if text else {}), **args)

    def send_plain(self, kind: str, **args: Any) -> Command:
        """Send a command as it is."""
        self.sent += 1
        id = f"cmd-{self.sent}"
        self.stores.commands.submit(Command(id, kind, args, "me", 1))
        self.processor.process_pending(self.clock.now_ts(), 1)
        answer = self.stores.commands.get(id)
        assert answer is not None and answer.status != "pending"
        return answer

    def accepted(self, kind: str, *, subject: str = "", **args: Any) -> dict[str, Any]:
        answer = self.send(kind, subject=subject, **args)
        assert answer.status == "accepted", answer.reason
        return dict(answer.result or {})

    def refused(self, kind: str, **args: Any) -> str:
        before = (self.stores.state.state_seq(), self.stores.registry.champion_id(MARKET))
        answer = self.send_plain(kind, **args)
        assert answer.status == "refused"
        assert (self.stores.state.state_seq(), self.stores.registry.champion_id(MARKET)) == before
        return str(answer.reason)

    def last(self, kind: str) -> dict[str, Any]:
        return dict(self.stores.events.read(kinds=[kind])[-1].payload)

    def ask(self, subject: str = NEW) -> ApprovalRecord:
        """A case that waits for a word on promoting `subject`."""
        case = CaseRecord(
            "case-1", MARKET, 1, 1, "awaiting_approval", cause="concept_drift", candidate_id=subject,
            approval_id="apr-1", data={"next": 1, "trials": 1},
        )  # fmt: skip
        record = ApprovalRecord(
            "apr-1", MARKET, "promote", subject, 1, TS, TS + MICROS_PER_HOUR, {}, {}, case_id="case-1"
        )
        self.stores.agent.cases.upsert(case)
        self.stores.agent.approvals.upsert(record)
        return record

    def alert(self, alert_id: str) -> None:
        self.stores.agent.alerts.upsert(
            AlertRecord(alert_id, MARKET, "edge_lost", "WARNING", "champion", "lost", {}, "open", 1, 1)
        )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Stores.open(tmp_path / "workspace") as stores:
        small_workspace.crown(stores, OLD)
        small_workspace.register(stores, NEW)
        subject = Desk(stores)
        subject.keeper.begin(1)
        yield subject


def test_every_command_of_the_list_has_a_handler(desk: Desk) -> None:
    assert desk.processor.kinds == set(COMMANDS)


def test_halt_works_in_every_state_and_again(desk: Desk) -> None:
    for _ in range(2):
        assert desk.accepted("halt", reason="smoke")["halted"] is True
        assert desk.keeper.is_halted() and desk.last("halt.set")["reason"] == "smoke"
    desk.accepted("lockdown", reason="fire")
    assert desk.accepted("halt")["state"] == "LOCKDOWN", "the stricter state stays"
    desk.stores.db.execute("UPDATE state SET value = '{broken' WHERE key = 'operational_state'")
    assert desk.accepted("halt")["halted"] is True
    desk.clock.advance_to(TS + 10**12)
    id = "cmd-late"
    desk.stores.commands.submit(Command(id, "halt", {}, "me", 1, expected_state_seq=0, expires_ts=0))
    desk.processor.process_pending(TS, 10**18)
    late = desk.stores.commands.get(id)
    assert late is not None and late.status == "accepted", "it never comes too late"


def test_resume_needs_the_markets_name_and_a_reason(desk: Desk) -> None:
    desk.accepted("halt")
    desk.stores.paths.halt_file.write_text("halt")
    assert MARKET in desk.refused("resume", reason="calm")
    assert "reason" in desk.refused("resume", confirm=MARKET)
    assert desk.keeper.is_halted()
    assert desk.accepted("resume", reason="calm")["state"] == "RUNNING"
    assert not desk.keeper.is_halted() and not desk.stores.paths.halt_file.exists()
    assert desk.last("halt.cleared") == {"reason": "calm", "actor": "me"}


def test_lockdown_flatten_and_the_slow_way_back(desk: Desk) -> None:
    assert f"LOCKDOWN {MARKET}" in desk.refused("lockdown", reason="fire")
    assert f"FLATTEN {MARKET}" in desk.refused("flatten", reason="fire", confirm=f"LOCKDOWN {MARKET}")
    assert desk.accepted("flatten", reason="fire")["state"] == "LOCKDOWN"
    assert "fire" in desk.last("state.changed")["reason"]
    assert "minutes" in str(desk.send("unlock", reason="over").reason), "the cool-down"
    assert "LOCKDOWN" in str(desk.send("resume", reason="over").reason), "never straight to RUNNING"
    desk.clock.advance_to(TS + MICROS_PER_HOUR)
    assert "UNLOCK" in desk.refused("unlock", reason="over", confirm=f"UNLOCK {MARKET} 0")
    assert desk.accepted("unlock", reason="over")["state"] == "HALTED"


def test_approve_promotes_with_the_subject_typed(desk: Desk) -> None:
    request = desk.ask()
    assert NEW in desk.refused("approve", approval_id="apr-1", reason="right", confirm="yes")
    assert "no request" in desk.refused("approve", approval_id="apr-2", reason="right")
    assert "reason" in desk.refused("approve", approval_id="apr-1", confirm=NEW)
    answer = desk.accepted("approve", approval_id="apr-1", reason="right", subject=request.subject)
    assert (answer["model_id"], answer["previous_model_id"]) == (NEW, OLD)
    assert desk.stores.registry.champion_id(MARKET) == NEW
    assert desk.last("model.promoted")["approval_id"] == "apr-1"
    assert "already" in desk.refused("approve", approval_id="apr-1", reason="right", confirm=NEW)


def test_reject_buries_and_needs_nothing_typed(desk: Desk) -> None:
    desk.ask()
    assert desk.accepted("reject", approval_id="apr-1")["subject"] == NEW
    assert desk.stores.agent.cases.require("case-1").outcome == "rejected"
    assert desk.stores.registry.get(NEW).status == "graveyard"
    assert desk.last("approval.decided")["decision"] == "rejected"


def test_defer_only_notes_it(desk: Desk) -> None:
    desk.ask()
    before = desk.stores.state.state_seq()
    assert desk.accepted("defer", approval_id="apr-1", hours=2.0)["hours"] == 2.0
    assert desk.stores.agent.approvals.require("apr-1").status == "open"
    assert desk.stores.state.state_seq() == before
    desk.accepted("reject", approval_id="apr-1")
    assert "rejected already" in desk.refused("defer", approval_id="apr-1")


def test_promote_and_roll_back(desk: Desk) -> None:
    assert NEW in desk.refused("promote", model_id=NEW, reason="mine")
    assert desk.accepted("promote", model_id=NEW, reason="mine")["previous_model_id"] == OLD
    assert desk.accepted("rollback", reason="worse") == {"model_id": OLD, "previous_model_id": NEW}
    assert desk.last("model.rolled_back")["actor"] == "me"
    assert "roll back" in desk.refused("rollback")
    assert "no model" in desk.refused("promote", model_id="ridge-none", reason="x", confirm="ridge-none")


def test_retire_buries_a_candidate_and_ends_its_case_but_never_the_champion(desk: Desk) -> None:
    desk.ask()
    desk.accepted("retire", model_id=NEW, reason="ugly")
    assert desk.stores.registry.get(NEW).status == "graveyard"
    assert desk.stores.agent.cases.require("case-1").outcome == "rejected"
    assert "champion" in desk.refused("retire", model_id=OLD)


def test_alerts_are_acknowledged_one_or_all(desk: Desk) -> None:
    for name in ("alert-1", "alert-2", "alert-3"):
        desk.alert(name)
    assert desk.accepted("ack_alert", alert_id="alert-2") == {"acknowledged": 1}
    assert desk.last("alert.acknowledged") == {"alert_id": "alert-2", "actor": "me"}
    assert desk.accepted("ack_all") == {"acknowledged": 2}
    assert {item.status for item in desk.stores.agent.alerts.list()} == {"acknowledged"}
    assert "alert-9" in desk.refused("ack_alert", alert_id="alert-9")


def test_autonomy_changes_with_a_reason(desk: Desk) -> None:
    assert desk.accepted("set_autonomy", level="autonomous", reason="holiday") == {
        "old": "semi-auto", "new": "autonomous",
    }  # fmt: skip
    assert present_level(desk.stores, CONFIG) == "autonomous"
    assert desk.last("autonomy.changed")["new"] == "autonomous"
    assert "level" in desk.refused("set_autonomy", level="full", reason="x")
    assert "reason" in desk.refused("set_autonomy", level="lockdown")


def test_limits_go_down_at_once_and_up_only_when_typed_and_never_above_the_settings(desk: Desk) -> None:
    assert desk.accepted("set_limit", limit="max_position_lots", value=10) == {
        "limit": "max_position_lots", "old": 50.0, "new": 10.0,
    }  # fmt: skip
    assert desk.keeper.limit_overrides() == {"max_position_lots": 10.0}
    assert "type '20'" in desk.refused("set_limit", limit="max_position_lots", value=20)
    assert "reason" in desk.refused("set_limit", limit="max_position_lots", value=20, confirm="20")
    assert desk.accepted("set_limit", limit="position", value=20, reason="calm")["new"] == 20.0
    assert desk.last("limit.changed") == {
        "limit": "max_position_lots", "old": 10.0, "new": 20.0, "actor": "me", "reason": "calm",
    }  # fmt: skip
    for value in (0, -1, 51):
        assert "configured 50" in desk.refused("set_limit", limit="max_position_lots", value=value)
    assert "whole number" in desk.refused("set_limit", limit="max_position_lots", value=2.5)
    assert "no limit that may change" in desk.refused("set_limit", limit="kelly_fraction", value=0.001)


def test_the_agent_is_paused_and_goes_on(desk: Desk) -> None:
    assert desk.accepted("pause_agent", reason="lunch") == {"paused": True}
    assert desk.stores.state.get("agent_paused")["paused"] is True  # type: ignore[index]
    assert desk.accepted("resume_agent") == {"paused": False}
    assert desk.last("pause.changed")["paused"] is False


def test_an_operators_experiment_opens_a_case_and_one_that_does_not_run_cannot_be_killed(desk: Desk) -> None:
    answer = desk.accepted("run_experiment", mutation_type="retrain", parameters={"training": {"from_ts": 5}})
    case = desk.stores.agent.cases.require(answer["case_id"])
    assert (case.stage, case.data["manual"]["source"]) == ("diagnosed", "me")
    assert "does not run" in desk.refused("kill_experiment", experiment_id="exp-1")
    assert "no target 'nonsense'" in desk.refused("run_experiment", mutation_type="retrain", target="nonsense")


def test_files_are_loaded_once_and_a_bad_one_is_told(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("this is no market data\n")
    answer = desk.send("ingest", paths=[str(path)])
    assert answer.status in ("accepted", "refused")
    assert "notes.txt" in str(answer.reason or answer.result)


@pytest.mark.parametrize(
    ("kind", "args"),
    [
        ("set_limit", {"limit": "max_position_lots"}),
        ("set_limit", {"limit": "max_position_lots", "value": "many"}),
        ("set_limit", {"limit": "max_position_lots", "value": "nan"}),
        ("defer", {"approval_id": "apr-1", "hours": "soon"}),
        ("ingest", {}),
        ("ingest", {"paths": "all"}),
        ("reject", {"approval_id": "apr-1", "colour": "red"}),
        ("run_experiment", {"mutation_type": "retrain", "parameters": "all"}),
        ("run_experiment", {"mutation_type": "bogus_mutation"}),
        ("run_experiment", {"mutation_type": "trade_slower", "parameters": {"adjustments": {"trading_rate": 7}}}),
    ],
)
def test_malformed_arguments_are_refused_and_the_next_command_still_works(
    desk: Desk, kind: str, args: dict[str, Any]
) -> None:
    """The inbox takes commands of any process; one that nobody checked must not stop the engine."""
    desk.ask()
    desk.refused(kind, **args)
    assert desk.accepted("halt")["halted"] is True
