"""A list keeps its cursor on a row while an operator holds it, and its newest row in view while nobody does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from textual.app import App, ComposeResult

from hydra_tui.theme import THEMES
from widgets.ink import COLOUR
from widgets.list_panel import ListPanel, Row
from widgets.table_layout import Cell, Column

COLUMNS = (Column("what", "left"),)


class TwoLists(App[None]):
    """Two lists of four visible rows."""

    CSS = "ListPanel { height: 6; }"

    def __init__(self) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = COLOUR
        self.held = ListPanel("held", headings=False, id="held")
        self.free = ListPanel("free", headings=False, id="free")

    def compose(self) -> ComposeResult:
        yield self.held
        yield self.free


def run(script: Callable[[TwoLists], Awaitable[None]]) -> None:
    async def drive() -> None:
        app = TwoLists()
        async with app.run_test(size=(30, 12)):
            app.held.focus()
            while not app.held.has_focus:
                await asyncio.sleep(0)
            await script(app)

    asyncio.run(drive())


def rows(newest: int) -> list[Row]:
    return [Row(f"order:{number}", (Cell(f"order {number}"),)) for number in range(newest, 0, -1)]


def test_new_rows_on_top_are_seen_where_nobody_holds_the_cursor() -> None:
    async def script(app: TwoLists) -> None:
        for newest in (3, 9, 40):
            for panel in (app.held, app.free):
                panel.set_rows(COLUMNS, rows(newest))
        assert app.free.cursor_key == "order:40"
        assert "order 40" in app.free.render_line(1).text
        assert app.held.cursor_key == "order:3", "the row under the operator's cursor does not change"

    run(script)


def test_a_cursor_that_was_moved_stays_on_its_row_without_the_keys_too() -> None:
    async def script(app: TwoLists) -> None:
        app.free.set_rows(COLUMNS, rows(5))
        app.free.move(2)
        app.free.set_rows(COLUMNS, rows(8))
        assert app.free.cursor_key == "order:3"

    run(script)


def test_a_long_reason_for_an_empty_list_is_read_to_its_end() -> None:
    async def script(app: TwoLists) -> None:
        app.free.set_rows(COLUMNS, [], empty="no option chain is stored " * 3 + "until a file brings one")
        painted = " ".join(app.free.render_line(row).text for row in range(app.free.size.height))
        assert "brings one" in painted

    run(script)


def test_the_list_that_takes_the_keys_shows_it_at_once() -> None:
    async def script(app: TwoLists) -> None:
        app.free.set_rows(COLUMNS, rows(2))
        assert "›" in app.free.render_line(1).text
        app.free.focus()
        while not app.free.has_focus:
            await asyncio.sleep(0)
        assert ">order 2" in app.free.render_line(1).text

    run(script)
