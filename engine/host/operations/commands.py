"""What an operator may ask of the engine: every command kind once, with its friction, its arguments and its words.

Getting safer is fast, getting riskier is slow. `tier` says how slow: 0 reads, 1 safer (one key and another), 2 neutral
(a dialog), 3 riskier (typed id, reason, state number re-checked), 4 exceptional (typed phrase, reason, checklist).
The engine ignores the state number and the expiry of a command that does not raise risk.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from engine.host.operations.snapshot_types import SILENT_AFTER_US
from engine.kernel.errors import EngineUnavailableError, HydraError, InputError, StoreError
from engine.kernel.identifiers import fresh_id
from engine.kernel.timestamps import MICROS_PER_SECOND, to_iso

if TYPE_CHECKING:
    from engine.kernel.workspace_paths import WorkspacePaths
    from storage.command_inbox import Command, CommandInbox
    from storage.database import Database

COMMAND_VALID_US: Final = 60 * MICROS_PER_SECOND
AUTONOMY_LEVELS: Final = ("lockdown", "supervised", "semi-auto", "autonomous")
_POLL_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One kind of command.

    `required` and `optional` name the arguments; `confirmation` is a template of what the operator types in full
    (placeholders: arguments, `market`, `state_seq`, `subject`), empty where nothing is typed. `verb` is what follows
    `hydra` on the command line and `:` in the app.
    """

    kind: str
    tier: int
    raises_risk: bool
    verb: str
    doc: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ("reason",)
    confirmation: str = ""


COMMANDS: Final[Mapping[str, CommandSpec]] = {
    spec.kind: spec
    for spec in (
        CommandSpec("halt", 1, False, "halt", "Stop all new orders at once; positions are kept."),
        CommandSpec("resume", 3, True, "resume", "Leave HALTED for RUNNING and remove the HALT file.",
                    ("reason",), ("confirm",), "{market}"),
        CommandSpec("unlock", 4, True, "unlock", "Leave LOCKDOWN for HALTED, never straight to RUNNING.",
                    ("reason",), ("confirm", "champion"), "UNLOCK {market} {state_seq}"),
        CommandSpec("lockdown", 4, False, "lockdown", "Enter LOCKDOWN on purpose: cancel, flatten, refuse the rest.",
                    ("reason",), ("confirm",), "LOCKDOWN {market}"),
        CommandSpec("flatten", 4, False, "flatten", "Close the position over the reduce-only path; stay halted.",
                    ("reason",), ("confirm",), "FLATTEN {market}"),
        CommandSpec("approve", 3, True, "approve", "Approve a waiting request.",
                    ("approval_id", "reason"), ("confirm",), "{subject}"),
        CommandSpec("reject", 1, False, "reject", "Reject a waiting request.", ("approval_id",)),
        CommandSpec("defer", 1, False, "defer", "Look at a waiting request later; it keeps waiting and may expire.",
                    ("approval_id",), ("reason", "hours")),
        CommandSpec("rollback", 2, False, "model rollback", "Put the previous champion back in charge, at once."),
        CommandSpec("promote", 3, True, "model promote", "Put a model in charge by the operator's own decision.",
                    ("model_id", "reason"), ("confirm",), "{model_id}"),
        CommandSpec("retire", 1, False, "model retire", "Send a candidate to the graveyard.", ("model_id",)),
        CommandSpec("ack_alert", 1, False, "ack", "Say that you have seen an alert; its condition stays watched.",
                    ("alert_id",)),
        CommandSpec("ack_all", 1, False, "ack --all", "Acknowledge every open alert.", ()),
        CommandSpec("set_autonomy", 3, True, "autonomy", "Set how much the agent may do alone.",
                    ("level", "reason"), ("confirm",), "{level}"),
        CommandSpec("set_limit", 3, True, "limit", "Change a risk limit; lowering is fast, raising is typed out.",
                    ("limit", "value"), ("reason", "confirm"), "{value}"),
        CommandSpec("pause_agent", 1, False, "pause", "Pause the agent: it watches and alerts, but proposes nothing."),
        CommandSpec("resume_agent", 2, True, "pause --off", "Let the agent propose and test again."),
        CommandSpec("run_experiment", 2, False, "experiment run", "Start an experiment of the playbook.",
                    ("mutation_type",), ("target", "parameters", "case_id", "reason")),
        CommandSpec("kill_experiment", 1, False, "experiment kill", "Kill a running experiment with its process group.",
                    ("experiment_id",)),
        CommandSpec("ingest", 1, False, "ingest", "Load files into the lake; loading twice adds nothing.", ("paths",),
                    ("reason", "by_content")),
    )
}  # fmt: skip


class CommandStores(Protocol):
    """What is needed to send a command: `storage.stores.Stores` has it, and so does the app's bridge."""

    @property
    def paths(self) -> WorkspacePaths:
        """Where the HALT file lies."""
        ...

    @property
    def db(self) -> Database:
        """Where the heartbeats are."""
        ...

    @property
    def commands(self) -> CommandInbox:
        """The inbox."""
        ...


