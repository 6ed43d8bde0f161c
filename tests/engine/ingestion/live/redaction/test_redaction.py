"""Secrets in every spelling a request gives them."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.live.redaction import Secret, place_of, redacted


@given(value=st.text(st.characters(codec="ascii", categories=("L", "N", "P")), min_size=6, max_size=40))
def test_no_spelling_of_a_secret_is_left(value: str) -> None:
    text = f"x={value} {quote(value, safe='')} {quote_plus(value)} end"
    shown = redacted(text, [Secret(value)])
    assert value not in shown.replace("***", "") or value in "x= end"


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/x?apiKey=hidden&y=1",
        "https://a.example/x?api_key=hidden",
        "GET /x?y=1&token=hidden HTTP/1.1",
        "https://someone:hidden@a.example/x",
        "access_token=hidden",
        "client_secret=hidden&grant_type=x",
    ],
)
def test_parameters_that_name_a_secret_are_hidden_without_knowing_it(text: str) -> None:
    assert "hidden" not in redacted(text) and "***" in redacted(text)


def test_the_token_behind_bearer_is_hidden_alone_too() -> None:
    assert redacted("your token abcdef is old", [Secret("bearer abcdef")]) == "your token *** is old"


def test_ordinary_words_stay() -> None:
    text = "monkey=1 keyboard broken token bucket key"
    assert redacted(text) == text


def test_a_place_is_host_and_path() -> None:
    assert place_of("https://user:word@a.example:8443/v2/x?apiKey=abc#f") == "a.example:8443/v2/x"
