"""One registry of everything an operator can do: keys, words, friction, command-line verb. Key map, help, palette,
command line, documentation and tests read it, so they cannot drift apart.

Keys are spelled as terminals name them ("j", "ctrl+r", "question_mark"). `typed` is what one types after ":" in the
app; `cli_verb` is the same act as `hydra <verb>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.host.operations.commands import COMMANDS


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One act. `screens` is empty where it works on every screen; `priority` lets it through inputs and dialogs;
    `later` holds the plain words for an act that this version does not have."""

    name: str
    keys: tuple[str, ...]
    label: str
    help: str
    tier: int
    cli_verb: str
    typed: str
    command_kind: str | None = None
    screens: tuple[str, ...] = ()
    priority: bool = False
    in_footer: bool = False
    later: str = ""


SCREEN_NAMES: Final = ("desk", "inbox", "models", "risk", "market", "lab", "journal", "data", "system")
LATER_SCREENS: Final = {
    "lab": "Lab (running experiments) comes in a later version; experiments are on 1 Desk and 3 Models",
    "system": "System (workers, logs, settings) comes in a later version; try 'hydra doctor' in a shell",
}
_SCREEN_HELP: Final = {
    "desk": "am I trading, am I safe, does anything need me",
    "inbox": "requests that wait for your decision, with evidence",
    "models": "champion, candidates, graveyard, lineage",
    "risk": "circuit breaker, limits, position",
    "market": "smile, density, gamma, term structure, COT, sentiment, divergence",
    "lab": "experiments",
    "journal": "what happened and why",
    "data": "feeds, gaps, quarantine",
    "system": "workers, logs, settings",
}
_SCREEN_VERB: Final = {
    "desk": "status", "inbox": "status", "models": "model list", "risk": "status", "market": "features",
    "lab": "experiment", "journal": "journal query", "data": "data", "system": "doctor",
}  # fmt: skip


def _screen(place: int, name: str) -> ActionSpec:
    return ActionSpec(
        f"screen_{name}", (str(place),), name.title(), f"go to {name.title()}: {_SCREEN_HELP[name]}", 0,
        _SCREEN_VERB[name], name, later=LATER_SCREENS.get(name, ""),
    )  # fmt: skip


def _command(name: str, kind: str, keys: tuple[str, ...], label: str, *, screens: tuple[str, ...] = (),
             priority: bool = False, in_footer: bool = False, typed: str = "") -> ActionSpec:  # fmt: skip
    spec = COMMANDS[kind]
    return ActionSpec(name, keys, label, spec.doc, spec.tier, spec.verb, typed or spec.verb.split()[-1], kind, screens,
                      priority, in_footer)  # fmt: skip


