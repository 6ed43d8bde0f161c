"""Whiskers, signed bars, column charts and their axes as text: exact widths, no clipped number."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from widgets.column_chart import band_axis, cell_of, column_chart, placed_labels, sampled, value_at
from widgets.signed_bar import signed_bar
from widgets.whisker import whisker

finite = st.floats(-1e6, 1e6)
maybe = st.none() | st.just(math.nan) | finite


@given(maybe, maybe, maybe, maybe, finite, finite, st.integers(0, 50))
def test_a_whisker_has_exactly_its_width(low, middle, high, mark, one, other, width):
    assert len(whisker(low, middle, high, mark, (one, other), width)) == width


def test_a_whisker_shows_range_middle_and_mark():
    assert whisker(2.0, 5.0, 8.0, 6.5, (0.0, 10.0), 10) == "  ├──•◆─┤ "
    assert whisker(None, None, 8.0, 4.0, (0.0, 10.0), 10) == "┄┄┄┄◆┄┄┄┤ "
    assert whisker(2.0, None, None, None, (0.0, 10.0), 10) == "  ├┄┄┄┄┄┄┄"
    assert whisker(None, None, None, None, (0.0, 10.0), 5) == "     "
    assert whisker(5.0, None, 5.01, None, (0.0, 10.0), 10) == "     ┼    "


def test_what_lies_beyond_the_scale_points_there():
    assert whisker(-5.0, 5.0, 25.0, None, (0.0, 10.0), 10) == "‹────•───›"
    assert whisker(1.0, None, 3.0, 99.0, (0.0, 10.0), 10) == " ├─┤     ›"
    assert whisker(20.0, None, 30.0, None, (0.0, 10.0), 5).strip() == "›"


@given(maybe, st.floats(0, 1e6), st.integers(0, 60))
def test_a_signed_bar_has_exactly_its_width_and_tells_the_sign_by_its_side(value, largest, width):
    bar = signed_bar(value, largest, width)
    assert len(bar) == width
    if value is not None and math.isfinite(value) and width >= 3:
        left, _, right = bar.partition("│")
        assert ("▒" in left) == (value < 0) and ("█" in right) == (value > 0)


def test_signed_bars_are_to_scale():
    assert signed_bar(-2.0, 4.0, 9) == "  ▒▒│    "
    assert signed_bar(4.0, 4.0, 9) == "    │████"
    assert signed_bar(0.0, 4.0, 9) == "    │    "
    assert signed_bar(1e-9, 4.0, 9) == "    │█   ", "the smallest number still shows its side"
    assert signed_bar(None, 4.0, 9) == "    ?    "


@given(st.lists(st.none() | st.floats(-1, 2), max_size=40), st.integers(0, 12))
def test_a_column_chart_fills_its_rows_and_columns(heights, rows):
    chart = column_chart(heights, rows)
    assert len(chart) == rows and all(len(line) == len(heights) for line in chart)


def test_columns_stand_on_the_lowest_row():
    assert column_chart([0.0, 0.25, 0.5, 1.0, None], 2) == ["   █ ", " ▄██ "]
    assert column_chart([0.001], 2) == [" ", "▁"], "what is not zero shows"


def test_a_curve_is_read_between_its_points_and_nowhere_else():
    xs, ys = (0.0, 1.0, 3.0), (0.0, 10.0, 30.0)
    assert [value_at(xs, ys, x) for x in (-0.1, 0.0, 0.5, 2.0, 3.0, 3.1)] == [None, 0.0, 5.0, 20.0, 30.0, None]
    assert sampled(xs, ys, 0.0, 4.0, 4) == [5.0, 15.0, 25.0, None]
    assert sampled((), (), 0.0, 1.0, 3) == [None] * 3


@given(finite, finite, finite, st.integers(1, 80))
def test_a_value_has_a_cell_of_the_axis(value, low, high, width):
    assert 0 <= cell_of(value, low, high, width) < width


def test_the_band_stands_on_the_axis():
    assert band_axis(2, 5, 8, 11) == "──[━━┿━━]──"


@given(st.lists(st.tuples(st.integers(-5, 90), st.text("0123456789.%", max_size=9)), max_size=6), st.integers(0, 80))
def test_labels_are_whole_or_absent_and_never_touch(labels, width):
    row = placed_labels(labels, width)
    assert cell_len(row) == width
    words = {text for _, text in labels}
    assert all(piece in words for piece in row.split())


def test_the_more_important_label_stays():
    assert placed_labels([(5, "81.275"), (7, "5% 79.000")], 20) == "  81.275            "
    assert placed_labels([(0, "81.275"), (19, "95% 94.4")], 20) == "81.275      95% 94.4"
