"""Noise among posts, and posts that say the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.signals.sentiment.spam_filter import noise_reason, sameness_key, spoken_words


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("https://example.org/a $HE_F 82.5", "no_words"),
        ("🚀🚀🚀", "no_words"),
        ("@bob 12 $HE_F", "no_words"),
        ("", "no_words"),
        ("$HE_F $LE_F $GF_F $ZC_F all going up", "many_tickers"),
        ("HOGS TO THE MOON", "shouting"),
        ("buy buy buy buy hogs now buy", "repeated_words"),
        ("Hogs up 4%, join our free Discord for more", "advertising"),
        ("My hog signals: 5% daily, link in bio", "advertising"),
        ("$HE_F cutout weak again, I stay short", ""),
        ("USDA hog report bearish", ""),
        ("LONG hogs here", ""),
        ("Packers: what about $HE_F $LE_F $GF_F spreads?", ""),
    ],
)
def test_what_is_noise(text: str, reason: str) -> None:
    assert noise_reason(text) == reason


def test_the_same_words_are_the_same_post() -> None:
    one = "Hogs will rally, says my cousin $HE_F https://example.org/1"
    other = "my cousin says: hogs WILL rally!!! 🚀 #hogs @you 100%"
    assert sameness_key(one) == sameness_key(other) != sameness_key("Hogs will not rally, says my cousin")


@given(st.text(max_size=300))
def test_any_text_has_an_answer(text: str) -> None:
    assert bool(spoken_words(text)) or noise_reason(text) == "no_words"
    assert sameness_key(text) == sameness_key(f" {text} ")
