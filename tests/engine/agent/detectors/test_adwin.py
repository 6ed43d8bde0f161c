"""ADWIN2 against the published stream and its own bound."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.agent.detectors.adwin import BUCKETS_PER_SIZE, AdaptiveWindow


def _stream() -> list[int]:
    rng = random.Random(12345)
    return rng.choices([0, 1], k=1000) + rng.choices(range(4, 8), k=1000)


@pytest.mark.parametrize(("clock", "index"), [(32, 1023), (1, 1002)])
def test_published_stream(clock: int, index: int) -> None:
    window = AdaptiveWindow(0.002, clock)
    assert next(i for i, value in enumerate(_stream()) if window.update(value)) == index


def test_window_forgets_the_old_mean() -> None:
    window = AdaptiveWindow(0.002, 32)
    for value in _stream():
        window.update(value)
    assert 5.2 < window.mean < 5.8
    assert window.width <= 1010


def test_stationary_bernoulli_streams_do_not_alarm() -> None:
    alarms = 0
    for seed in range(60):
        rng, window = random.Random(seed), AdaptiveWindow(0.002, 32)
        alarms += any(window.update(rng.random() < 0.5) for _ in range(1000))
    assert alarms == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=300))
def test_histogram_keeps_count_and_sum(values: list[float]) -> None:
    window = AdaptiveWindow(1e-12, 32)
    for value in values:
        window.update(value)
    kept = sum(len(row) * 2**level for level, row in enumerate(window.rows))
    assert kept == window.width
    assert sum(total for row in window.rows for total, _ in row) == pytest.approx(window.total, abs=1e-6)
    assert all(len(row) <= BUCKETS_PER_SIZE for row in window.rows)
    assert window.scatter >= 0.0
