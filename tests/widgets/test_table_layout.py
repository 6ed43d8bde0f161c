"""At any width: no number is cut, no row is too long, the most important columns go last."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from widgets.lines import elide, fit, fit_items, line, sanitise, text_of, width_of, wrap, wrap_spans
from widgets.table_layout import Cell, Column, heading_line, lay_out, row_line

numbers = st.decimals(min_value=-99999, max_value=99999, places=3).map(lambda number: f"{number:,}")
words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z", "M")), min_size=0, max_size=24)
columns = st.lists(
    st.builds(
        Column,
        heading=st.sampled_from(("a", "price", "headroom", "")),
        align=st.sampled_from(("left", "right")),
        priority=st.integers(0, 5),
        flexible=st.booleans(),
        least=st.integers(1, 12),
    ),
    min_size=1,
    max_size=8,
)


@given(st.data(), columns, st.integers(0, 120))
def test_no_cell_is_cut_at_any_width(data, columns, width):
    rows = [
        [Cell(data.draw(words if column.flexible else numbers)) for column in columns]
        for _ in range(data.draw(st.integers(0, 4)))
    ]
    layout = lay_out(columns, rows, width)
    for row in rows:
        painted = row_line(layout, row)
        assert width_of(painted) <= max(width, 0)
        for index, _ in layout.shown:
            if not columns[index].flexible:
                assert row[index].text in text_of(painted)
    assert width_of(heading_line(layout)) <= max(width, 0)


@given(columns, st.integers(0, 120))
def test_a_dropped_column_is_never_more_important_than_a_shown_one_of_equal_need(columns, width):
    rows = [[Cell("123.456") for _ in columns]]
    rigid = [Column(column.heading, column.align, column.priority) for column in columns]
    layout = lay_out(rigid, rows, width)
    shown = {index for index, _ in layout.shown}
    kept = [rigid[index].priority for index in shown]
    dropped = [rigid[index].priority for index in range(len(rigid)) if index not in shown]
    assert not kept or not dropped or max(kept) <= min(dropped)


@given(st.lists(st.one_of(numbers, words), min_size=0, max_size=8).map(" ".join), st.integers(0, 60))
def test_elision_shows_a_number_whole_or_not_at_all(text, width):
    short = elide(text, width)
    assert cell_len(short) <= width
    if short.endswith("…") and short != text:
        for token in short.removesuffix("…").split():
            if any(character.isdigit() for character in token):
                assert token in text.split()


@given(st.text(max_size=60), st.integers(0, 60))
def test_a_fitted_line_has_exactly_its_width(text, width):
    assert width_of(fit(line(sanitise(text)), width)) == width


@given(st.text(max_size=60))
def test_sanitised_text_is_one_harmless_row(text):
    clean = sanitise(text)
    assert clean.isprintable() and "\x1b" not in clean and "\n" not in clean


def test_items_are_dropped_whole_by_priority():
    items = [(line("state RUNNING"), 0), (line("lag 0.4 s"), 2), (line("inbox 2"), 1)]
    assert text_of(fit_items(items, 60)) == "state RUNNING  lag 0.4 s  inbox 2"
    assert text_of(fit_items(items, 24)) == "state RUNNING  inbox 2"
    assert text_of(fit_items(items, 14)) == "state RUNNING"
    assert text_of(fit_items(items, 3)) == ""


@given(st.lists(words, max_size=10).map(" ".join), st.integers(1, 40))
def test_wrapped_rows_fit(text, width):
    assert all(width_of(row) <= width for row in wrap(text, width))
    assert all(width_of(row) <= max(width, 3) for row in wrap_spans(line(text), max(width, 3)))
