"""A panel paints what its source says, from kept strips: any part of it, in any theme, at any size."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip

from hydra_tui.theme import THEMES
from widgets.ink import COLOUR, GREYSCALE, ink
from widgets.lines import Line, line, width_of
from widgets.panel import Panel

WIDTH, HEIGHT = 40, 10
SPANS = st.lists(
    st.tuples(st.text(st.characters(categories=("L", "N", "Zs")), max_size=12), st.sampled_from(("normal", "crit"))),
    max_size=4,
)


class OnePanel(App[None]):
    """A panel that fills the screen."""

    def __init__(self) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = COLOUR
        self.panel = Panel("Title")

    def compose(self) -> ComposeResult:
        yield self.panel


def run(script: Callable[[OnePanel], Awaitable[None] | None]) -> None:
    async def drive() -> None:
        app = OnePanel()
        async with app.run_test(size=(WIDTH, HEIGHT)):
            done = script(app)
            if done is not None:
                await done

    asyncio.run(drive())


def whole(panel: Panel) -> list[Strip]:
    return panel.render_lines(Region(0, 0, WIDTH, HEIGHT))


def texts(strips: Sequence[Strip]) -> list[str]:
    return [strip.text for strip in strips]


def test_other_content_is_painted_at_once_and_a_frame_holds_it() -> None:
    def script(app: OnePanel) -> None:
        for words in ("first", "second", "first"):
            app.panel.show(lambda w, h, words=words: [line(words)], title=words.title())
            rows = texts(whole(app.panel))
            assert rows[1] == f"│ {words.ljust(WIDTH - 4)} │"
            assert rows[0].startswith(f"┌─ {words.title()} ─")
            assert {strip.cell_length for strip in whole(app.panel)} == {WIDTH}

    run(script)


@given(rows=st.lists(SPANS, max_size=HEIGHT), left=st.integers(0, WIDTH - 1), top=st.integers(0, HEIGHT - 1))
@settings(max_examples=25, deadline=None)
def test_a_part_is_cut_out_of_the_whole(rows: list[list[tuple[str, str]]], left: int, top: int) -> None:
    lines: list[Line] = [tuple(spans) for spans in rows]

    def script(app: OnePanel) -> None:
        app.panel.show(lambda w, h: [spans for spans in lines if width_of(spans) <= w][:h])
        part = app.panel.render_lines(Region(left, top, WIDTH - left, HEIGHT - top))
        assert part == [strip.crop(left, WIDTH) for strip in whole(app.panel)[top:]]

    run(script)


@pytest.mark.parametrize("theme", [COLOUR, GREYSCALE])
def test_every_cell_has_the_ink_and_the_ground_of_its_theme(theme: str) -> None:
    def script(app: OnePanel) -> None:
        app.panel.show(lambda w, h: [line(("loud", "crit"), "  quiet")])
        whole(app.panel)
        app.theme = theme
        strips = whole(app.panel)
        assert all(segment.style and segment.style.bgcolor for strip in strips for segment in strip)
        styles = {segment.text: segment.style for segment in strips[1]}
        assert styles["loud"] == ink("crit", theme)
        assert styles["  quiet"] == ink("normal", theme)

    run(script)


def test_another_size_is_laid_out_anew() -> None:
    asked: list[tuple[int, int]] = []

    async def script(app: OnePanel) -> None:
        def source(width: int, height: int) -> Sequence[Line]:
            asked.append((width, height))
            return [line("x" * width)]

        app.panel.show(source)
        app.panel.styles.width = 20
        while app.panel.size.width != 20:
            await asyncio.sleep(0)
        strips = app.panel.render_lines(Region(0, 0, 20, HEIGHT))
        assert {strip.cell_length for strip in strips} == {20}
        assert strips[1].text == f"│ {'x' * 16} │"

    run(script)
    assert (16, HEIGHT - 2) in asked
