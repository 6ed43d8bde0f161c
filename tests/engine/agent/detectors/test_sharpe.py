"""The rolling Sharpe detector: at every bar what the whole window says, and the same after a restart."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from world import make_world

from engine.agent.detectors.base import BarContext, Reading
from engine.agent.detectors.sharpe import Sharpe
from engine.kernel.configuration import load_config
from engine.sandbox.statistics.sharpe import sharpe_annualised

CONFIG = load_config("simulated_hogs", environment={}).config.observer
WORLD = make_world("none", 3, live=900)
BARS = len(WORLD.observations)


def run(detector: Sharpe, bars: range, scale: float = 1.0) -> list[Reading]:
    empty = np.full(len(WORLD.reference.feature_names), math.nan)
    found = []
    for bar in bars:
        seen = WORLD.observations[bar]
        seen = replace(seen, net_return=scale * seen.net_return)
        found.extend(detector.update(BarContext(bar, seen, empty, empty, math.nan, math.nan, math.nan, 0.001)))
    return found


def test_every_reading_is_that_of_the_whole_window() -> None:
    traded: list[float] = []
    for bar, reading in enumerate(run(Sharpe(WORLD.reference, CONFIG), range(BARS))):
        seen = WORLD.observations[bar]
        if seen.position_lots != 0 or seen.net_return != 0.0:
            traded.append(seen.net_return)
        window = np.array(traded[-CONFIG.sharpe_window_bars :])
        if len(window) < 0.4 * CONFIG.sharpe_window_bars:
            assert (reading.value, reading.threshold, reading.breached) == (0.0, 1.0, False)
            continue
        expected = sharpe_annualised(window, WORLD.reference.bars_per_year)
        assert dict(reading.information)["sharpe"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("bars", [1, 99, 600])
def test_a_restart_changes_no_bit(bars: int) -> None:
    straight, broken = Sharpe(WORLD.reference, CONFIG), Sharpe(WORLD.reference, CONFIG)
    run(straight, range(bars), 1e3)  # large values first: they leave no rounding error behind in the window
    run(broken, range(bars), 1e3)
    resumed = Sharpe(WORLD.reference, CONFIG)
    resumed.restore(json.loads(json.dumps(broken.state())))
    assert run(straight, range(bars, BARS)) == run(resumed, range(bars, BARS))


def test_returns_that_do_not_vary_have_a_sharpe_ratio_of_nothing() -> None:
    empty = np.full(len(WORLD.reference.feature_names), math.nan)
    detector = Sharpe(WORLD.reference, CONFIG)
    for bar in range(200):
        seen = replace(WORLD.observations[bar], net_return=0.0001, position_lots=1)
        (reading,) = detector.update(BarContext(bar, seen, empty, empty, math.nan, math.nan, math.nan, 0.001))
    assert dict(reading.information)["sharpe"] == 0.0


def test_a_fall_is_told_at_three_errors_and_an_alarm_at_four_and_a_half() -> None:
    """Returns of falling mean: the level rises with the distance from the training Sharpe, in standard errors."""
    detector = Sharpe(WORLD.reference, CONFIG)
    year = math.sqrt(WORLD.reference.bars_per_year)
    seen: dict[str, list[float]] = {"INFO": [], "WARNING": [], "CRITICAL": []}
    for reading in run(detector, range(BARS)) + run(detector, range(BARS), -1.0):
        if reading.breached:
            per_bar = dict(reading.information)["sharpe"] / year
            error = math.sqrt((1.0 + 0.5 * per_bar**2) / CONFIG.sharpe_window_bars)
            seen[reading.level].append((WORLD.reference.training_sharpe_per_bar - per_bar) / error)
    assert seen["INFO"] and max(seen["INFO"]) <= 4.6 and min(seen["INFO"]) > 2.9
    assert seen["WARNING"] + seen["CRITICAL"] and min(seen["WARNING"] + seen["CRITICAL"]) >= 4.4
