"""Which columns fit, and how wide: the row layout engine. A pure function of columns, cells and width.

A column that does not fit is dropped whole, the least important first. Only columns marked flexible (words, never a
single number) may be shortened, and those at a space.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len

from widgets.lines import Line, Span, elide


@dataclass(frozen=True, slots=True)
class Column:
    """One column. Priority 0 is dropped last; `least` is the narrowest a flexible column may become."""

    heading: str
    align: Literal["left", "right"] = "left"
    priority: int = 0
    flexible: bool = False
    least: int = 8


@dataclass(frozen=True, slots=True)
class Cell:
    """Text of one cell and the name of its style."""

    text: str
    style: str = "normal"


@dataclass(frozen=True, slots=True)
class Layout:
    """Widths of the columns that are shown (index, cells), the gap between them, and headings of the dropped ones."""

    columns: tuple[Column, ...]
    shown: tuple[tuple[int, int], ...]
    dropped: tuple[str, ...]
    gap: int


def lay_out(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int, *, gap: int = 2) -> Layout:
    """Choose columns and widths for `width` cells in all; columns move closer before one is dropped."""
    wide = _lay_out(columns, rows, width, gap)
    return _lay_out(columns, rows, width, 1) if wide.dropped and gap > 1 else wide


def _lay_out(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int, gap: int) -> Layout:
    natural = [
        max([cell_len(column.heading), *(cell_len(row[index].text) for row in rows)])
        for index, column in enumerate(columns)
    ]
    needed = [
        min(natural[index], max(column.least, 1)) if column.flexible else natural[index]
        for index, column in enumerate(columns)
    ]
    kept = [index for index in range(len(columns)) if natural[index] > 0]
    while kept and sum(needed[index] for index in kept) + gap * (len(kept) - 1) > width:
        kept.remove(max(kept, key=lambda index: (columns[index].priority, index)))
    spare = width - sum(needed[index] for index in kept) - gap * max(0, len(kept) - 1)
    widths = {index: needed[index] for index in kept}
    flexible = [index for index in kept if columns[index].flexible]
    for index in sorted(flexible, key=lambda i: (natural[i] - needed[i], columns[i].priority)):
        grow = min(spare, natural[index] - widths[index])
        widths[index] += grow
        spare -= grow
    dropped = tuple(
        column.heading for index, column in enumerate(columns) if index not in widths and natural[index] > 0
    )
    return Layout(tuple(columns), tuple((index, widths[index]) for index in kept), dropped, gap)


def heading_line(layout: Layout) -> Line:
    """The row of headings."""
    cells = [Cell(column.heading, "dim") for column in layout.columns]
    return row_line(layout, cells)


def row_line(layout: Layout, cells: Sequence[Cell]) -> Line:
    """One row of cells in the columns that are shown."""
    spans: list[Span] = []
    for place, (index, width) in enumerate(layout.shown):
        column, cell = layout.columns[index], cells[index]
        text = elide(cell.text, width) if column.flexible else cell.text
        pad = " " * max(0, width - cell_len(text))
        if place:
            spans.append((" " * layout.gap, "normal"))
        spans.append((pad + text if column.align == "right" else text + pad, cell.style))
    return tuple(spans)
