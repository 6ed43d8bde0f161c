"""The KS detector: looks once per window, names what changed in shape, and alarms on nothing as seldom as it says."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from world import make_world

from engine.agent.detectors.base import BarContext, Reading
from engine.agent.detectors.feature_distribution import REFERENCE_WINDOWS, FeatureDistribution
from engine.agent.observer import Observer
from engine.kernel.configuration import load_config

CONFIG = load_config("simulated_hogs", environment={}).config.observer
WORLD = make_world("none", 3, live=900)
WIDTH, WINDOW = len(WORLD.reference.feature_names), CONFIG.psi_window_bars
FIRST_LOOK = (REFERENCE_WINDOWS + 1) * WINDOW


def white(seed: int, bars: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((bars, WIDTH))


def context(bar: int, row: np.ndarray) -> BarContext:
    seen = replace(WORLD.observations[0], ts=WORLD.observations[0].ts + bar * 300_000_000)
    return BarContext(bar, seen, row, row, math.nan, math.nan, math.nan, 0.001)


def run(detector: FeatureDistribution, values: np.ndarray, bars: range) -> list[tuple[Reading, ...]]:
    return [detector.update(context(bar, values[bar])) for bar in bars]


def two_humps(values: np.ndarray) -> np.ndarray:
    """The same mean and variance in another shape."""
    humps: np.ndarray = np.sign(values) * 0.98 + 0.2 * values
    return humps / float(np.std(humps))


def test_another_shape_of_equal_mean_and_variance_is_named_at_the_next_look() -> None:
    values = white(1, 2 * FIRST_LOOK)
    values[FIRST_LOOK:, 2] = two_humps(values[FIRST_LOOK:, 2])
    readings = run(FeatureDistribution(WORLD.reference, CONFIG), values, range(len(values)))
    assert not any(reading.breached for bar in readings[: FIRST_LOOK + WINDOW - 1] for reading in bar)
    first = readings[FIRST_LOOK + WINDOW - 1]
    assert [reading.breached for reading in first] == [index == 2 for index in range(WIDTH)]
    assert first[2].since_ts == context(FIRST_LOOK, values[0]).observation.ts
    assert not first[2].decisive
    assert first[2].level == "INFO"


def test_it_looks_once_per_window_and_a_reading_stands_between_looks() -> None:
    readings = run(FeatureDistribution(WORLD.reference, CONFIG), white(2, 1000), range(1000))
    changes = [bar for bar in range(1, 1000) if readings[bar] != readings[bar - 1]]
    assert changes == list(range(FIRST_LOOK - 1, 1000, WINDOW))


def test_false_warnings_are_as_rare_as_promised() -> None:
    """At 5 % per look instead of 0.1 %, so that they can be counted: shared noise makes no difference to Holm."""
    config = CONFIG.model_copy(update={"psi_null_quantile": 0.95, "psi_window_bars": 60})
    false_alarms = looks = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        values = 0.6 * rng.standard_normal((720, 1)) + 0.8 * rng.standard_normal((720, WIDTH))
        readings = run(FeatureDistribution(WORLD.reference, config), values, range(720))
        for bar in range((REFERENCE_WINDOWS + 1) * 60 - 1, 720, 60):
            looks += 1
            false_alarms += any(reading.breached for reading in readings[bar])
    assert looks == 40 * 9
    # looks of one run share a baseline: allow for fewer independent ones
    assert false_alarms / looks <= 0.05 + 3.0 * math.sqrt(0.05 * 0.95 / (looks / 3))
    assert FeatureDistribution(WORLD.reference, config).false_alarm_bars() == pytest.approx(60 / 0.05)


@pytest.mark.parametrize("bars", [0, 50, FIRST_LOOK - 30, FIRST_LOOK + 70])
def test_state_survives_json_to_the_last_bit(bars: int) -> None:
    values = white(4, 1000)
    values[np.random.default_rng(5).random(values.shape) < 0.01] = math.nan
    straight, broken = (FeatureDistribution(WORLD.reference, CONFIG) for _ in range(2))
    run(straight, values, range(bars))
    run(broken, values, range(bars))
    resumed = FeatureDistribution(WORLD.reference, CONFIG)
    resumed.restore(json.loads(json.dumps(broken.state(), allow_nan=False)))
    assert run(straight, values, range(bars, 1000)) == run(resumed, values, range(bars, 1000))
    assert straight.state() == resumed.state()


def test_quarantined_and_mostly_missing_inputs_are_not_judged() -> None:
    values = white(6, FIRST_LOOK)
    values[FIRST_LOOK - WINDOW :, :3] *= 4.0
    values[FIRST_LOOK - WINDOW + 50 :, 1] = math.nan
    reference = replace(WORLD.reference, quarantined=(True,) + (False,) * (WIDTH - 1))
    last = run(FeatureDistribution(reference, CONFIG), values, range(FIRST_LOOK))[-1]
    assert [reading.breached for reading in last] == [False, False, True] + [False] * (WIDTH - 3)
    assert last[0].value == last[1].value == 0.0


def test_no_input_at_all_is_no_error() -> None:
    values = np.full((FIRST_LOOK, WIDTH), math.nan)
    last = run(FeatureDistribution(WORLD.reference, CONFIG), values, range(FIRST_LOOK))[-1]
    assert all(reading.value == 0.0 for reading in last)


@pytest.mark.parametrize(("family", "least"), [("none", 0), ("feature", 3)])
def test_in_a_whole_market_it_warns_of_a_changed_input_only(family: str, least: int) -> None:
    worlds = [make_world(family, seed, live=1200) for seed in range(12)]
    hits = 0
    for world in [world for world in worlds if world.fault_bar > FIRST_LOOK][:6]:
        observer = Observer(world.reference, CONFIG)
        broken = {world.reference.feature_names[index] for index in world.broken_features}
        readings = [reading for bar in world.observations for reading in observer.update(bar).readings]
        breached = {item.subject for item in readings if item.detector == "feature_distribution" and item.breached}
        assert breached <= broken
        hits += bool(breached)
    assert hits >= least
