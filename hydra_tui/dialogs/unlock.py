"""Leaving LOCKDOWN: a checklist, a cool-down, a post-mortem note and a typed phrase. It leads to HALTED only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hydra_tui.dialogs.guard import Monotonic
from hydra_tui.dialogs.typed_confirm import Obstacle, TypedConfirmDialog
from widgets.lines import Line
from widgets.panel import Panel

Checklist = Callable[[], Sequence[Line]]


class UnlockDialog(TypedConfirmDialog):
    """The words are the checklist itself, and they follow the workspace while the dialog is open."""

    def __init__(
        self, checklist: Checklist, *, phrase: str, obstacle: Obstacle, guard_seconds: float, monotonic: Monotonic
    ) -> None:
        super().__init__(
            "UNLOCK: LOCKDOWN → HALTED only", 4, checklist(), phrase=phrase, obstacle=obstacle,
            guard_seconds=guard_seconds, monotonic=monotonic,
        )  # fmt: skip
        self._checklist = checklist

    def on_mount(self) -> None:
        """Follow the checklist."""
        super().on_mount()
        self.query_one("#dialog-words", Panel).show(lambda w, h: self._checklist())
        self.set_interval(0.5, self.query_one("#dialog-words", Panel).paint_again)

    def confirm_words(self) -> str:
        """What it does."""
        return "Unlock to HALTED"
