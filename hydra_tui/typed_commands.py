"""What one types after ":": the same words as the command line, read against the action registry."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.host.operations.action_registry import ACTIONS, ActionSpec
from engine.kernel.errors import InputError

_POSITIONAL = {
    "approve": ("approval_id",), "reject": ("approval_id",), "defer": ("approval_id",), "promote": ("model_id",),
    "retire": ("model_id",), "ack_alert": ("alert_id",), "set_limit": ("limit", "value"), "set_autonomy": ("level",),
    "run_experiment": ("mutation_type",), "kill_experiment": ("experiment_id",), "ingest": ("paths",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TypedCommand:
    """An action with its arguments, and a filter for the screen it goes to (`:models /ens`)."""

    action: ActionSpec
    args: Mapping[str, Any] = field(default_factory=dict)
    filter_text: str = ""


def completions() -> list[str]:
    """Every word sequence that the command line knows, screens first."""
    words = [action.typed for action in ACTIONS if action.typed]
    words += [action.cli_verb for action in ACTIONS if action.command_kind and action.cli_verb not in words]
    return list(dict.fromkeys(words))


def parse(text: str) -> TypedCommand:
    """The command in `text`; InputError says what is not understood and names the nearest word."""
    try:
        parts = shlex.split(text.strip().removeprefix(":"))
    except ValueError as error:
        raise InputError(f"'{text}' has an open quote") from error
    if not parts:
        raise InputError("type a command, for example: models, halt, rollback, limit max_drawdown 0.1")
    action, used = _longest_match(parts)
    rest = parts[used:]
    if rest and rest[0].startswith("/") and action.name.startswith("screen_"):
        return TypedCommand(action, {}, " ".join(rest).removeprefix("/"))
    return TypedCommand(action, _arguments(action, rest))


def _longest_match(parts: list[str]) -> tuple[ActionSpec, int]:
    best: tuple[ActionSpec, int] | None = None
    for action in ACTIONS:
        forms = [action.typed.split()] + ([action.cli_verb.split()] if action.command_kind else [])
        for form in forms:
            if form and parts[: len(form)] == form and (best is None or len(form) > best[1]):
                best = (action, len(form))
    if best is not None:
        return best
    if parts[0] == "q":
        return next(action for action in ACTIONS if action.name == "quit"), 1
    import difflib

    close = difflib.get_close_matches(parts[0], completions(), n=1)
    raise InputError(
        f"there is no command '{parts[0]}'" + (f"; did you mean '{close[0]}'?" if close else "; ? lists them")
    )


def _arguments(action: ActionSpec, rest: list[str]) -> dict[str, Any]:
    args: dict[str, Any] = {}
    names = _POSITIONAL.get(action.command_kind or "", ())
    position = 0
    index = 0
    while index < len(rest):
        word = rest[index]
        if word == "--reason" and index + 1 < len(rest):
            args["reason"] = rest[index + 1]
            index += 2
            continue
        if word == "--confirm":
            raise InputError("the app asks for the confirmation itself; leave --confirm out")
        if position >= len(names):
            raise InputError(f"'{action.typed}' takes no '{word}'" + (f"; it takes {' '.join(names)}" if names else ""))
        if names[position] == "paths":
            args["paths"] = [*args.get("paths", []), word]
        else:
            args[names[position]] = word
            position += 1
        index += 1
    return args
