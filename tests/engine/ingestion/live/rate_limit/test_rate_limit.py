"""The token bucket in terms of a clock from outside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.live.rate_limit import TokenBucket

SECOND = 1_000_000


def test_a_burst_then_the_rate() -> None:
    bucket = TokenBucket(60.0, burst=3)
    assert [bucket.reserve(0) for _ in range(5)] == pytest.approx([0.0, 0.0, 0.0, 1.0, 2.0])
    assert bucket.reserve(10 * SECOND) == 0.0


def test_a_token_that_was_not_used_comes_back() -> None:
    bucket = TokenBucket(60.0)
    bucket.reserve(0)
    assert bucket.reserve(0) == pytest.approx(1.0)
    bucket.give_back()
    assert bucket.reserve(0) == pytest.approx(1.0)


def test_a_clock_that_runs_back_gives_nothing() -> None:
    bucket = TokenBucket(60.0)
    bucket.reserve(100 * SECOND)
    assert bucket.reserve(0) == pytest.approx(1.0)
    assert bucket.reserve(100 * SECOND) == pytest.approx(2.0)


@pytest.mark.parametrize(("rate", "burst"), [(0.0, 1), (-1.0, 1), (float("nan"), 1), (1.0, 0)])
def test_a_bucket_without_a_rate_is_refused(rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match="token bucket"):
        TokenBucket(rate, burst)


@given(
    rate=st.floats(1.0, 600.0),
    burst=st.integers(1, 5),
    gaps=st.lists(st.integers(0, 20 * SECOND), min_size=1, max_size=40),
)
def test_no_window_ever_sees_more_than_the_burst_and_the_rate(rate: float, burst: int, gaps: list[int]) -> None:
    bucket = TokenBucket(rate, burst)
    now, sent = 0.0, []
    for gap in gaps:
        now += gap
        now += bucket.reserve(int(now)) * SECOND
        sent.append(now)
    for first in range(len(sent)):
        for last in range(first, len(sent)):
            allowed = burst + rate * (sent[last] - sent[first]) / (60 * SECOND)
            assert last - first + 1 <= allowed + 1 + 1e-3
