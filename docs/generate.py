"""Writes docs/events.md, docs/commands.md and docs/settings.md from the registries that the program itself obeys.

`make docs` writes them, `python docs/generate.py --check` exits 1 where one is stale. Nothing here knows an event, a
command or a setting by name, so a new one is documented by existing, or the test of these pages fails.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import annotated_types
import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from engine.host.operations.action_registry import ACTIONS, ActionSpec
from engine.host.operations.commands import COMMANDS, CommandSpec
from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import ENVIRONMENT_PREFIX, known_markets, load_config
from engine.kernel.errors import HydraError
from engine.kernel.events import EVENT_KINDS
from hydra_tui.command_line import VERBS, hydra

FOLDER = Path(__file__).parent
NOTE = "<!-- Written by docs/generate.py (make docs) from {source}. Do not edit. -->"
TIERS = {
    0: "reads",
    1: "safer: at once, or one key and another",
    2: "neutral: a dialog",
    3: "riskier: typed out, with a reason",
    4: "exceptional: a typed phrase and a reason, unlocking with a checklist",
}
EXIT_CODES = {0: "done", 1: "unexpected error", 2: "usage or configuration", 130: "interrupted"}
KEY_NAMES = {
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "exclamation_mark": "!",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "escape": "esc",
    "f9": "F9",
}


def pages() -> dict[str, str]:
    """File name -> text of every generated page."""
    return {"events.md": events_page(), "commands.md": commands_page(), "settings.md": settings_page()}


# -- events -------------------------------------------------------------------------------------------------------


def events_page() -> str:
    """Every kind of event with its payload fields."""
    lines = [
        "# Events",
        "",
        NOTE.format(source="engine/kernel/events.py"),
        "",
        "Everything that happens is a row of the event log: `seq, ts, kind, subject, market, payload, cause_seq,",
        "prev_hash, hash`. Each hash covers its row and the hash before it. The log refuses a kind that is not in this",
        "list, a payload without a required field and a payload with a field that is not named here.",
        f"{len(EVENT_KINDS)} kinds.",
    ]
    for group, kinds in groupby(EVENT_KINDS.values(), key=lambda kind: kind.name.partition(".")[0]):
        lines += ["", f"## {group}", ""]
        lines += _table(
            ["kind", "meaning", "payload", "may also hold"],
            [[f"`{kind.name}`", kind.meaning, _fields(kind.required), _fields(kind.optional)] for kind in kinds],
        )
    return _text(lines)


def _fields(names: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "-"


# -- commands -----------------------------------------------------------------------------------------------------


def commands_page() -> str:
    """Commands of the engine, keys of the app, verbs of the command line, exit codes."""
    lines = [
        "# Commands, keys and verbs",
        "",
        NOTE.format(source="engine/host/operations/commands.py, action_registry.py and hydra_tui/commands/"),
        "",
        "## What the engine can be asked",
        "",
        "Screen and command line put commands into one inbox; the engine accepts or refuses each once, with a reason.",
        "A command that raises risk is refused where it names a state number that has moved on, and where it has",
        "expired; one that lowers risk ignores both. What has no verb on the command line is done in the app. Tiers of",
        "friction:",
        "",
        *(f"- {tier}: {words}" for tier, words in TIERS.items()),
        "",
    ]
    lines += _table(
        ["command", "does", "tier", "raises risk", "arguments", "typed out", "command line", "in the app"],
        [_command_row(spec) for spec in COMMANDS.values()],
    )
    lines += ["", "## Keys of the app", "", "`typed` is what follows `:`. Screens: all where none is named.", ""]
    lines += _table(
        ["keys", "typed", "does", "screens", "tier"], [_action_row(action) for action in ACTIONS if not action.later]
    )
    lines += ["", "Not in this version: " + "; ".join(action.later for action in ACTIONS if action.later) + "."]
    lines += ["", "## Verbs of the command line", "", "Options before the verb:", ""]
    lines += _table(["option", "meaning"], _options(hydra))
    for verb in VERBS:
        lines += ["", f"### hydra {verb}", "", _sentence(VERBS[verb])]
        for path, command in _leaves(verb):
            lines += ["", f"`hydra {_usage(path, command)}`: {_help(command)}", ""]
            lines += _table(["option", "meaning"], _options(command))
    lines += ["", "## Exit codes", ""]
    lines += _table(["code", "when"], [[str(code), words] for code, words in sorted(exit_codes().items())])
    return _text(lines)


def cli_path(spec: CommandSpec) -> tuple[str, ...] | None:
    """Words of the command line that send this command, or None where only the app does."""
    words = tuple(word for word in spec.verb.split() if not word.startswith("-"))
    return None if command_at(words) is None else words


def command_at(words: Sequence[str]) -> click.Command | None:
    """The verb or group that these words lead to, or None."""
    command: click.Command | None = hydra
    for word in words:
        command = command.get_command(click.Context(command), word) if isinstance(command, click.Group) else None
    return command


def exit_codes() -> dict[int, str]:
    """Exit code -> when, from the hierarchy of errors."""
    codes = dict(EXIT_CODES)
    for kind in _subclasses(HydraError):
        if kind.exit_code not in codes:
            codes[kind.exit_code] = _first_sentence(kind.__doc__ or "")
    return codes


def _subclasses(base: type[HydraError]) -> Iterator[type[HydraError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _subclasses(kind)


def _command_row(spec: CommandSpec) -> list[str]:
    arguments = [f"`{name}`" for name in spec.required] + [f"[`{name}`]" for name in spec.optional]
    path = cli_path(spec)
    typed = sorted({action.typed for action in ACTIONS if action.command_kind == spec.kind})
    return [
        f"`{spec.kind}`",
        spec.doc,
        str(spec.tier),
        "yes" if spec.raises_risk else "no",
        " ".join(arguments) or "-",
        f"`{spec.confirmation}`" if spec.confirmation else "-",
        f"`hydra {spec.verb}`" if path else "-",
        " ".join(f"`:{word}`" for word in typed) or "-",
    ]


def _action_row(action: ActionSpec) -> list[str]:
    keys = " ".join(f"`{KEY_NAMES.get(key, key)}`" for key in action.keys) or "-"
    return [keys, f"`{action.typed}`", action.help, ", ".join(action.screens) or "all", str(action.tier)]


def _leaves(verb: str) -> Iterator[tuple[str, click.Command]]:
    command = hydra.get_command(click.Context(hydra), verb)
    assert command is not None
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield f"{verb} {name}", command.commands[name]
    else:
        yield verb, command


def _usage(path: str, command: click.Command) -> str:
    arguments = [item for item in command.params if isinstance(item, click.Argument)]
    return " ".join([path, *(item.make_metavar(click.Context(command)) for item in arguments)])


def _options(command: click.Command) -> list[list[str]]:
    rows = []
    for option in command.params:
        if not isinstance(option, click.Option):
            continue
        names = ", ".join(sorted(option.opts, key=len, reverse=True))
        value = "" if option.is_flag else f" {_metavar(option, command)}"
        rows.append([f"`{names}{value}`{' (required)' if option.required else ''}", _option_help(option)])
    return rows


def _metavar(option: click.Option, command: click.Command) -> str:
    return option.make_metavar(click.Context(command)).replace("|", " or ").strip("[]")


def _option_help(option: click.Option) -> str:
    shown = option.show_default is True and option.default is not None
    return (option.help or "") + (f" (default {option.default})" if shown else "")


def _help(command: click.Command) -> str:
    return " ".join((command.help or "").split())


# -- settings -----------------------------------------------------------------------------------------------------


def settings_page() -> str:
    """Every setting with its meaning, bounds and shipped values."""
    markets = known_markets()
    values = {market: _flat(load_config(market, environment={}).config.model_dump(mode="json")) for market in markets}
    lines = [
        "# Settings",
        "",
        NOTE.format(source="engine/kernel/config_models.py and config/"),
        "",
        "Layers, later ones win: `config/default.yaml`, `config/markets/<market>.yaml`, `config.yaml` in a workspace,",
        f"environment (`{ENVIRONMENT_PREFIX}RISK__MAX_POSITION_LOTS` is `risk.max_position_lots`), `--set KEY=VALUE`.",
        "A workspace may add markets: `markets/<name>.yaml` in it, like a shipped one but with a name of its own.",
        "An unknown key is refused with the nearest valid name. `hydra config show --sources` prints each value with",
        "its layer, `hydra config explain KEY` one setting.",
    ]
    for section, field in HydraConfig.model_fields.items():
        model = field.annotation
        assert isinstance(model, type) and issubclass(model, BaseModel)
        lines += ["", f"## {section}", "", _first_sentence(model.__doc__ or "") + ".", ""]
        settings = list(settings_of(model, f"{section}."))
        if section == "market":
            lines += _table(["setting", "meaning", "allowed"], [[f"`{row[0]}`", *row[1:]] for row in settings])
            columns = [[f"`{key}`", *(f"`{values[market][key]}`" for market in markets)] for key, _, _ in settings]
            lines += ["", "What the shipped markets say; sources stand beside the values in `config/markets/`.", ""]
            lines += _table(["setting", *(f"`{market}`" for market in markets)], columns)
            continue
        rows = [[f"`{key}`", meaning, allowed, _shipped(key, values)] for key, meaning, allowed in settings]
        lines += _table(["setting", "meaning", "allowed", "shipped"], rows)
    return _text(lines)


def _shipped(key: str, values: Mapping[str, Mapping[str, Any]]) -> str:
    """The value that most markets have, then those of the others."""
    written = {market: str(flat[key]) for market, flat in values.items()}
    common = Counter(written.values()).most_common(1)[0][0]
    others = [f"{market} `{value}`" for market, value in written.items() if value != common]
    return "; ".join([f"`{common}`", *others])


def settings_of(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """(dotted key, meaning, allowed values) of every setting below a section, depth first."""
    for name, field in model.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from settings_of(annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field.description or "", _allowed(field)


def _allowed(field: FieldInfo) -> str:
    annotation: Any = field.annotation
    bounds = list(field.metadata)
    if get_origin(annotation) is tuple:
        inner = get_args(annotation)[0]
        return f"list of {_type_words(inner, [])}"
    return _type_words(annotation, bounds)


def _type_words(annotation: Any, bounds: Sequence[Any]) -> str:
    if get_origin(annotation) is Annotated:
        annotation, *own = get_args(annotation)
        bounds = [*bounds, *(item for meta in own for item in getattr(meta, "metadata", [meta]))]
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{item}`" for item in get_args(annotation))
    kind = {int: "whole number", float: "number", str: "text", bool: "true or false"}[annotation]
    limits = [words for item in bounds for words in _bound(item)]
    return " ".join([kind, *limits])


def _bound(item: Any) -> list[str]:
    if isinstance(item, annotated_types.Gt):
        return [f"> {item.gt:g}"]  # type: ignore[str-format]
    if isinstance(item, annotated_types.Ge):
        return [f">= {item.ge:g}"]  # type: ignore[str-format]
    if isinstance(item, annotated_types.Le):
        return [f"<= {item.le:g}"]  # type: ignore[str-format]
    return []


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


# -- Markdown -----------------------------------------------------------------------------------------------------


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return [_row(headings), _row(["---"] * len(headings)), *(_row(row) for row in cells)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:].rstrip(".") + "."


def _first_sentence(docstring: str) -> str:
    return " ".join(docstring.split()).partition(". ")[0].partition(";")[0].rstrip(".")


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with `--check` say which are stale."""
    stale = [name for name, text in pages().items() if _present(name) != text]
    if "--check" in arguments:
        if stale:
            sys.stderr.write(f"stale: {', '.join(stale)}; run make docs\n")
        return 1 if stale else 0
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


def _present(name: str) -> str:
    path = FOLDER / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
