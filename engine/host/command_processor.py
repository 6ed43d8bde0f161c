"""The command inbox's other end: accepts or refuses each command exactly once, with a reason.

A command that raises risk and names an older state number than the present one, or has expired, is refused. One that
lowers risk (halt, reject, flatten, lower a limit, acknowledge) ignores both: getting safer never waits.

A handler that fails in a way nobody foresaw may have left the engine's memory out of step with its store. Unknown means
stop: the command is settled as refused with the fault, an alert says so, and trading is HALTED; the engine stays up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from engine.agent.alert_desk import AlertDesk
from engine.execution.state_keeper import StateKeeper
from engine.kernel.canonical import canonical_json
from engine.kernel.crashpoints import crashpoint
from engine.kernel.errors import HydraError, RefusedError
from engine.kernel.identifiers import derived_id

if TYPE_CHECKING:
    from storage.command_inbox import Command
    from storage.stores import Stores

FAULT_CODE: Final = "command.fault"
_log = logging.getLogger(__name__)
Handler = Callable[[Mapping[str, Any], str, int], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class CommandRule:
    """One kind of command: its handler `(args, actor, now_ts) -> result` and whether it can raise risk."""

    kind: str
    handler: Handler
    raises_risk: bool
    transactional: bool = True


class CommandProcessor:
    """Applies pending commands in order of creation. The effect, the settlement and the event share one transaction."""

    def __init__(self, stores: Stores, market: str) -> None:
        self._stores = stores
        self._market = market
        self._rules: dict[str, CommandRule] = {}

    def register(self, rule: CommandRule) -> None:
        """Add a kind of command; a kind registered twice is a programming error."""
        if rule.kind in self._rules:
            raise ValueError(f"command kind {rule.kind} is registered twice")
        self._rules[rule.kind] = rule

    @property
    def kinds(self) -> frozenset[str]:
        """Every kind of command that is understood."""
        return frozenset(self._rules)

    def process_pending(self, now_ts: int, wall_ts: int) -> int:
        """Settle every pending command; returns how many. `now_ts` is the engine's (market) time; `wall_ts` the
        machine's, in which operators' commands carry their expiry."""
        commands = self._stores.commands.pending(64)
        for command in commands:
            self._settle(command, now_ts, wall_ts)
        return len(commands)

    def _settle(self, command: Command, now_ts: int, wall_ts: int) -> None:
        refusal = self._reason_to_refuse(command, wall_ts)
        if refusal is not None:
            self._refuse(command, refusal, now_ts)
            return
        rule = self._rules[command.kind]
        try:
            prepared = None if rule.transactional else rule.handler(command.args, command.actor, now_ts)
            with self._stores.db.transaction():
                result = rule.handler(command.args, command.actor, now_ts) if prepared is None else prepared
                event = self._stores.events.append(
                    "command.accepted",
                    command.id,
                    {
                        "command_id": command.id,
                        "kind": command.kind,
                        "actor": command.actor,
                        "args": dict(command.args),
                        "result": result,
                    },
                    ts=now_ts,
                    market=self._market,
                )
                self._stores.commands.settle(command.id, "accepted", "", result, now_ts, event.seq)
                crashpoint("command.before_commit")
            crashpoint("command.after_commit")
        except HydraError as error:
            self._refuse(command, error.message, now_ts)
        except Exception as error:
            _log.exception("command %s (%s) failed", command.id, command.kind)
            self._fail(command, f"{type(error).__name__}: {error}", now_ts)

    def _fail(self, command: Command, fault: str, now_ts: int) -> None:
        """Settle a command whose handler broke, tell the operator, and halt; the HALT file where even that breaks."""
        message = f"the command '{command.kind}' failed inside the engine ({fault}); restart the engine, then resume"
        try:
            with self._stores.db.transaction():
                self._refuse(command, f"{message}; trading is HALTED", now_ts)
                self._raise_alert(command, message, fault, now_ts)
                StateKeeper(self._stores, self._market).halt(reason=message, actor="engine", ts=now_ts)
        except Exception:
            from engine.host.operations.commands import write_halt_file

            _log.exception("command %s: the halt after its failure failed too", command.id)
            write_halt_file(self._stores.paths, message, now_ts)
            self._refuse(command, f"{message}; the HALT file stands", now_ts)

    def _raise_alert(self, command: Command, message: str, fault: str, now_ts: int) -> None:
        alert_id = derived_id("alert", self._market, FAULT_CODE, command.id, now_ts)
        evidence = {"command_id": command.id, "kind": command.kind, "fault": fault}
        AlertDesk(self._stores, self._market).raise_alert(
            alert_id, FAULT_CODE, "CRITICAL", command.kind, message, evidence, now_ts
        )

    def _reason_to_refuse(self, command: Command, wall_ts: int) -> str | None:
        rule = self._rules.get(command.kind)
        if rule is None:
            return f"this engine does not know the command '{command.kind}'"
        if not rule.raises_risk:
            return None
        if command.expires_ts is not None and command.expires_ts <= wall_ts:
            return "the command expired before the engine saw it; look at the present state and decide again"
        present = self._stores.state.state_seq()
        if command.expected_state_seq is not None and command.expected_state_seq != present:
            return (
                f"the state moved from #{command.expected_state_seq} to #{present} since you looked; "
                "look again and decide again"
            )
        return None

    def _refuse(self, command: Command, reason: str, now_ts: int) -> None:
        with self._stores.db.transaction():
            event = self._stores.events.append(
                "command.refused",
                command.id,
                {
                    "command_id": command.id,
                    "kind": command.kind,
                    "actor": command.actor,
                    "reason": reason,
                    "args": _plain(command.args),
                },
                ts=now_ts,
                market=self._market,
            )
            self._stores.commands.settle(command.id, "refused", reason, None, now_ts, event.seq)


def _plain(args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the event log can hold them; what another process wrote past the inbox's checks is dropped."""
    try:
        canonical_json(dict(args))
    except (TypeError, ValueError):
        return {}
    return dict(args)


def require_text(args: Mapping[str, Any], name: str, what: str) -> str:
    """A non-empty text argument, else RefusedError saying what is missing."""
    value = args.get(name)
    if not isinstance(value, str) or not value.strip():
        raise RefusedError(f"{what} is missing; give {name}")
    return value.strip()
