"""What every dialog does to protect a tired operator: Cancel is focused, keys typed before it was painted do not count,
and it disarms when the window loses focus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input

from widgets.lines import Line, line
from widgets.panel import Panel

Monotonic = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Decision:
    """The operator said yes. `reason` and `typed` are empty where the dialog asks for none."""

    reason: str = ""
    typed: str = ""


class Choice(Panel, can_focus=True):
    """One of the answers at the bottom of a dialog."""

    def __init__(self, words: str, *, id: str) -> None:
        super().__init__(framed=False, id=id)
        self.words = words
        self.enabled = True
        self._source = self._line

    def _line(self, width: int, height: int) -> Sequence[Line]:
        style = "off" if not self.enabled else ("select" if self.has_focus else "normal")
        return [line((f"( {self.words} )", style))]


class GuardedDialog(ModalScreen[Decision | None]):
    """Base of the dialogs. `guard_seconds` of 0 arms with the first paint; `monotonic` is the clock of the guard."""

    def __init__(
        self, title: str, tier: int, lines: Sequence[Line], *, guard_seconds: float, monotonic: Monotonic
    ) -> None:
        super().__init__()
        self.dialog_title = title
        self.tier = tier
        self.lines = tuple(lines)
        self._guard_seconds = guard_seconds
        self._monotonic = monotonic
        self._armed_from: float | None = None
        self._blurred = False
        self._lost_words = False

    def compose(self) -> ComposeResult:
        """Words, fields, answers, a line that says what the dialog waits for."""
        with Vertical(id="dialog") as box:
            box.border_title = f"{self.dialog_title}  ·  tier {self.tier}".replace("[", "(")
            words = Panel(framed=False, id="dialog-words")
            words.styles.height = len(self.lines)
            yield words
            yield from self.fields()
            yield Choice("Cancel ⏎", id="choice-cancel")
            yield Choice(self.confirm_words(), id="choice-confirm")
            yield Panel(framed=False, id="dialog-hint")

    def fields(self) -> Sequence[Widget]:
        """Inputs between the words and the answers."""
        return ()

    def confirm_words(self) -> str:
        """What the confirming answer says."""
        return "Confirm"

    def locked_reason(self) -> str:
        """Why confirming is not possible yet; empty where it is."""
        return ""

    def decision(self) -> Decision:
        """What confirming returns."""
        return Decision()

    @property
    def armed(self) -> bool:
        """True once the dialog has been on the screen long enough and the window has focus."""
        return not self._blurred and self._armed_from is not None and self._monotonic() >= self._armed_from

    def on_mount(self) -> None:
        """Focus Cancel; the guard starts with the first paint."""
        self.query_one("#choice-cancel").focus()
        self.query_one("#dialog-words", Panel).show(lambda w, h: self.lines)
        self._follow()
        self.call_after_refresh(self._start_guard)
        self.set_interval(0.1, self._follow)

    def on_app_blur(self, event: events.AppBlur) -> None:
        """A window without focus must not confirm anything."""
        self._blurred = True
        self._follow()

    def on_app_focus(self, event: events.AppFocus) -> None:
        """Back in focus: the guard starts again."""
        self._blurred = False
        self._start_guard()

    def on_input_changed(self, event: Input.Changed) -> None:
        """A typed letter may unlock the answer."""
        event.stop()
        self._follow()

    def on_key(self, event: events.Key) -> None:
        """Esc and ctrl+q are always safe: no later key can mean this dialog. Nothing else counts before it is armed."""
        if event.key in ("escape", "ctrl+q"):
            event.stop()
            event.prevent_default()
            self.dismiss(None)
        elif not self.armed:
            event.stop()
            event.prevent_default()
            self._lost_words = self._lost_words or event.is_printable
        elif event.key == "enter" and isinstance(self.focused, Choice):
            event.stop()
            if self._lost_words and self.query(Input):
                # Whoever typed a reason too early means this enter for the field that stayed empty.
                self._lost_words = False
                self._follow()
                self.set_focus(self.query(Input).first())
            elif self.focused.id == "choice-cancel":
                self.dismiss(None)
            else:
                self.confirm()
        elif isinstance(self.focused, Choice):
            self.key_on_choice(event)
        elif isinstance(self.focused, Input) and event.key == "enter":
            event.stop()
            event.prevent_default()
            self.enter_in(self.focused)
        elif isinstance(self.focused, Input) and event.is_printable and event.character:
            # A field keeps its own letters; this one was on its way to an answer when the focus moved to the field.
            event.stop()
            self.focused.insert_text_at_cursor(event.character)

    def enter_in(self, field: Input) -> None:
        """Enter was pressed in a field: confirm, if everything is there."""
        self.confirm()

    def key_on_choice(self, event: events.Key) -> None:
        """A printable key on an answer goes on in the first field that waits for words. The focus moves at once
        (`Widget.focus` would only queue it), or the next key of a fast typist would land elsewhere."""
        fields = [field for field in self.query(Input) if not field.value]
        if fields and event.is_printable and event.character:
            event.stop()
            self.set_focus(fields[0])
            fields[0].insert_text_at_cursor(event.character)

    def confirm(self) -> None:
        """Confirm if nothing is open; otherwise stay and keep saying what is."""
        if self.armed and not self.locked_reason():
            self.dismiss(self.decision())

    def _start_guard(self) -> None:
        self._armed_from = self._monotonic() + self._guard_seconds
        self._follow()

    def _follow(self) -> None:
        armed, reason = self.armed, self.locked_reason()
        for field in self.query(Input):
            field.disabled = not armed
        confirm = self.query_one("#choice-confirm", Choice)
        confirm.enabled = armed and not reason
        confirm.words = self.confirm_words() if confirm.enabled else f"{self.confirm_words()}: locked"
        confirm.paint_again()
        if self._blurred:
            hint = ("disarmed: the window lost focus", "warn")
        elif not armed:
            hint = (f"wait: keys are ignored for {self._guard_seconds:g} s after this appeared", "dim")
        else:
            hint = (reason or self.ready_words(), "warn" if reason else "dim")
        self.query_one("#dialog-hint", Panel).show(lambda w, h: [line(hint, ("  esc cancels", "dim"))])

    def ready_words(self) -> str:
        """The hint once everything is in place."""
        return "tab chooses, ⏎ answers"
