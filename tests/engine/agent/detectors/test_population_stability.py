"""The PSI detector counts bins bar by bar and judges what a count over the window's values would say."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from world import make_world

from engine.agent.detectors.base import BarContext, Reading
from engine.agent.detectors.population_stability import EVERY_BARS, PopulationStability
from engine.kernel.configuration import load_config
from engine.sandbox.statistics.population_stability import bin_counts, stability_index

CONFIG = load_config("simulated_hogs", environment={}).config.observer
WORLD = make_world("none", 3, live=400)
WIDTH, WINDOW = len(WORLD.reference.feature_names), CONFIG.psi_window_bars


def innovations(seed: int, bars: int) -> np.ndarray:
    """White, with a missing value here and there, and the second input louder from bar 200 on."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((bars, WIDTH))
    values[200:, 1] *= 2.5
    values[rng.random(values.shape) < 0.02] = math.nan
    return values


def context(bar: int, row: np.ndarray) -> BarContext:
    return BarContext(bar, WORLD.observations[bar], row, row, math.nan, math.nan, math.nan, 0.001)


def run(detector: PopulationStability, values: np.ndarray, bars: range) -> list[tuple[Reading, ...]]:
    return [detector.update(context(bar, values[bar])) for bar in bars]


def test_every_look_is_the_index_of_the_last_known_innovations() -> None:
    values = innovations(1, 380)
    readings = run(PopulationStability(WORLD.reference, CONFIG), values, range(380))
    training = WORLD.reference.training_bars
    for bar in range(0, 380, EVERY_BARS):
        for index, reading in enumerate(readings[bar]):
            seen = values[: bar + 1, index]
            seen = seen[np.isfinite(seen)][-WINDOW:]
            if len(seen) < WINDOW:
                assert (reading.value, reading.breached) == (0.0, False)
                continue
            counts = bin_counts(seen, np.array(WORLD.reference.innovation_bins[index]))
            assert reading.value == pytest.approx(stability_index([training / 10] * 10, counts.tolist()), abs=1e-12)


def test_the_input_that_changed_is_named_and_no_other() -> None:
    readings = run(PopulationStability(WORLD.reference, CONFIG), innovations(1, 380), range(380))
    breached = {reading.subject for bar in readings for reading in bar if reading.breached}
    assert breached == {WORLD.reference.feature_names[1]}


def test_a_reading_stands_until_the_next_look() -> None:
    readings = run(PopulationStability(WORLD.reference, CONFIG), innovations(1, 200), range(200))
    for bar in range(1, 200):
        if bar % EVERY_BARS:
            assert readings[bar] == readings[bar - 1]
    window_start = WORLD.observations[190 - WINDOW + 1].ts
    assert {reading.since_ts for reading in readings[195]} == {window_start}


@pytest.mark.parametrize("bars", [0, 7, 133, 250])
def test_state_survives_json_between_looks(bars: int) -> None:
    values = innovations(2, 380)
    straight, broken = (PopulationStability(WORLD.reference, CONFIG) for _ in range(2))
    run(straight, values, range(bars))
    run(broken, values, range(bars))
    resumed = PopulationStability(WORLD.reference, CONFIG)
    resumed.restore(json.loads(json.dumps(broken.state(), allow_nan=False)))
    assert run(straight, values, range(bars, 380)) == run(resumed, values, range(bars, 380))
    assert straight.state() == resumed.state()


def test_quarantined_inputs_are_measured_but_not_judged() -> None:
    reference = replace(WORLD.reference, quarantined=(False, True) + (False,) * (WIDTH - 2))
    readings = run(PopulationStability(reference, CONFIG), innovations(1, 380), range(380))[-1]
    assert readings[1].value > readings[1].threshold
    assert not readings[1].breached
