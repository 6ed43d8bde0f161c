from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.parsing.text_cleaning import UnusableTextError, clean_text, one_line


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  Hogs\r\n\tup  ", "Hogs up"),
        ("<p>Hogs <b>up</b></p><p>Pork&nbsp;down</p>", "Hogs up Pork down"),
        ("Hogs<br/>up <!-- note -->now", "Hogs up now"),
        ("<a href=\"https://x\" onclick='y()'>Pork</a>, beef", "Pork, beef"),
        ("Let&#39;s buy &amp; hold", "Let's buy & hold"),
        ("margin &lt; 5 and > 3", "margin < 5 and > 3"),
        ("profit < 5", "profit < 5"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("a\x1b[31mb\x07\x9bc\x00d", "a [31mb c d"),
        ("price \u202edown\u202c\u200b \ufeffnow", "price down now"),
        ("up 🤷\u200d♂️ é", "up 🤷\u200d♂️ é"),
        ("&#27;[2Jx", "[2Jx"),
        ("line\u2028next", "line next"),
    ],
)
def test_clean(raw: str, clean: str) -> None:
    assert clean_text(raw, 100) == clean


@pytest.mark.parametrize("raw", ["bad \ufffd byte", "lone \ud800 half", "&#xfffd;", "&#xd800;"])
def test_bytes_that_were_no_text_are_told(raw: str) -> None:
    with pytest.raises(UnusableTextError, match="holds bytes that are not text"):
        clean_text(raw, 100)


def test_a_text_has_a_longest_length() -> None:
    assert clean_text("x" * 100, 100) == "x" * 100
    for raw in ("x" * 101, "<" * 70_000, "<a " * 20_000, " " * 70_000):
        with pytest.raises(UnusableTextError, match="longer than 100 characters"):
            clean_text(raw, 100)


@given(st.text(st.characters(), max_size=200))
def test_nothing_unsafe_is_left(raw: str) -> None:
    try:
        clean = clean_text(raw, 1_000)
    except UnusableTextError:
        return
    assert clean == clean.strip() and "  " not in clean
    assert not {unicodedata.category(letter) for letter in clean} & {"Cc", "Cs", "Zl", "Zp"}
    assert clean.encode() is not None


@given(st.text(st.characters(), max_size=300))
def test_one_line_is_short_and_safe(raw: str) -> None:
    line = one_line(raw, 50)
    assert len(line) <= 50 and "\n" not in line and "\x1b" not in line and line.encode() is not None
