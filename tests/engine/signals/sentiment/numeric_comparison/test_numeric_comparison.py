"""Directions from two amounts: sign, scale, currency, noun and order; silent where nothing can be compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.signals.sentiment.numeric_comparison import numeric_comparisons

SCALES = {"mn": 1e6, "million": 1e6, "bn": 1e9, "": 1.0}
COMPARISONS = ("compared to", "from", "versus", "vs.", "against")


def directions(text: str) -> list[int]:
    return [one.direction for one in numeric_comparisons(text)]


@given(
    newer=st.integers(1, 99_999),
    older=st.integers(1, 99_999),
    scales=st.tuples(st.sampled_from(["mn", "million", "bn"]), st.sampled_from(["mn", "million", "bn"])),
    word=st.sampled_from(COMPARISONS),
    noun=st.sampled_from([("profit", 1), ("sales", 1), ("costs", -1), ("supplies", -1), ("loss", -1)]),
)
def test_the_sign_of_the_change_times_the_sense_of_the_noun(
    newer: int, older: int, scales: tuple[str, str], word: str, noun: tuple[str, int]
) -> None:
    new_value, old_value = newer / 10 * SCALES[scales[0]], older / 10 * SCALES[scales[1]]
    change = (new_value > old_value) - (new_value < old_value)
    text = f"Operating {noun[0]} totalled EUR {newer / 10} {scales[0]} {word} EUR {older / 10} {scales[1]} in 2004"
    assert directions(text) == [change * noun[1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Profit fell to EUR 35.4 mn from EUR 68.8 mn in 2007", [-1]),
        ("Profit rose from EUR 4.8 mn in the first quarter to EUR 6.4 mn", [1]),
        ("EPS of $1.12 vs. $1.05", [1]),
        ("price target raised to $23 vs. $22", [1]),
        ("Profit was EUR 0.1 mn, compared to EUR -0.4 mn", [1]),
        ("Cash flow was a negative EUR 3.1 mn, compared to EUR 23.3 mn", [-1]),
        ("Pretax profit totalled EUR 2.0 mn, compared to a loss of EUR 159.2 mn", [1]),
        ("A net loss of 66.4 mln euro $ 91.2 mln compared to a net profit of 7.1 mln euro $ 9.8 mln", [-1]),
        ("It swung to a 1.1 mln euro $ 1.4 mln net profit from a 249,000 euro $ 319,000 net loss", [1]),
        ("Loss per share of EUR0 .3 versus EUR0 .1", [-1]),
        ("Order book stood at EUR 8.77 mn compared to EUR 7.04 in 2005", [1]),
        ("Net profit rocketed to EUR4 .8 m in 2010 from EUR416 ,000 in 2009", [1]),
        ("Sales were 20.3 million liters, up 1.9 percent from 19.92 million liters", [1]),
        ("Sales stood at EUR 5 mn compared to EUR 5 mn", [0]),
        ("Hog slaughter was 2.5 million head compared to 2.4 million head a year ago", [-1]),
        # nothing that can be compared or judged
        ("The deal could cost from 70 million to 90 million euros", []),
        ("Purchase 24.7 % of the shares from one and 3 % from another", []),
        ("Profit was EUR 5 mn. Compared to 2004 the firm moved", []),
        ("Profit rose 5 % compared to EUR 3 mn", []),
        ("The temperature rose to 30 million from 20 million", []),
        ("Operating profit increased from EUR 13.6 m, while sales increased from EUR 394.7 m", []),
        ("Profit was $5 mn compared to EUR 4 mn", []),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[int]) -> None:
    assert directions(text) == expected


def test_both_amounts_are_quoted_newer_first() -> None:
    (found,) = numeric_comparisons("Profit rose from EUR 4.2 mn to EUR 5.1 mn")
    assert found.text == "eur 5.1 mn against eur 4.2 mn"


@given(text=st.text(alphabet="0123456789.,- %$€abcfromtuvs()", max_size=120))
def test_any_text_is_survived(text: str) -> None:
    assert all(one.direction in (-1, 0, 1) for one in numeric_comparisons(f"profit {text}"))
