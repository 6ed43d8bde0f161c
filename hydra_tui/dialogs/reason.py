"""Tier 1 with a reason: rejecting is fast, but the journal wants to know why."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widget import Widget
from textual.widgets import Input

from hydra_tui.dialogs.guard import Decision, GuardedDialog


class ReasonDialog(GuardedDialog):
    """Type a reason and press enter."""

    def fields(self) -> Sequence[Widget]:
        """One line for the reason."""
        return [Input(placeholder="reason, for the journal", id="field-reason", compact=True, select_on_focus=False)]

    def locked_reason(self) -> str:
        """A reason is needed."""
        return "" if self.query_one("#field-reason", Input).value.strip() else "type a reason"

    def decision(self) -> Decision:
        """The reason."""
        return Decision(reason=self.query_one("#field-reason", Input).value.strip())

    def ready_words(self) -> str:
        """The hint."""
        return "⏎ confirms"
