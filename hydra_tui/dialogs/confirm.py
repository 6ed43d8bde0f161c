"""Tiers 1 and 2: one different key confirms. The key that opened the dialog never does."""

from __future__ import annotations

from textual import events

from hydra_tui.dialogs.guard import GuardedDialog


class ConfirmDialog(GuardedDialog):
    """`y` confirms, everything else leaves things as they are."""

    def confirm_words(self) -> str:
        """Names the key."""
        return "y  yes, do it"

    def key_on_choice(self, event: events.Key) -> None:
        """y confirms wherever the focus is."""
        if event.key == "y":
            event.stop()
            self.confirm()

    def ready_words(self) -> str:
        """The hint."""
        return "y confirms"
