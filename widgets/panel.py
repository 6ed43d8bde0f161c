"""A framed region of styled lines. Paints only the rows that changed, since painting is what costs time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from widgets.ink import ink
from widgets.lines import BLANK, Line, elide, fit, line

_KEPT_STRIPS: Final = 512
Source = Callable[[int, int], Sequence[Line]]


def _nothing(width: int, height: int) -> Sequence[Line]:
    return ()


class Panel(Widget):
    """Shows what `source(width, height)` returns: lines for the room inside the frame, in cells.

    `framed=False` leaves the frame out, and so does a height below 3. Nothing in the text is markup.
    """

    DEFAULT_CSS = "Panel { height: 1fr; width: 1fr; }"

    def __init__(
        self, title: str = "", *, framed: bool = True, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes, markup=False)
        self.title = title
        self.foot = ""
        self.framed = framed
        self._source: Source = _nothing
        self._painted: tuple[Line, ...] = ()
        self._painted_for: tuple[int, int] = (-1, -1)

    def show(self, source: Source, *, title: str | None = None, foot: str | None = None) -> None:
        """Show other content; rows that stay the same are not painted again."""
        self._source = source
        self.title = self.title if title is None else title
        self.foot = self.foot if foot is None else foot
        self.paint_again()

    def paint_again(self) -> None:
        """Ask the source again and repaint the rows that differ."""
        if self.size.width <= 0 or self.size.height <= 0:
            return
        before, before_size = self._painted, self._painted_for
        self._lay_rows()
        if before_size != self._painted_for or len(before) != len(self._painted):
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(before, self._painted, strict=True)) if old != new]
        if changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    @property
    def inner_size(self) -> tuple[int, int]:
        """Cells inside the frame: (width, height)."""
        if self._has_frame:
            return max(0, self.size.width - 4), max(0, self.size.height - 2)
        return max(0, self.size.width - (1 if self.framed else 0)), self.size.height

    @property
    def _has_frame(self) -> bool:
        return self.framed and self.size.height >= 3

    def render_line(self, y: int) -> Strip:
        """One painted row."""
        return self.render_lines(Region(0, y, self.size.width, 1))[0]

    def render_lines(self, crop: Region) -> list[Strip]:
        """The painted rows inside `crop`. Inks carry their background and a panel has no border, padding or opacity of
        the style sheet, so what the style sheet would add to every row is left out: it cost more than the rows."""
        width, height = self.size
        if self._painted_for != (width, height):
            self._lay_rows()
        theme, rows = self.app.theme, self._painted
        strips = [_strip(rows[y] if y < len(rows) else BLANK, width, theme) for y in crop.line_range]
        background = self.background_colors[1]
        for line_filter in self.get_line_filters():
            strips = [strip.apply_filter(line_filter, background) for strip in strips]
        if crop.column_span != (0, width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def watch_has_focus(self, has_focus: bool) -> None:
        """The frame shows where keys go. The events of focus come before the widget knows that it has it."""
        super().watch_has_focus(has_focus)
        self.paint_again()

    def on_resize(self) -> None:
        """Another size is another layout."""
        self.paint_again()

    def _lay_rows(self) -> None:
        width, height = self.size.width, self.size.height
        inner_width, inner_height = self.inner_size
        body = list(self._source(inner_width, inner_height))[:inner_height] if inner_height > 0 else []
        body += [BLANK] * (inner_height - len(body))
        if not self._has_frame:
            pad = line(" ") if self.framed else BLANK
            rows = [fit((*pad, *spans), width) for spans in body]
        else:
            edge = "frame-focus" if self.has_focus else "frame"
            side = ("│", edge)
            rows = [
                _edge_line("┌", "┐", self.title, width, edge, at_end=False),
                *((side, (" ", "normal"), *fit(spans, inner_width), (" ", "normal"), side) for spans in body),
                _edge_line("└", "┘", self.foot, width, edge, at_end=True),
            ][:height]
        self._painted = tuple(rows)
        self._painted_for = (width, height)


@lru_cache(_KEPT_STRIPS)
def _strip(spans: Line, width: int, theme: str) -> Strip:
    """The same words painted again are the same strip, which remembers how it is cut and written."""
    return Strip([Segment(text, ink(style, theme)) for text, style in fit(spans, width)], width)


def _edge_line(left: str, right: str, words: str, width: int, edge: str, *, at_end: bool) -> Line:
    words = elide(words, max(0, width - 6))
    if not words or width < 8:
        return ((left + "─" * max(0, width - 2) + right, edge),)
    rest = width - cell_len(words) - 5
    if at_end:
        return ((left + "─" * rest + " ", edge), (words, "dim"), (" ─" + right, edge))
    return ((left + "─ ", edge), (words, "title"), (" " + "─" * rest + right, edge))
