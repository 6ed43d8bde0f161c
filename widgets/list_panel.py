"""A panel of rows with a cursor. Rows keep their identity while the table changes under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from textual.message import Message

from widgets.lines import Line, line, text_of, wrap
from widgets.panel import Panel
from widgets.table_layout import Cell, Column, heading_line, lay_out, row_line


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `key` is its identity, `cells` one for each column."""

    key: str
    cells: tuple[Cell, ...]


class ListPanel(Panel, can_focus=True):
    """Rows under headings; the cursor stays on its row when rows come and go."""

    class CursorMoved(Message):
        """The cursor went to another row."""

        def __init__(self, panel: ListPanel, key: str | None) -> None:
            super().__init__()
            self.panel = panel
            self.key = key

    def __init__(
        self, title: str = "", *, empty: str = "nothing here", headings: bool = True, id: str | None = None
    ) -> None:
        super().__init__(title, id=id)
        self._heading_words = title
        self._empty = empty
        self._headings = headings
        self._columns: tuple[Column, ...] = ()
        self._all_rows: tuple[Row, ...] = ()
        self._rows: tuple[Row, ...] = ()
        self._cursor = 0
        self._top = 0
        self._filter_words = ""
        self._source = self._lines

    def set_rows(
        self, columns: Sequence[Column], rows: Sequence[Row], *, name: str | None = None, empty: str | None = None
    ) -> None:
        """Show other rows; the cursor follows its row, or stays at its place where that row is gone. On the first row
        of a list without the keys it stays on top, where the newest row comes in. `empty` is what a list without rows
        says from now on."""
        unchanged = name in (None, self._heading_words) and empty in (None, self._empty)
        if unchanged and (tuple(columns), tuple(rows)) == (self._columns, self._all_rows):
            return
        self._empty = self._empty if empty is None else empty
        self._heading_words = self._heading_words if name is None else name
        self._columns, self._all_rows = tuple(columns), tuple(rows)
        self._apply_filter()

    def set_filter(self, words: str) -> None:
        """Show only rows in which `words` occur; empty shows all."""
        self._filter_words = words.strip()
        self._apply_filter()

    @property
    def filter_text(self) -> str:
        """The filter in force."""
        return self._filter_words

    @property
    def cursor_key(self) -> str | None:
        """Identity of the row under the cursor."""
        return self._rows[self._cursor].key if self._rows else None

    @property
    def cursor_text(self) -> str:
        """Words of the row under the cursor, as one line."""
        return "  ".join(cell.text for cell in self._rows[self._cursor].cells if cell.text) if self._rows else ""

    def move(self, by: int) -> None:
        """Move the cursor by rows, stopping at the ends."""
        self._go(self._cursor + by)

    def go_to(self, key: str) -> bool:
        """Put the cursor on a row; False where it is not there."""
        for place, row in enumerate(self._rows):
            if row.key == key:
                self._go(place)
                return True
        return False

    def go_top(self) -> None:
        """To the first row."""
        self._go(0)

    def go_bottom(self) -> None:
        """To the last row."""
        self._go(len(self._rows) - 1)

    @property
    def page(self) -> int:
        """Rows that are visible at once."""
        return max(1, self.inner_size[1] - (1 if self._headings else 0))

    def _go(self, place: int) -> None:
        place = max(0, min(place, len(self._rows) - 1))
        if place != self._cursor:
            self._cursor = place
            self.paint_again()
            self.post_message(self.CursorMoved(self, self.cursor_key))

    def _apply_filter(self) -> None:
        key = self.cursor_key
        words = self._filter_words.lower()
        self._rows = tuple(
            row for row in self._all_rows if not words or words in " ".join(c.text for c in row.cells).lower()
        )
        stays_on_top = self._cursor == 0 and not self.has_focus
        places = [0] if stays_on_top else [place for place, row in enumerate(self._rows) if row.key == key]
        self._cursor = places[0] if places else max(0, min(self._cursor, len(self._rows) - 1))
        chip = f"  /{self._filter_words}  {len(self._rows)} of {len(self._all_rows)}" if self._filter_words else ""
        self.title = f"{self._heading_words}{chip}"
        self.paint_again()
        if self.cursor_key != key:
            self.post_message(self.CursorMoved(self, self.cursor_key))

    def _lines(self, width: int, height: int) -> Sequence[Line]:
        if not self._rows:
            words = f"no row holds '{self._filter_words}' (esc shows all)" if self._filter_words else self._empty
            return wrap(words, width, style="dim", most=max(1, height))
        visible = max(1, height - (1 if self._headings else 0))
        self._top = max(0, min(self._top, self._cursor, len(self._rows) - visible))
        if self._cursor >= self._top + visible:
            self._top = self._cursor - visible + 1
        shown = self._rows[self._top : self._top + visible]
        columns = self._columns if self._headings else tuple(replace(column, heading="") for column in self._columns)
        layout = lay_out(columns, [row.cells for row in self._rows], width - 1)
        rows: list[Line] = [line(" ", *heading_line(layout))] if self._headings else []
        for place, row in enumerate(shown, self._top):
            spans = row_line(layout, row.cells)
            if place == self._cursor and self.has_focus:
                rows.append(line((">" + text_of(spans).ljust(width - 1), "select")))
            elif place == self._cursor:
                rows.append(line(("›", "dim"), *spans))
            else:
                rows.append(line(" ", *spans))
        return rows
