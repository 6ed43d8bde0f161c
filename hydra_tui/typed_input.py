"""The line at the bottom where one types a filter or a command."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.suggester import SuggestFromList
from textual.widgets import Input

from hydra_tui.typed_commands import completions


class TypedInput(Input):
    """`/` filters while one types; `:` runs a command, completed with tab or the right arrow, with history on up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "cursor_right", show=False),
        Binding("up", "older", show=False),
        Binding("down", "newer", show=False),
    ]

    def __init__(self, mode: Literal["/", ":"], value: str, history: list[str]) -> None:
        suggester = SuggestFromList(completions(), case_sensitive=True) if mode == ":" else None
        hint = "filter, esc clears" if mode == "/" else "command, tab completes, esc leaves"
        super().__init__(value, placeholder=hint, id="typed", compact=True, suggester=suggester, select_on_focus=False)
        self.mode = mode
        self._history = history
        self._place = len(history)

    def action_older(self) -> None:
        """The command before."""
        self._recall(self._place - 1)

    def action_newer(self) -> None:
        """The command after."""
        self._recall(self._place + 1)

    def _recall(self, place: int) -> None:
        if self.mode == ":" and 0 <= place < len(self._history):
            self._place = place
            self.value = self._history[place]
            self.cursor_position = len(self.value)