ACTIONS: Final[tuple[ActionSpec, ...]] = (
    *(_screen(place, name) for place, name in enumerate(SCREEN_NAMES, 1)),
    ActionSpec("down", ("j", "down"), "down", "move down", 0, "status", "down", in_footer=True),
    ActionSpec("up", ("k", "up"), "up", "move up", 0, "status", "up"),
    ActionSpec("top", ("g", "home"), "top", "go to the first row", 0, "status", "top"),
    ActionSpec("bottom", ("G", "end"), "end", "go to the last row", 0, "status", "end"),
    ActionSpec("page_down", ("ctrl+d", "pagedown"), "page down", "move down a page", 0, "status", "pagedown"),
    ActionSpec("page_up", ("ctrl+u", "pageup"), "page up", "move up a page", 0, "status", "pageup"),
    ActionSpec("open", ("enter",), "open", "open the row under the cursor", 0, "status", "open", in_footer=True),
    ActionSpec("next_panel", ("tab",), "panel", "go to the next panel", 0, "status", "panel"),
    ActionSpec("previous_panel", ("shift+tab",), "panel back", "go to the previous panel", 0, "status", "panelback"),
    ActionSpec("back", ("escape",), "back", "back out of one thing; always safe", 0, "status", "back"),
    ActionSpec("view_back", ("left_square_bracket",), "view back", "back through visited screens", 0, "status", "prev"),
    ActionSpec("view_forward", ("right_square_bracket",), "view forward", "go forward again", 0, "status", "next"),
    ActionSpec("filter", ("slash",), "filter", "show only rows that hold a text", 0, "journal query",
               "filter", in_footer=True),
    ActionSpec("filter_next", ("n",), "next match", "go to the next row that matches the filter", 0, "status", "match"),
    ActionSpec("filter_previous", ("N",), "previous match", "go to the previous matching row", 0, "status", "matchback",
               screens=("desk", "models", "risk", "market", "journal", "data")),
    ActionSpec("command_line", ("colon",), "command", "type a command: the same words as the command line", 0, "--help",
               "command", in_footer=True),
    ActionSpec("help", ("question_mark",), "keys", "keys that work here, and why others do not", 0, "--help", "help",
               in_footer=True),
    ActionSpec("worst_alert", ("exclamation_mark",), "worst alert", "go to the worst alert nobody acknowledged", 0,
               "status", "worst", in_footer=True),
    ActionSpec("zone", ("u",), "UTC/exchange", "show times in UTC or in the exchange's zone", 0, "status", "zone"),
    ActionSpec("freeze", ("p",), "freeze view", "hold the picture still; trading goes on, and the screen says so", 0,
               "status", "freeze"),
    ActionSpec("copy", ("y",), "copy", "copy the row under the cursor (or the screen) to the clipboard", 0, "status",
               "copy"),
    ActionSpec("export", ("e",), "export", "write this screen as text into the workspace", 0, "report", "export"),
    ActionSpec("refresh", ("ctrl+r",), "refresh", "read the workspace again now", 0, "status", "refresh"),
    ActionSpec("undo", ("z",), "undo", "show the last act and what takes it back; asks first", 0, "status",
               "undo"),
    ActionSpec("greyscale", (), "greyscale", "grey instead of colour, and back", 0, "status",
               "greyscale"),
    ActionSpec("quit", ("q", "ctrl+q"), "leave", "leave; says whether the engine stops too", 0, "run",
               "quit"),
    ActionSpec("diff", ("d",), "diff", "what the candidate changes against the champion", 0, "model show", "diff",
               screens=("inbox", "models")),
    ActionSpec("rows", ("v",), "view rows", "show the rows that were set aside, as they came", 0, "data", "rows",
               screens=("data",)),
    ActionSpec("page", ("v",), "next page", "turn to the next part of the market, and back to all of it", 0, "features",
               "page", screens=("market",), in_footer=True),
    _command("ack", "ack_alert", ("a",), "ack", in_footer=True),
    _command("ack_all", "ack_all", ("A",), "ack all", screens=("desk", "risk"), typed="ackall"),
    _command("approve", "approve", ("A",), "approve…", screens=("inbox", "models"), in_footer=True),
    _command("reject", "reject", ("N",), "reject…", screens=("inbox",), in_footer=True),
    _command("defer", "defer", ("D",), "defer 4 h", screens=("inbox",), in_footer=True),
    _command("rollback", "rollback", ("R",), "roll back", screens=("desk", "inbox", "models", "risk"), in_footer=True),
    _command("promote", "promote", (), "promote…", screens=("models",)),
    _command("retire", "retire", ("x",), "retire…", screens=("models",), in_footer=True),
    _command("halt_now", "halt", ("f9",), "HALT NOW", priority=True, typed="halt"),
    _command("halt", "halt", ("X",), "HALT", in_footer=True, typed="halt?"),
    _command("resume", "resume", ("r",), "resume…", screens=("risk",), in_footer=True),
    _command("flatten", "flatten", ("F",), "flatten…", screens=("desk", "risk"), in_footer=True),
    _command("lockdown", "lockdown", (), "lockdown…"),
    _command("unlock", "unlock", ("U",), "unlock…", screens=("risk",), in_footer=True),
    _command("set_limit", "set_limit", ("L",), "edit limit…", screens=("risk",), in_footer=True),
    _command("set_autonomy", "set_autonomy", (), "autonomy…"),
    _command("pause_agent", "pause_agent", (), "pause agent"),
    _command("resume_agent", "resume_agent", (), "resume agent", typed="unpause"),
    _command("run_experiment", "run_experiment", (), "experiment…", typed="experiment"),
    _command("kill_experiment", "kill_experiment", (), "kill experiment"),
    _command("ingest", "ingest", (), "ingest…"),
)  # fmt: skip


def actions_on(screen: str) -> tuple[ActionSpec, ...]:
    """The actions that work on a screen, in registry order."""
    return tuple(action for action in ACTIONS if not action.screens or screen in action.screens)


def action_for_key(key: str, screen: str) -> ActionSpec | None:
    """The action a key means on a screen, or None."""
    return next((action for action in actions_on(screen) if key in action.keys), None)
