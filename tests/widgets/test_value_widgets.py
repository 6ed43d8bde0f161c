"""Limit bars, ages, sparklines, diffs and score cards as text."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from widgets.alert_list import level_cell
from widgets.diff import diff_lines
from widgets.limit_bar import limit_bar, limit_state
from widgets.lines import text_of, width_of
from widgets.scorecard import Score, scorecard
from widgets.sparkline import share_bar, sparkline
from widgets.stale_value import age_words, freshness, stale_value

finite = st.floats(-1e6, 1e6)


@given(st.one_of(st.none(), finite), st.one_of(st.none(), finite), st.one_of(st.none(), finite), st.integers(0, 40))
def test_a_limit_bar_has_exactly_its_width(now, warn, trip, width):
    assert len(limit_bar(now, warn, trip, width)) == width


def test_limit_states_for_limits_above_and_below():
    assert [limit_state(x, 0.1, 0.15) for x in (0.05, 0.1, 0.2, None)] == ["OK", "WARN", "TRIP", "UNKNOWN"]
    assert [limit_state(x, -1500.0, -2500.0) for x in (412.0, -1600.0, -2500.0)] == ["OK", "WARN", "TRIP"]


def test_a_bar_is_full_only_when_the_limit_is_reached():
    assert share_bar(0.999, 10).endswith("░") and share_bar(1.0, 10) == "█" * 10
    assert share_bar(0.0, 4) == "░░░░" and share_bar(0.001, 4).startswith("█")


@given(st.lists(st.one_of(finite, st.just(math.nan)), max_size=50), st.integers(0, 30))
def test_a_sparkline_never_exceeds_its_width(values, width):
    assert len(sparkline(values, width)) <= width


def test_ages_read_in_two_units_at_most():
    second = 1_000_000
    assert [age_words(n * second) for n in (0, 41, 252, 2400, 12_000, 180_000)] == [
        "0.0s",
        "41s",
        "4m12s",
        "40m",
        "3h20",
        "2d02h",
    ]


def test_an_old_value_is_marked_and_a_very_old_one_withheld():
    minute = 60_000_000
    assert stale_value("81.275", 0, minute, 10 * minute) == ("81.275", "normal")
    assert stale_value("81.275", 4 * minute, minute, 10 * minute) == ("~81.275 4m00s", "stale")
    words, _ = stale_value("81.275", 11 * minute, minute, 10 * minute)
    assert "81" not in words and words.startswith("--")
    assert freshness(None, minute, None) == "withheld"


def test_a_diff_names_what_is_new_gone_and_changed():
    rows = [text_of(row) for row in diff_lines({"a": 1, "b": {"c": 2.0}}, {"b": {"c": 3.0}, "d": "x\x1b[2J"})]
    assert rows == ["- a  1", "~ b.c  2 → 3", "+ d  x[2J"]
    assert text_of(diff_lines({}, {})[0]) == "= no difference"


def test_a_scorecard_drops_columns_whole():
    scores = [
        Score("sharpe", ".25", "1.120", "0.940", "+0.180", True),
        Score("drawdown", ".20", "0.031", "0.026", "+0.005", False),
    ]
    for width in (20, 36, 80):
        rows = scorecard(scores, width)
        assert all(width_of(row) <= width for row in rows)
        assert "1.120" in text_of(rows[1])
    assert "▲ better" in text_of(scorecard(scores, 80)[1]) and "▼ worse" in text_of(scorecard(scores, 80)[2])


def test_levels_have_glyph_and_word():
    assert [level_cell(level).text for level in ("CRITICAL", "WARNING", "INFO", "ODD")] == [
        "■ CRIT",
        "▲ WARN",
        "● INFO",
        "? ODD",
    ]
