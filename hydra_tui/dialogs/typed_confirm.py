"""Tiers 3 and 4: the operator types out what will happen and why, for one state of the workspace only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.widget import Widget
from textual.widgets import Input

from hydra_tui.dialogs.guard import Decision, GuardedDialog, Monotonic
from widgets.lines import Line

Obstacle = Callable[[], str]


class TypedConfirmDialog(GuardedDialog):
    """Locked until `phrase` and a reason are typed and `obstacle()` is empty (it says that the state moved, or which
    checks are open, and is asked again all the time)."""

    def __init__(
        self, title: str, tier: int, lines: Sequence[Line], *, phrase: str, obstacle: Obstacle, guard_seconds: float,
        monotonic: Monotonic,
    ) -> None:  # fmt: skip
        super().__init__(title, tier, lines, guard_seconds=guard_seconds, monotonic=monotonic)
        self.phrase = phrase
        self._obstacle = obstacle

    def fields(self) -> Sequence[Widget]:
        """Reason first, then the phrase."""
        return [
            Input(placeholder="reason, for the journal", id="field-reason", compact=True, select_on_focus=False),
            Input(placeholder=f"type exactly:  {self.phrase}", id="field-typed", compact=True, select_on_focus=False),
        ]

    def locked_reason(self) -> str:
        """What is still missing, the most serious first."""
        obstacle = self._obstacle()
        if obstacle:
            return obstacle
        if not self._value("field-reason"):
            return "type a reason"
        typed = self._value("field-typed")
        if typed != self.phrase:
            return f"type exactly: {self.phrase}" if not typed else f"'{typed}' is not '{self.phrase}' yet"
        return ""

    def decision(self) -> Decision:
        """Reason and phrase."""
        return Decision(reason=self._value("field-reason"), typed=self._value("field-typed"))

    def enter_in(self, field: Input) -> None:
        """Enter goes to what is still missing; in the last field it confirms, if everything is typed out."""
        if field.id == "field-reason":
            self.set_focus(self.query_one("#field-typed", Input))
        elif not self._value("field-reason"):
            self.set_focus(self.query_one("#field-reason", Input))
        else:
            self.confirm()

    def ready_words(self) -> str:
        """The hint."""
        return "⏎ confirms, for this state only"

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()
