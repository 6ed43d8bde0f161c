"""Signed volume: bounded, mirrored, surer with more volume, silent without any."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import FuturesBar
from engine.signals.sentiment.flow_scorer import MOST_CONFIDENCE, FlowScorer

HALFLIFE_US = 5 * 86_400_000_000
bars = st.lists(st.tuples(st.floats(-1.0, 1.0) | st.just(math.nan), st.integers(0, 50_000)), min_size=1, max_size=30)


def bar(index: int, volume: float) -> FuturesBar:
    start = index * 86_400_000_000
    known = start + 70_000_000_000
    return FuturesBar("lean_hogs", "yahoo", "HEM23", 1, 86_400, start, known, 80.0, 81.0, 79.0, 80.5, volume)


def run(values: list[tuple[float, int]], sign: float = 1.0, last_times: float = 1.0) -> FlowScorer:
    scorer = FlowScorer(HALFLIFE_US)
    for index, (imbalance, volume) in enumerate(values):
        times = last_times if index == len(values) - 1 else 1.0
        scorer.update(bar(index, times * volume), sign * imbalance, 10_000.0)
    return scorer


@given(bars)
def test_bounded_and_mirrored(values: list[tuple[float, int]]) -> None:
    now = bar(len(values), 0.0).event_ts
    one, other = run(values).sentiment(now), run(values, -1.0).sentiment(now)
    assert 0.0 <= one.confidence <= MOST_CONFIDENCE and other.confidence == one.confidence
    assert repr(other.score) == repr(-one.score) or one.score == other.score == 0.0 or math.isnan(one.score)
    assert math.isnan(one.score) == (one.confidence == 0.0)


@given(bars, st.floats(1.0, 50.0))
def test_more_volume_behind_a_signed_bar_is_surer(values: list[tuple[float, int]], times: float) -> None:
    values = [*values, (0.5, 5_000)]
    now = bar(len(values), 0.0).event_ts
    assert run(values, last_times=times).sentiment(now).confidence >= run(values).sentiment(now).confidence - 1e-12


def test_usual_volume_in_one_direction() -> None:
    scorer = run([(1.0, 10_000)] * 20)
    found = scorer.sentiment(bar(19, 0.0).known_ts)
    assert found.score == 1.0 and found.confidence == pytest.approx(0.3) and found.as_of_ts == bar(19, 0.0).event_ts


def test_recent_bars_and_large_bars_speak_louder() -> None:
    now = bar(2, 0.0).known_ts
    assert run([(-1.0, 10_000), (1.0, 10_000)]).sentiment(now).score > 0.0
    assert run([(-1.0, 90_000), (1.0, 10_000)]).sentiment(now).score < 0.0


@pytest.mark.parametrize("values", [[(math.nan, 10_000)] * 5, [(0.5, 0)] * 5])
def test_nothing_signed_is_no_opinion(values: list[tuple[float, int]]) -> None:
    assert run(values).sentiment(10**18).confidence == 0.0


def test_unknown_usual_volume_is_no_opinion() -> None:
    scorer = FlowScorer(HALFLIFE_US)
    scorer.update(bar(0, 5_000.0), 0.5, math.nan)
    assert scorer.sentiment(bar(0, 0.0).known_ts).confidence == 0.0


def test_it_fades_without_bars() -> None:
    scorer, known = run([(1.0, 10_000)] * 20), bar(19, 0.0).known_ts
    assert scorer.sentiment(known + HALFLIFE_US).confidence == pytest.approx(0.15)
