"""Causes outside the four main families: liquidity, overfit, decay, missing values, stale flags."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from world import World, make_world

from engine.agent.diagnosis import Diagnosis
from engine.agent.evidence import recompute
from engine.agent.healer import Healer
from engine.agent.observation import BarObservation
from engine.kernel.configuration import load_config

CONFIG = load_config("simulated_hogs", environment={}).config


def _first(world: World, bars: Sequence[BarObservation]) -> tuple[int, Diagnosis, Healer]:
    healer = Healer()
    healer.reset(CONFIG, 0, world.reference)
    for index, item in enumerate(bars):
        found = healer.step(item).diagnosis
        if found is not None:
            return index, found, healer
    raise AssertionError("nothing was diagnosed")


def test_liquidity_drought_is_named_within_three_bars() -> None:
    for seed in range(600, 606):
        world = make_world("none", seed, live=400)
        bars = [
            replace(item, spread=item.spread * 6.0, volume=item.volume * 0.1) if index >= 200 else item
            for index, item in enumerate(world.observations)
        ]
        index, found, healer = _first(world, bars)
        assert 200 <= index <= 204
        assert found.cause == "regime_liquidity"
        assert healer.propose().proposals[0].mutation_type == "trade_slower"
        assert all(math.isclose(recompute(item, bars), item.value) for item in found.evidence)


def test_a_champion_that_never_worked_live_is_overfit() -> None:
    causes = []
    for seed in range(610, 618):
        world = make_world("none", seed, live=400)
        rng = np.random.default_rng(seed)
        bars = [
            replace(item, expected_return=float(rng.normal(0.0, world.reference.prediction_sd)))
            for item in world.observations
        ]
        causes.append(_first(world, bars)[1].cause)
    assert causes.count("overfit") >= 5
    assert set(causes) <= {"overfit", "concept_drift"}


def test_an_edge_that_fades_is_decay_or_concept_and_says_since_when() -> None:
    causes = []
    for seed in range(620, 628):
        world = make_world("none", seed, live=1600)
        rng = np.random.default_rng(seed)
        bars = []
        for index, item in enumerate(world.observations):
            left = min(1.0, max(0.0, (700 - index) / 400))
            noise = float(rng.normal(0.0, world.reference.prediction_sd))
            bars.append(replace(item, expected_return=left * item.expected_return + math.sqrt(1 - left**2) * noise))
        index, found, _ = _first(world, bars)
        assert index > 300
        causes.append(found.cause)
    assert causes.count("decay") >= 3
    assert set(causes) <= {"decay", "concept_drift"}


def test_missing_values_and_stale_flags_are_data_faults() -> None:
    world = make_world("none", 630, live=300)
    missing = [
        replace(item, values=(*item.values[:3], math.nan, *item.values[4:]), usable=False) if index >= 150 else item
        for index, item in enumerate(world.observations)
    ]
    flagged = [
        replace(item, stale=(False,) * 5 + (True,)) if index >= 150 else item
        for index, item in enumerate(world.observations)
    ]
    for bars, name in ((missing, "carry"), (flagged, "nlp_score")):
        index, found, _ = _first(world, bars)
        assert 150 <= index <= 156
        assert found.cause == "data_feed"
        assert found.affected == (name,)
        assert all(math.isclose(recompute(item, bars), item.value) for item in found.evidence)
