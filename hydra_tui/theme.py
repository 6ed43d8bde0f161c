"""The two themes of the app, in Textual's terms. What panels paint is in `widgets/ink.py`."""

from __future__ import annotations

from textual.theme import Theme

from widgets.ink import BACKGROUND, COLOUR, GREYSCALE

THEMES = (
    Theme(
        name=COLOUR,
        primary="#8fb8d8",
        foreground="#c9ced4",
        background=BACKGROUND,
        surface=BACKGROUND,
        panel="#1a1f25",
        warning="#f0a92e",
        error="#ff7a45",
        success="#6cb6e8",
        accent="#8fb8d8",
        dark=True,
    ),
    Theme(
        name=GREYSCALE,
        primary="#d0d0d0",
        foreground="#c8c8c8",
        background=BACKGROUND,
        surface=BACKGROUND,
        panel="#202020",
        warning="#ffffff",
        error="#ffffff",
        success="#c8c8c8",
        accent="#d0d0d0",
        dark=True,
    ),
)
