"""Candidate against champion, measure by measure, with a word for better and worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from widgets.lines import Line
from widgets.table_layout import Cell, Column, heading_line, lay_out, row_line


@dataclass(frozen=True, slots=True)
class Score:
    """One measure. `better` is None where neither is better or it is not known."""

    name: str
    weight: str
    candidate: str
    champion: str
    difference: str
    better: bool | None


_COLUMNS = (
    Column("", priority=0, flexible=True, least=6),
    Column("weight", "right", priority=4),
    Column("cand", "right", priority=0),
    Column("champ", "right", priority=1),
    Column("Δ", "right", priority=3),
    Column("", priority=2),
)


def scorecard(scores: Sequence[Score], width: int) -> list[Line]:
    """Rows of the card with headings; columns that do not fit are dropped whole."""
    rows = [
        (
            Cell(score.name),
            Cell(score.weight, "dim"),
            Cell(score.candidate, "strong"),
            Cell(score.champion),
            Cell(score.difference),
            _verdict(score.better),
        )
        for score in scores
    ]
    layout = lay_out(_COLUMNS, rows, width)
    return [heading_line(layout), *(row_line(layout, row) for row in rows)]


def _verdict(better: bool | None) -> Cell:
    if better is None:
        return Cell("= same", "dim")
    return Cell("▲ better", "good") if better else Cell("▼ worse", "warn")
