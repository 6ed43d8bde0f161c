"""Keys that work here, and why the others do not. Made from the action registry, searched by typing."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from engine.host.operations.action_registry import ActionSpec
from hydra_tui.header import KEY_LABELS
from widgets.list_panel import ListPanel, Row
from widgets.table_layout import Cell, Column

_COLUMNS = (
    Column("key", priority=0),
    Column("act", priority=0),
    Column("tier", "right", priority=3),
    Column("what it does, or why it does not work now", priority=0, flexible=True, least=44),
    Column("type after :", priority=5),
    Column("hydra …", priority=4),
)


class HelpDialog(ModalScreen[None]):
    """`reasons` maps an action's name to why it does not work here and now; those without an entry do."""

    def __init__(self, screen_name: str, actions: Sequence[ActionSpec], reasons: dict[str, str]) -> None:
        super().__init__()
        self._screen_name = screen_name
        self._actions = actions
        self._reasons = reasons

    def compose(self) -> ComposeResult:
        """One list."""
        yield ListPanel("Keys", id="help-list")

    def on_mount(self) -> None:
        """Fill and focus the list."""
        panel = self.query_one(ListPanel)
        rows = []
        for action in self._actions:
            reason = self._reasons.get(action.name, "")
            style = "off" if reason else "normal"
            keys = " ".join(KEY_LABELS.get(key, key) for key in action.keys) or "–"
            words = f"{'LATER' if action.later else 'not now'}: {reason}" if reason else action.help
            rows.append(
                Row(
                    action.name,
                    (
                        Cell(keys, "off" if reason else "strong"),
                        Cell(action.label, style),
                        Cell(str(action.tier), "dim"),
                        Cell(words, "dim" if reason else "normal"),
                        Cell(action.typed, "dim"),
                        Cell(action.cli_verb, "dim"),
                    ),
                )
            )
        panel.set_rows(_COLUMNS, rows, name=f"Keys on {self._screen_name.title()}: type to search, esc closes")
        panel.foot = "tier 0 reads · 1 safer · 2 neutral · 3 riskier: typed id, reason · 4 typed phrase"
        panel.focus()

    def on_key(self, event: events.Key) -> None:
        """Arrows move, letters search, esc closes."""
        panel = self.query_one(ListPanel)
        moves = {"down": 1, "up": -1, "pagedown": panel.page, "pageup": -panel.page}
        event.stop()
        if event.key == "escape" or (event.key == "question_mark" and not panel.filter_text):
            self.dismiss(None)
        elif event.key in moves:
            panel.move(moves[event.key])
        elif event.key == "backspace":
            panel.set_filter(panel.filter_text[:-1])
        elif event.is_printable and event.character:
            panel.set_filter(panel.filter_text + event.character)
