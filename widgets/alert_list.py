"""Glyph, word and style of each level of alarm; the priority is told by shape and word as well as by colour."""

from __future__ import annotations

from typing import Final

from widgets.table_layout import Cell

LEVELS: Final = {"CRITICAL": ("■", "CRIT", "crit"), "WARNING": ("▲", "WARN", "warn"), "INFO": ("●", "INFO", "normal")}


def level_cell(level: str) -> Cell:
    """`■ CRIT`, `▲ WARN`, `● INFO`, or `? ` and the unknown word."""
    glyph, word, style = LEVELS.get(level, ("?", level[:8] or "UNKNOWN", "warn"))
    return Cell(f"{glyph} {word}", style)


def level_glyph(level: str) -> str:
    """The glyph alone, where a word stands beside it anyway."""
    return LEVELS.get(level, ("?", "", ""))[0]


def level_style(level: str) -> str:
    """The style of a level."""
    return LEVELS.get(level, ("", "", "warn"))[2]
