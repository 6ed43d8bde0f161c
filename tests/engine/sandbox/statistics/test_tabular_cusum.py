"""Tabular CUSUM: the textbook recursion, strict alarms, restarts, change points, and what memory and tails cost."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sandbox.statistics.tabular_cusum import (
    CusumAlarm,
    TabularCusum,
    cusum_alarms,
    cusum_path,
    cusum_run_lengths,
)

SCORES = st.lists(st.floats(-6, 6), min_size=1, max_size=120)


def first_in_published_example() -> list[float]:
    """Montgomery's example 9.1: target 10, sigma 1, shift to 11 after sample 20; scores are x - 10."""
    samples = (
        "9.45 7.99 9.29 11.66 12.16 10.18 8.04 11.46 9.20 10.34 9.03 11.47 10.51 9.40 10.08 9.37 10.62 10.31 8.52 "
        "10.84 10.90 9.33 12.29 11.50 10.60 11.08 10.38 11.62 11.31 10.52"
    )
    return [float(item) - 10.0 for item in samples.split()]


def test_published_example_alarms_at_sample_29_and_dates_the_shift_after_sample_22() -> None:
    alarm = cusum_alarms(first_in_published_example(), k=0.5, h=5.0)[0]
    assert (alarm.index + 1, alarm.side, alarm.change_index + 1) == (29, "up", 23)
    assert alarm.value == pytest.approx(5.28)


def test_only_a_sum_strictly_above_the_threshold_alarms() -> None:
    assert cusum_alarms([2.5, 2.5], k=0.5, h=4.0) == ()
    assert cusum_alarms([2.5, 2.75], k=0.5, h=4.0) == (CusumAlarm(1, "up", 4.25, 0),)


def test_sums_begin_anew_after_an_alarm() -> None:
    alarms = cusum_alarms([-3.0] * 6, k=0.5, h=4.0)
    assert [(item.index, item.side, item.change_index) for item in alarms] == [
        (1, "down", 0),
        (3, "down", 2),
        (5, "down", 4),
    ]


def test_missing_scores_change_nothing_but_the_position() -> None:
    with_gap = cusum_alarms([0.0, 3.0, math.nan, 3.0], k=0.5, h=4.0)
    assert with_gap == (CusumAlarm(3, "up", 5.0, 1),)
    high, low = cusum_path(np.array([1.0, math.nan, 1.0]), 0.5)
    assert high.tolist() == [0.5, 0.5, 1.0]
    assert low.tolist() == [0.0, 0.0, 0.0]


@given(SCORES, st.floats(0, 1))
def test_closed_form_equals_the_recursion(scores: list[float], k: float) -> None:
    cusum, expected = TabularCusum(k, math.inf), []
    for score in scores:
        cusum.add(score)
        expected.append((cusum.high, cusum.low))
    high, low = cusum_path(np.array(scores), k)
    assert np.column_stack((high, low)) == pytest.approx(np.array(expected), abs=1e-9)


@given(st.lists(st.lists(st.floats(-3, 3), min_size=30, max_size=30), min_size=1, max_size=4))
def test_many_streams_at_once_alarm_where_each_alone_does(streams: list[list[float]]) -> None:
    lengths = cusum_run_lengths(np.array(streams).T, 0.25, 3.0)
    alone = [next((item.index + 1 for item in cusum_alarms(stream, 0.25, 3.0)), 0) for stream in streams]
    assert lengths.tolist() == alone


@settings(max_examples=50)
@given(SCORES, SCORES)
def test_state_continues_from_json(before: list[float], after: list[float]) -> None:
    straight = TabularCusum(0.25, 3.0)
    for score in before:
        straight.update(score)
    resumed = TabularCusum(**json.loads(json.dumps(asdict(straight))))
    assert [straight.update(score) for score in after] == [resumed.update(score) for score in after]
    assert straight == resumed


@given(SCORES)
def test_both_sums_never_rise_together(scores: list[float]) -> None:
    cusum = TabularCusum(0.5, math.inf)
    for score in scores:
        high, low = cusum.high, cusum.low
        cusum.add(score)
        assert cusum.high <= high or cusum.low <= low


def mean_run_length(scores: np.ndarray) -> tuple[float, float]:
    lengths = cusum_run_lengths(scores, 0.5, 5.0)
    assert np.all(lengths > 0)
    return float(np.mean(lengths)), float(np.std(lengths) / math.sqrt(lengths.size))


@pytest.mark.parametrize(("phi", "bars"), [(0.1, 246), (0.25, 118), (0.5, 50)])
def test_memory_shortens_the_run_length_of_465_bars(phi: float, bars: float) -> None:
    rng = np.random.default_rng(5)
    scores = rng.standard_normal((3000, 1500))
    for bar in range(1, len(scores)):
        scores[bar] = phi * scores[bar - 1] + math.sqrt(1.0 - phi * phi) * scores[bar]
    mean, error = mean_run_length(scores)
    assert mean == pytest.approx(bars, abs=3.0 * error + 0.02 * bars)


@pytest.mark.parametrize(("degrees", "bars"), [(5.0, 286), (3.0, 239)])
def test_heavy_tails_shorten_it_too(degrees: float, bars: float) -> None:
    rng = np.random.default_rng(6)
    scores = rng.standard_t(degrees, (3500, 1500)) / math.sqrt(degrees / (degrees - 2.0))
    mean, error = mean_run_length(scores)
    assert mean == pytest.approx(bars, abs=3.0 * error + 0.02 * bars)
