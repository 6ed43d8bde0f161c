"""Bindings made from the action registry: one for each key; what it means is decided by the screen in view."""

from __future__ import annotations

from textual.binding import Binding

from engine.host.operations.action_registry import ACTIONS


def bindings() -> list[Binding]:
    """Every key of the registry. Only keys marked so get past inputs and dialogs."""
    priority = {key for action in ACTIONS if action.priority for key in action.keys}
    keys = dict.fromkeys(key for action in ACTIONS for key in action.keys)
    return [
        Binding(key, f"press('{key}')", show=False, priority=key in priority)
        for key in keys
        if key not in ("tab", "shift+tab")
    ]
