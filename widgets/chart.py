"""A line chart with marks, four calls wide, so that the plotting package behind it can be replaced.

Imports numpy through textual-plot: load this module only after the first paint. One refresh costs tens of
milliseconds, so it redraws only when the data changed, and never more than every two seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual_plot import AxisFormatter, HiResMode, PlotWidget

_LEAST_SECONDS = 2.0
_MOST_LABELS = 5
_LABEL_CELLS = 16  # "03-28 10:35" and a gap


@dataclass(frozen=True, slots=True)
class ChartData:
    """Points of one line (x ascending) and marks on it: (x, y, glyph)."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    marks: tuple[tuple[float, float, str], ...] = ()


class _TimeFormatter(AxisFormatter):
    def __init__(self, label: Callable[[float], str], room: Callable[[], int]) -> None:
        self._label = label
        self._room = room

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        if max_ <= min_:
            return [min_]
        count = max(1, min(_MOST_LABELS, self._room() // _LABEL_CELLS, max_ticks))
        return [min_ + (max_ - min_) * place / count for place in range(count)]

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        return [self._label(tick) for tick in ticks]


class Chart(PlotWidget):
    """`label(x)` names a place on the x axis; `monotonic` is the clock that bounds redrawing."""

    DEFAULT_CSS = "Chart { height: 1fr; width: 1fr; }"

    def __init__(self, label: Callable[[float], str], monotonic: Callable[[], float], *, id: str | None = None) -> None:
        super().__init__(id=id, allow_pan_and_zoom=False)
        self.can_focus = False
        self._axis = _TimeFormatter(label, lambda: self.size.width)
        self._monotonic = monotonic
        self._drawn: ChartData | None = None
        self._drawn_at = float("-inf")

    def on_mount(self) -> None:
        """Axes as we print them."""
        self.set_x_formatter(self._axis)

    def draw(self, data: ChartData) -> bool:
        """Draw other data; False where nothing was drawn, because nothing changed or it is too soon."""
        now = self._monotonic()
        if data == self._drawn or now - self._drawn_at < _LEAST_SECONDS or len(data.xs) < 2:
            return False
        self._drawn, self._drawn_at = data, now
        self.clear()
        low, high = min(data.ys), max(data.ys)
        pad = (high - low) * 0.05 or max(abs(high), 1.0) * 0.001
        self.set_ylimits(low - pad, high + pad)
        self.plot(data.xs, data.ys, line_style="#8fb8d8", hires_mode=HiResMode.BRAILLE)
        for glyph in dict.fromkeys(mark for _, _, mark in data.marks):
            points = [(x, y) for x, y, mark in data.marks if mark == glyph]
            self.scatter([x for x, _ in points], [y for _, y in points], marker=glyph, marker_style="bold #f0a92e")
        return True
