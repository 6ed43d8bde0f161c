"""A range with its middle and a mark, lying down: `├──•─◆──┤`. One character for each cell, whatever the numbers."""

from __future__ import annotations

import math


def whisker(
    low: float | None,
    middle: float | None,
    high: float | None,
    mark: float | None,
    scale: tuple[float, float],
    width: int,
) -> str:
    """The range from `low` to `high` on a scale that fills `width` cells; `•` is its middle, `◆` the mark.

    A missing `low` leaves the range open to the left (`┄`), a missing `high` to the right; what lies beyond the scale
    shows as `‹` or `›` at the edge. Where all four are missing the picture is blank.
    """
    if width <= 0:
        return ""
    cells = [" "] * width
    ends = [_place(value, scale, width) for value in (low, high)]
    if low is not None or high is not None:
        first = 0 if ends[0] is None else ends[0]
        last = width - 1 if ends[1] is None else ends[1]
        stroke = "┄" if None in ends else "─"
        for place in range(max(0, first), min(width - 1, last) + 1):
            cells[place] = stroke
        _put(cells, ends[0], "├")
        _put(cells, ends[1], "┤")
        if None not in ends and ends[0] == ends[1]:
            _put(cells, ends[0], "┼")
    _put(cells, _place(middle, scale, width), "•")
    _put(cells, _place(mark, scale, width), "◆")
    return "".join(cells)


def _place(value: float | None, scale: tuple[float, float], width: int) -> int | None:
    """The cell of a value; -1 and `width` stand for the outside."""
    if value is None or not math.isfinite(value):
        return None
    low, high = scale
    if high <= low:
        return width // 2
    share = (value - low) / (high - low)
    return -1 if share < 0.0 else width if share > 1.0 else min(width - 1, int(share * width))


def _put(cells: list[str], place: int | None, glyph: str) -> None:
    if place is None:
        return
    if place < 0:
        cells[0] = "‹"
    elif place >= len(cells):
        cells[-1] = "›"
    else:
        cells[place] = glyph