def build_command(kind: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a command, checked: InputError names an unknown kind, a missing or an unknown argument."""
    spec = COMMANDS.get(kind)
    if spec is None:
        raise InputError(f"there is no command '{kind}'; known: {', '.join(sorted(COMMANDS))}")
    missing = [name for name in spec.required if args.get(name) in (None, "", [], ())]
    unknown = sorted(set(args) - set(spec.required) - set(spec.optional))
    if missing or unknown:
        wrong = [f"missing {', '.join(missing)}"] * bool(missing) + [f"unknown {', '.join(unknown)}"] * bool(unknown)
        raise InputError(f"{spec.verb}: {'; '.join(wrong)}")
    built = dict(args)
    if kind == "set_autonomy" and built["level"] not in AUTONOMY_LEVELS:
        raise InputError(f"autonomy: '{built['level']}' is not a level; choose {', '.join(AUTONOMY_LEVELS)}")
    if not isinstance(built.get("parameters", {}), Mapping) or not isinstance(built.get("paths", []), (list, tuple)):
        raise InputError(f"{spec.verb}: parameters come as a mapping, paths as a list")
    if kind == "run_experiment":
        from engine.agent.manual_change import check_manual_change

        check_manual_change(built["mutation_type"], built.get("parameters") or {})
    for name in {"set_limit": ("value",), "defer": ("hours",)}.get(kind, ()):
        if name in built:
            built[name] = _number(spec.verb, name, built[name])
    return built


def friction(kind: str, args: Mapping[str, Any], present: Mapping[str, Any] | None = None) -> tuple[int, bool]:
    """(tier, raises risk) of one concrete command. `present` holds what it would change: {"level": ...} for
    set_autonomy, {"value": ...} for set_limit; a limit or level that goes down is tier 1, an unknown present one is
    treated as if the change raised risk."""
    spec = COMMANDS[kind]
    before = present or {}
    if kind == "set_autonomy" and before.get("level") in AUTONOMY_LEVELS:
        lower = AUTONOMY_LEVELS.index(args["level"]) <= AUTONOMY_LEVELS.index(before["level"])
        return (1, False) if lower else (spec.tier, True)
    if kind == "set_limit" and before.get("value") is not None:
        return (1, False) if float(args["value"]) <= float(before["value"]) else (spec.tier, True)
    return spec.tier, spec.raises_risk


def confirmation_text(kind: str, args: Mapping[str, Any], *, market: str, state_seq: int, subject: str = "") -> str:
    """What the operator has to type for this command, in full; empty where nothing is typed."""
    values = {name: f"{value:.12g}" if isinstance(value, float) else value for name, value in args.items()}
    values |= {"market": market, "state_seq": state_seq, "subject": subject}
    return COMMANDS[kind].confirmation.format_map(values)


def inverse_of(kind: str, args: Mapping[str, Any], result: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The command that takes an accepted one back, or None where nothing does (an acknowledgement, a decision)."""
    if kind == "pause_agent":
        return "resume_agent", {}
    if kind == "resume_agent":
        return "pause_agent", {}
    if kind == "set_autonomy" and result.get("old") in AUTONOMY_LEVELS:
        return "set_autonomy", {"level": result["old"]}
    if kind == "set_limit" and result.get("old") is not None:
        return "set_limit", {"limit": args["limit"], "value": result["old"]}
    if kind == "rollback" and result.get("previous_model_id"):
        return "promote", {"model_id": result["previous_model_id"]}
    if kind in ("promote", "approve") and result.get("model_id"):
        return "rollback", {}
    if kind == "halt":
        return "resume", {}
    return None


def submit_command(
    stores: CommandStores,
    kind: str,
    args: Mapping[str, Any],
    actor: str,
    expected_state_seq: int | None,
    created_ts: int,
) -> str:
    """Put a checked command into the inbox and return its id. `created_ts` is the machine's clock; the command is
    valid for 60 s. A halt also writes the HALT file where no engine has beaten for 3 s or the inbox cannot be
    written, since the kill switch must work with a dead engine. Raises InputError, StoreError."""
    from storage.command_inbox import Command

    built = build_command(kind, args)
    if kind == "halt" and not _engine_beats(stores, created_ts):
        write_halt_file(stores.paths, str(built.get("reason") or actor), created_ts)
    command = Command(
        id=fresh_id("cmd"),
        kind=kind,
        args=built,
        actor=actor,
        expected_state_seq=expected_state_seq,
        created_ts=created_ts,
        expires_ts=created_ts + COMMAND_VALID_US,
    )
    try:
        stores.commands.submit(command)
    except HydraError:
        if kind == "halt":
            write_halt_file(stores.paths, str(built.get("reason") or actor), created_ts)
        raise
    return command.id


def await_command(stores: CommandStores, command_id: str, timeout: float) -> Command:
    """The command once it is accepted or refused; EngineUnavailableError after `timeout` seconds without either."""
    deadline = time.monotonic() + timeout
    while True:
        command = stores.commands.get(command_id)
        if command is not None and command.status != "pending":
            return command
        if time.monotonic() >= deadline:
            raise EngineUnavailableError(
                f"the engine did not answer within {timeout:g} s; the command {command_id} stays in its inbox"
            )
        time.sleep(_POLL_SECONDS)


def write_halt_file(paths: WorkspacePaths, reason: str, now_ts: int) -> None:
    """Make the file whose mere existence halts; an existing one keeps its first reason."""
    try:
        with paths.halt_file.open("x", encoding="utf-8") as file:
            file.write(f"{to_iso(now_ts)} {reason}\n")
    except FileExistsError:
        return
    except OSError as error:
        raise StoreError(
            f"cannot write {paths.halt_file}: {error.strerror}; stop the engine's process instead"
        ) from error


def _engine_beats(stores: CommandStores, now_ts: int) -> bool:
    try:
        rows = stores.db.query("SELECT ts FROM heartbeats WHERE name = 'engine'")
    except HydraError:
        return False
    return bool(rows) and now_ts - int(rows[0]["ts"]) <= SILENT_AFTER_US


def _number(verb: str, name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{verb}: {name} must be a number, was '{value}'") from error
    if not math.isfinite(number):
        raise InputError(f"{verb}: {name} must be a finite number, was '{value}'")
    return number
