"""Copies and rewrites count once inside the window; other news never counts as a copy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.signals.sentiment.text_duplicates import DuplicateFinder, normalised, without_publisher

HOUR = 3_600_000_000
FIRST = "Hog futures rally on record export demand from China"
WORDS = st.lists(
    st.sampled_from(
        ["hog", "pork", "price", "rally", "fall", "on", "the", "demand", "china", "weekly", "up", "3%", "4%"]
    )
)


def is_copy(first: str, second: str) -> bool:
    finder = DuplicateFinder(48 * HOUR)
    assert finder.first_of("a", 0, first) is None
    return finder.first_of("b", HOUR, second) == "a"


@pytest.mark.parametrize(
    "copy",
    [
        FIRST,
        FIRST.upper(),
        f"{FIRST} - Reuters",
        f"{FIRST} | Farm Progress",
        f"{FIRST} – The Wall Street Journal",
        f"UPDATE 1-{FIRST}",
        f"RT @someone: {FIRST}",
        f"{FIRST} (Reuters)",
        f"{FIRST}! https://example.org/a",
        "Hog futures rally on record export demand from China: traders",
        "Hog prices rally on the record export demand from China",
    ],
)
def test_copies(copy: str) -> None:
    assert is_copy(FIRST, copy) and is_copy(copy, FIRST)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Hog futures close higher on strong export demand", "Hog futures close lower on strong export demand"),
        ("Hog futures rise 1.2% on export demand from China", "Hog futures rise 2.3% on export demand from China"),
        ("Smithfield EPS beats by five cents, beats on revenue", "Tyson EPS beats by five cents, beats on revenue"),
        ("Here is what happened to hog futures on Friday", "Here is what happened to hog futures on Tuesday"),
        ("Hogs up", "Hogs down"),
        (
            "Hog exports rise to 4 million from 3 million in week",
            "Hog exports rise to 3 million from 4 million in week",
        ),
        ("Hog prices - what to expect in 2024", "Hog prices - what to expect in 2025"),
        ("Smithfield shares: +2.6% after the open in New York", "Smithfield shares: -2.6% after the open in New York"),
    ],
)
def test_other_news(first: str, second: str) -> None:
    assert not is_copy(first, second) and not is_copy(second, first)


def test_the_first_publication_counts_and_the_window_ends() -> None:
    finder = DuplicateFinder(2 * HOUR)
    assert finder.first_of(1, 0, FIRST) is None
    assert finder.first_of(2, HOUR, f"{FIRST} - Reuters") == 1
    assert finder.first_of(3, 2 * HOUR - 1, FIRST) == 1
    assert finder.first_of(4, 2 * HOUR, FIRST) is None
    assert finder.first_of(5, 3 * HOUR, FIRST) == 4


def test_a_text_of_an_earlier_time_that_arrives_late_is_a_copy_too() -> None:
    finder = DuplicateFinder(2 * HOUR)
    finder.first_of("known", 2 * HOUR, FIRST)
    assert finder.first_of("late", HOUR, f"{FIRST} - AP") == "known"


def test_memory_is_bounded() -> None:
    finder = DuplicateFinder(1e18, remembered=100)
    for number in range(1_000):
        assert finder.first_of(number, number, f"hog report number {number} of the week says the same") is None
    assert len(finder._seen) <= 100 and len(finder._by_text) <= 100
    assert sum(map(len, finder._by_pair.values())) <= 100 * 10
    assert finder.first_of("again", 1_000, "hog report number 999 of the week says the same") == 999


@given(titles=st.lists(WORDS.map(" ".join), max_size=25))
def test_each_copy_points_to_a_text_that_counted(titles: list[str]) -> None:
    finder = DuplicateFinder(1e18)
    counted: set[int] = set()
    for number, title in enumerate(titles):
        first = finder.first_of(number, number, title)
        if first is None:
            counted.add(number)
        else:
            assert first in counted
    exact = {normalised(without_publisher(title)) for title in titles}
    assert len(counted) <= len(exact)


def test_a_tail_that_says_something_is_no_publisher() -> None:
    assert without_publisher("Hogs rally - prices up") == "Hogs rally - prices up"
    assert without_publisher("Hogs rally - Iowa Farmer Today") == "Hogs rally"
    assert without_publisher("Hogs - 2026") == "Hogs - 2026"
