"""ADWIN2 against the published stream, the reference implementation, its own bound and the published delays."""

from __future__ import annotations

import json
import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sandbox.statistics.adwin import BUCKETS_PER_SIZE, AdaptiveWindow
from engine.sandbox.statistics.autoregressive_whitening import fit_autoregression


def documented_stream() -> list[float]:
    rng = random.Random(12345)
    return [float(item) for item in rng.choices([0, 1], k=1000) + rng.choices(range(4, 8), k=1000)]


def bernoulli_stream(seed: int, after: float, change: int = 1500, values: int = 3000) -> list[float]:
    """Share .2, and `after` from value `change` on."""
    rng = np.random.default_rng(seed)
    return [float(item) for item in np.r_[rng.binomial(1, 0.2, change), rng.binomial(1, after, values - change)]]


def alarms(stream: list[float], delta: float, clock: int) -> list[int]:
    window = AdaptiveWindow(delta, clock)
    return [index for index, value in enumerate(stream) if window.update(value)]


@pytest.mark.parametrize(("clock", "index"), [(32, 1023), (1, 1002)])
def test_documented_stream(clock: int, index: int) -> None:
    assert alarms(documented_stream(), 0.002, clock)[0] == index


@pytest.mark.parametrize(("delta", "clock", "index"), [(0.002, 32, 1727), (0.002, 1, 1712), (0.05, 1, 1571)])
def test_bernoulli_stream(delta: float, clock: int, index: int) -> None:
    """Indices of river 0.26.1 on `bernoulli_stream(0, .4)`: a faster clock and a larger delta are sooner."""
    assert alarms(bernoulli_stream(0, 0.4), delta, clock)[0] == index


@pytest.mark.parametrize(("delta", "clock"), [(0.002, 32), (0.002, 1), (0.05, 1), (0.3, 8)])
@pytest.mark.parametrize("kind", ["documented", "bernoulli", "steps"])
def test_every_alarm_and_window_of_the_reference_implementation(kind: str, delta: float, clock: int) -> None:
    drift = pytest.importorskip("river.drift", reason="river 0.26.1 is the oracle of this test")
    rng = np.random.default_rng(9)
    steps = (np.repeat([0.0, 0.7, -0.5, 1.5], 600) + rng.standard_normal(2400)).tolist()
    stream = {"documented": documented_stream(), "bernoulli": bernoulli_stream(3, 0.3), "steps": steps}[kind]
    ours, theirs = AdaptiveWindow(delta, clock), drift.ADWIN(delta=delta, clock=clock)
    for value in stream:
        changed = ours.update(value)
        theirs.update(value)
        assert changed == theirs.drift_detected
        if changed:  # the reference forgets everything at its next value; this window keeps the new part
            assert ours.width == theirs.width
            assert ours.mean == pytest.approx(theirs.estimation, abs=1e-9)
            assert ours.scatter == pytest.approx(theirs.variance, rel=1e-9)  # theirs is not divided by the width
            theirs = _continued(theirs)


def _continued(theirs: object) -> object:
    """The reference with its alarm acknowledged, so that its next update does not begin an empty window."""
    theirs._drift_detected = False  # type: ignore[attr-defined]
    return theirs


def test_window_forgets_the_old_mean() -> None:
    window = AdaptiveWindow(0.002, 32)
    for value in documented_stream():
        window.update(value)
    assert 5.2 < window.mean < 5.8
    assert window.width <= 1010


def test_stationary_bernoulli_streams_do_not_alarm() -> None:
    found = 0
    for seed in range(60):
        rng = random.Random(seed)
        found += bool(alarms([float(rng.random() < 0.5) for _ in range(1000)], 0.002, 32))
    assert found == 0


@pytest.mark.slow
@pytest.mark.parametrize(("delta", "share"), [(0.05, 0.003), (0.3, 0.147)])
def test_share_of_stationary_streams_that_alarm(delta: float, share: float) -> None:
    """Measured with river for 1,000 values of Bernoulli(.5), a check at every value."""
    rng = np.random.default_rng(17)
    found = [bool(alarms(rng.binomial(1, 0.5, 1000).astype(float).tolist(), delta, 1)) for _ in range(400)]
    assert np.mean(found) == pytest.approx(share, abs=3.0 * math.sqrt(share * (1.0 - share) / 400))


@pytest.mark.slow
@pytest.mark.parametrize(("after", "delay", "missed"), [(0.3, 543, 0.28), (0.4, 154, 0.0), (0.6, 47, 0.0)])
def test_delays_after_a_thousand_values(after: float, delay: float, missed: float) -> None:
    """Mean delay and share missed within a thousand values, measured with river, a check at every value."""
    delays = []
    for seed in range(150):
        stream = bernoulli_stream(seed, after, 1000, 2000)
        window = AdaptiveWindow(0.002, 1)
        found = (index for index, value in enumerate(stream) if window.update(value) and index >= 1000)
        delays.append(next(found, math.nan) - 1000)
    seen = np.array(delays)[np.isfinite(delays)]
    assert 1.0 - len(seen) / len(delays) == pytest.approx(missed, abs=3.0 * math.sqrt(missed * (1.0 - missed) / 150))
    assert np.mean(seen) == pytest.approx(delay, abs=3.0 * np.std(seen) / math.sqrt(len(seen)))


@pytest.mark.parametrize(("phi", "share"), [(0.0, 0.0), (0.3, 0.03), (0.6, 0.72), (0.9, 1.0)])
def test_memory_makes_it_alarm_on_nothing_and_whitening_mends_that(phi: float, share: float) -> None:
    levels = whitened = 0
    rng = np.random.default_rng(23)
    for _ in range(60):
        series = np.empty(2000)
        series[0] = rng.standard_normal()
        for bar, step in enumerate(rng.standard_normal(1999), start=1):
            series[bar] = phi * series[bar - 1] + math.sqrt(1.0 - phi * phi) * step
        levels += bool(alarms(series[1000:].tolist(), 0.002, 32))
        innovations = fit_autoregression(series[:1000]).innovations(series)[1000:]
        whitened += bool(alarms(innovations.tolist(), 0.002, 32))
    assert levels / 60 == pytest.approx(share, abs=3.0 * math.sqrt(share * (1.0 - share) / 60) + 0.02)
    assert whitened == 0


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


def test_state_continues_from_json() -> None:
    straight, resumed = AdaptiveWindow(0.05, 1), AdaptiveWindow(0.05, 1)
    stream = bernoulli_stream(4, 0.6)
    for value in stream[:1600]:
        straight.update(value)
    resumed.restore(json.loads(json.dumps(straight.to_json())))
    assert [straight.update(value) for value in stream[1600:]] == [resumed.update(value) for value in stream[1600:]]
    assert straight.to_json() == resumed.to_json()
