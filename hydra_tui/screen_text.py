"""The painted screen as lines of text: for export, copy and tests. The one place that asks Textual's compositor."""

from __future__ import annotations

from typing import Any

from textual.app import App


def painted_lines(app: App[Any]) -> list[str]:
    """What the terminal shows now, one string for each row, without styles. Uses a private interface of Textual 8.2.8
    (`Screen._compositor.render_strips`); nothing else in HYDRA does."""
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]
