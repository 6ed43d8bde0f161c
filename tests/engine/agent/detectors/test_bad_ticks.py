"""Bad ticks: a feed that is wrong now and then is blamed at the second wrong value, and a market that moved never."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from world import World, make_world

from engine.agent.detectors.base import Reading
from engine.agent.evidence import recompute
from engine.agent.healer import Healer
from engine.agent.observation import BarObservation
from engine.agent.observer import Observer
from engine.kernel.configuration import load_config

CONFIG = load_config("simulated_hogs", environment={}).config
WORLD = make_world("none", 4, live=500)
INPUT = 0
NAME = WORLD.reference.feature_names[INPUT]
FAR = 30.0  # training sd


def spoilt(world: World, bars: Sequence[int]) -> list[BarObservation]:
    """The observations with one input far away on the bars given."""
    far = world.reference.feature_mean[INPUT] + FAR * world.reference.feature_sd[INPUT]
    return [
        replace(item, values=(far, *item.values[1:])) if place in bars else item
        for place, item in enumerate(world.observations)
    ]


def readings(bars: Sequence[BarObservation], observer: Observer | None = None) -> list[Reading | None]:
    observer = observer or Observer(WORLD.reference, CONFIG.observer)
    found = []
    for item in bars:
        rows = [reading for reading in observer.update(item).readings if reading.detector == "bad_ticks"]
        assert len(rows) <= 1
        found.append(rows[0] if rows else None)
    return found


def test_a_sound_feed_says_nothing() -> None:
    assert not any(readings(WORLD.observations))


def test_one_wrong_value_is_told_when_it_is_over_and_two_breach() -> None:
    bars = spoilt(WORLD, (100, 160))
    said = readings(bars[:170])
    assert not any(said[:101])
    first, second, after = said[101], said[161], said[162]
    assert first is not None
    assert second is not None
    assert after is not None
    assert (first.value, first.breached, first.subject) == (1.0, False, NAME)
    assert (second.value, second.breached, second.decisive) == (2.0, True, True)
    assert second.since_ts in (bars[100].ts, bars[101].ts)
    assert not after.breached


def test_wrong_values_farther_apart_than_the_window_do_not_add_up() -> None:
    later = 100 + CONFIG.observer.bad_tick_window_bars
    said = readings(spoilt(WORLD, (100, later)))
    again = said[later + 1]
    assert again is not None
    assert again.value == 1.0
    assert not any(reading.breached for reading in said if reading)


def test_a_level_that_stays_is_no_wrong_value() -> None:
    assert not any(readings(spoilt(WORLD, range(100, 400))[:390]))


def test_a_quarantined_input_is_not_blamed() -> None:
    reference = replace(WORLD.reference, quarantined=(True, *WORLD.reference.quarantined[1:]))
    said = readings(spoilt(WORLD, (100, 120, 140))[:150], Observer(reference, CONFIG.observer))
    assert not any(reading.breached for reading in said if reading)


@pytest.mark.parametrize("cut", [101, 102, 130])
def test_state_survives_json(cut: int) -> None:
    bars = spoilt(WORLD, (100, 120, 160))[:170]
    straight = Observer(WORLD.reference, CONFIG.observer)
    readings(bars[:cut], straight)
    resumed = Observer.from_state(json.loads(json.dumps(straight.state(), allow_nan=False)), CONFIG.observer)
    assert readings(bars[cut:], resumed) == readings(bars[cut:], straight)


def test_the_healer_names_the_feed_with_evidence_that_can_be_recomputed() -> None:
    bars = spoilt(WORLD, (100, 160))
    healer = Healer()
    healer.reset(CONFIG, 0, WORLD.reference)
    found = [(place, healer.step(item).diagnosis) for place, item in enumerate(bars[:170])]
    (place, diagnosis), *others = [(place, item) for place, item in found if item is not None]
    assert not others
    assert diagnosis is not None
    assert place == 161
    assert (diagnosis.cause, diagnosis.affected) == ("data_feed", (NAME,))
    assert diagnosis.estimates["feed"] == "ticks"
    assert diagnosis.change_ts in (bars[100].ts, bars[101].ts)
    for item in diagnosis.evidence:
        assert recompute(item, bars) == pytest.approx(item.value)
