"""What must hold in a workspace however often its engine was killed."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from storage.stores import Stores

# From most to least permissive. UNKNOWN permits nothing.
PERMISSIVENESS = ("RUNNING", "DEGRADED", "HALTED", "LOCKDOWN", "UNKNOWN")
EFFECT_OF = {
    "pause_agent": "pause.changed",
    "resume_agent": "pause.changed",
    "set_limit": "limit.changed",
    "ack_all": "alert.acknowledged",
    "halt": "halt.set",
    "resume": "halt.cleared",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A command as the test sent it; every one has an actor of its own, by which its effect is found."""

    command_id: str
    kind: str
    actor: str
    args: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Permissions:
    """What the stored rows permit at one moment."""

    state: str
    halted: bool
    agent_paused: bool
    autonomy: str
    limits: dict[str, float]
    size_multiplier: float


def permissions(stores: Stores, market: str) -> Permissions:
    """Read from the database alone, as a new process would."""

    def row(key: str) -> dict[str, Any]:
        value = stores.state.get(key)
        return value if isinstance(value, dict) else {}

    safe_act = row(f"safe_act:{market}")
    return Permissions(
        str(row("operational_state").get("state", "UNKNOWN")),
        row("halt").get("halted") is not False or stores.gate.halt_file_exists(),
        bool(row("agent_paused").get("paused", False)),
        str(row("autonomy").get("level", "as configured")),
        {name: float(value) for name, value in row("limits").items()},
        float(safe_act["size_multiplier"]) if safe_act.get("active") else 1.0,
    )


def check_commands(stores: Stores, sent: list[Sent]) -> None:
    """Every command settled exactly once, with one event and one effect if accepted, none if refused; none unknown."""
    rows = {row["id"]: row for row in stores.db.query("SELECT * FROM commands")}
    assert set(rows) == {item.command_id for item in sent}, "commands were lost or invented"
    events = stores.events.read()
    answers = {event.subject: event for event in events if event.kind in ("command.accepted", "command.refused")}
    assert Counter(event.subject for event in events if event.kind.startswith("command.")) == Counter(list(rows)), (
        "a command was answered twice or never"
    )
    effects = Counter((event.kind, str(event.payload.get("actor", ""))) for event in events)
    for item in sent:
        row = rows[item.command_id]
        assert row["status"] in ("accepted", "refused"), f"{item} is {row['status']}"
        assert answers[item.command_id].kind == f"command.{row['status']}"
        assert answers[item.command_id].seq == row["settled_seq"]
        happened = effects[(EFFECT_OF[item.kind], item.actor)]
        wanted = 0
        if row["status"] == "accepted":
            wanted = json.loads(row["result"])["acknowledged"] if item.kind == "ack_all" else 1
        assert happened == wanted, f"{item} was {row['status']} and took effect {happened} times, not {wanted}"
    _check_last_effects(stores, events)


def _check_last_effects(stores: Stores, events: list[Any]) -> None:
    """The stored rows are what the last event of their kind says."""
    pauses = [event.payload["paused"] for event in events if event.kind == "pause.changed"]
    if pauses:
        assert stores.state.get("agent_paused")["paused"] is pauses[-1]
    limits = {event.payload["limit"]: event.payload["new"] for event in events if event.kind == "limit.changed"}
    assert (stores.state.get("limits") or {}) == limits
    halts = [event.kind == "halt.set" for event in events if event.kind in ("halt.set", "halt.cleared")]
    if halts:
        assert stores.state.get("halt")["halted"] is halts[-1]


def check_states(stores: Stores) -> None:
    """The chain of states has no gap, leaves HALTED only by a resume, and nothing but risk-lowering orders in it."""
    state, cleared = "UNKNOWN", False
    for event in stores.events.read():
        if event.kind == "state.changed":
            assert event.payload["old"] == state, f"#{event.seq}: {event.payload['old']} follows {state}"
            if state in ("HALTED", "LOCKDOWN") and event.payload["new"] in ("RUNNING", "DEGRADED"):
                assert cleared, f"#{event.seq} leaves {state} without an operator"
            state = event.payload["new"]
        elif event.kind == "order.created" and state in ("HALTED", "UNKNOWN"):
            assert event.payload.get("reduce_only"), f"#{event.seq}: an order was made while {state}"
        cleared = event.kind == "halt.cleared"
    assert (stores.state.get("operational_state") or {}).get("state", "UNKNOWN") == state


def check_nothing_was_freed(before: Permissions, after: Permissions, stores: Stores, after_seq: int, what: str) -> None:
    """Whatever `after` permits that `before` refused was freed by an event in between, never by starting again."""
    events = stores.events.read(after_seq=after_seq)
    kinds = {event.kind for event in events}
    freed_limits = {event.payload["limit"] for event in events if event.kind == "limit.changed"}
    freed = []
    if PERMISSIVENESS.index(after.state) < PERMISSIVENESS.index(before.state) and "state.changed" not in kinds:
        freed.append("state")
    # The first state of a workspace is entered once, from UNKNOWN, with its own event.
    if before.halted and before.state != "UNKNOWN" and not after.halted and "halt.cleared" not in kinds:
        freed.append("halt")
    if before.agent_paused and not after.agent_paused and "pause.changed" not in kinds:
        freed.append("pause")
    if before.autonomy != after.autonomy:
        freed.append("autonomy")
    if after.size_multiplier > before.size_multiplier and "safe_act.reverted" not in kinds:
        freed.append("size")
    freed += [
        name
        for name, value in before.limits.items()
        if after.limits.get(name, 1e99) > value and name not in freed_limits
    ]
    assert not freed, f"{what}: {freed} freed without an event: {before} -> {after}"


def check_experiments(stores: Stores) -> None:
    """No experiment is said to run once its engine is gone."""
    running = stores.db.query("SELECT experiment_id FROM experiments WHERE status = 'running'")
    assert not running, f"experiments of dead engines still count as running: {[row[0] for row in running]}"
