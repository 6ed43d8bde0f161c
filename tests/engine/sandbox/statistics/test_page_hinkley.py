"""Page-Hinkley against the published stream and the reference implementation, and why its defaults are not used."""

from __future__ import annotations

import json
import random
from dataclasses import asdict

import numpy as np
import pytest

from engine.sandbox.statistics.page_hinkley import PageHinkleyTest


def documented_stream() -> list[float]:
    rng = random.Random(12345)
    return [float(item) for item in rng.choices([0, 1], k=1000) + rng.choices(range(4, 8), k=1000)]


def streams() -> dict[str, list[float]]:
    rng = np.random.default_rng(8)
    level = np.repeat([0.0, 1.5, -1.0, 0.5], 700)
    return {
        "documented": documented_stream(),
        "noise": rng.standard_normal(6000).tolist(),
        "steps": (level + rng.standard_normal(2800)).tolist(),
        "heavy": (rng.standard_t(3, 4000) + np.linspace(0.0, 1.0, 4000)).tolist(),
    }


def test_documented_stream_alarms_at_1006() -> None:
    test = PageHinkleyTest(delta=0.005, threshold=50.0)
    assert [index for index, value in enumerate(documented_stream()) if test.update(value)] == [1006]


@pytest.mark.parametrize("name", streams())
@pytest.mark.parametrize(("delta", "threshold"), [(0.005, 50.0), (0.25, 15.0)])
def test_every_alarm_of_the_reference_implementation(name: str, delta: float, threshold: float) -> None:
    drift = pytest.importorskip("river.drift", reason="river 0.26.1 is the oracle of this test")
    ours, theirs = PageHinkleyTest(delta, threshold), drift.PageHinkley(delta=delta, threshold=threshold)
    alarms: tuple[list[int], list[int]] = ([], [])
    for index, value in enumerate(streams()[name]):
        if ours.update(value):
            alarms[0].append(index)
        theirs.update(value)
        if theirs.drift_detected:
            alarms[1].append(index)
    assert alarms[0] == alarms[1]


def test_copied_defaults_alarm_on_noise_and_standardised_settings_do_not() -> None:
    copied = ours = 0
    for seed in range(20):
        rng = random.Random(seed)
        noise = [rng.gauss(0.0, 1.0) for _ in range(3000)]
        first, second = PageHinkleyTest(0.005, 50.0), PageHinkleyTest(0.25, 100.0)
        copied += any(first.update(value) for value in noise)
        ours += any(second.update(value) for value in noise)
    assert copied >= 10
    assert ours == 0


def test_falling_means_are_seen_as_well_as_rising_ones() -> None:
    rising = PageHinkleyTest(0.005, 50.0)
    falling = PageHinkleyTest(0.005, 50.0)
    stream = documented_stream()
    assert [rising.update(value) for value in stream] == [falling.update(-value) for value in stream]


def test_nothing_is_said_before_the_least_number_of_values() -> None:
    test = PageHinkleyTest(delta=0.0, threshold=1.0, least_values=30)
    found = [index for index in range(60) if test.update(100.0 * (index % 2))]
    assert found[0] == 29


def test_state_continues_from_json() -> None:
    stream = streams()["steps"]
    straight = PageHinkleyTest(0.25, 15.0)
    for value in stream[:1000]:
        straight.update(value)
    resumed = PageHinkleyTest(**json.loads(json.dumps(asdict(straight))))
    assert [straight.update(value) for value in stream[1000:]] == [resumed.update(value) for value in stream[1000:]]
    assert straight == resumed
