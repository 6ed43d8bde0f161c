"""A filled curve in block characters, an axis below it, and labels that never cut a number."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len

_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"


def column_chart(heights: Sequence[float | None], rows: int) -> list[str]:
    """`rows` lines, top first, one column for each height; 1 fills all rows. A height above 0 shows at least an eighth
    of a cell, a missing one nothing."""
    eighths = [_eighths(height, rows) for height in heights]
    return ["".join(_EIGHTHS[max(0, min(8, value - 8 * (rows - 1 - row)))] for value in eighths) for row in range(rows)]


def sampled(xs: Sequence[float], ys: Sequence[float], low: float, high: float, width: int) -> list[float | None]:
    """The curve through (xs, ys), xs rising, at the middle of each of `width` cells from `low` to `high`; nothing
    outside of xs."""
    if width <= 0 or len(xs) < 2 or len(xs) != len(ys) or high <= low:
        return [None] * max(0, width)
    return [value_at(xs, ys, low + (cell + 0.5) * (high - low) / width) for cell in range(width)]


def value_at(xs: Sequence[float], ys: Sequence[float], x: float) -> float | None:
    """The curve at x by linear interpolation; None outside of xs."""
    if not xs or not xs[0] <= x <= xs[-1]:
        return None
    right = bisect.bisect_left(xs, x)
    if right == 0:
        return ys[0]
    share = (x - xs[right - 1]) / (xs[right] - xs[right - 1])
    return ys[right - 1] + share * (ys[right] - ys[right - 1])


def cell_of(value: float, low: float, high: float, width: int) -> int:
    """The cell of a value on an axis, the outer ones for what lies beyond."""
    if high <= low or width <= 0:
        return 0
    return max(0, min(width - 1, int((value - low) / (high - low) * width)))


def band_axis(low_cell: int, middle_cell: int, high_cell: int, width: int) -> str:
    """An axis with a band on it: `───[━━━━┿━━━━]───`."""
    cells = ["━" if low_cell < cell < high_cell else "─" for cell in range(width)]
    for cell, glyph in ((low_cell, "["), (high_cell, "]"), (middle_cell, "┿")):
        if 0 <= cell < width:
            cells[cell] = glyph
    return "".join(cells)


def placed_labels(labels: Sequence[tuple[int, str]], width: int) -> str:
    """Labels centred below their cells, in the order of importance: one that would touch another is left out, one at an
    edge moves inwards."""
    taken: list[tuple[int, int, str]] = []
    for cell, text in labels:
        size = cell_len(text)
        start = max(0, min(width - size, cell - size // 2))
        if size <= width and all(start + size < left or start > right for left, right, _ in taken):
            taken.append((start, start + size, text))
    line, used = "", 0
    for start, end, text in sorted(taken):
        line += " " * (start - used) + text
        used = end
    return line + " " * (width - used)


def _eighths(height: float | None, rows: int) -> int:
    if height is None or not math.isfinite(height) or height <= 0.0:
        return 0
    return max(1, round(min(1.0, height) * rows * 8))
