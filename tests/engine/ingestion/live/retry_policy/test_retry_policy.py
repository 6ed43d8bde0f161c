"""Waits between tries, and what a source says about them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.live.retry_policy import RetryPolicy, asked_pause_seconds
from tests.engine.ingestion.live.fake_time import NOW

POLICY = RetryPolicy(max_tries=4, first_wait_seconds=1.0, longest_wait_seconds=60.0, longest_retry_after_seconds=3600.0)


@given(tries=st.integers(1, 10_000), chance=st.floats(0.0, 1.0, exclude_max=True))
def test_waits_lie_between_half_and_the_whole_of_the_doubled_wait(tries: int, chance: float) -> None:
    doubled = min(60.0, 2.0 ** min(tries - 1, 6))
    assert doubled / 2.0 <= POLICY.wait_seconds(tries, chance) <= doubled


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": " 0 "}, 0.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:02:00 GMT"}, 120.0),
        ({"retry-after": "Thu, 19 Nov 2026 12:02:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "1" * 40}, None),
        ({"x-ratelimit-reset": "35.0"}, 35.0),
        ({"x-ratelimit-reset": str(NOW // 1_000_000 + 90)}, 90.0),
        ({"retry-after": "5", "x-ratelimit-reset": "35"}, 5.0),
        ({"x-ratelimit-reset": "never"}, None),
        ({}, None),
    ],
)
def test_the_pause_that_a_source_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_pause_seconds(headers, NOW) == seconds


@given(text=st.text(max_size=60))
def test_no_header_breaks_the_reading(text: str) -> None:
    for name in ("retry-after", "x-ratelimit-reset"):
        pause = asked_pause_seconds({name: text}, NOW)
        assert pause is None or pause >= 0.0
