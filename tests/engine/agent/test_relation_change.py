"""Relation change: nothing on a market that stands still, breaks and fades on simulated ones, at known rates."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from world import make_world

from engine.agent.relation_change import RelationChange, relation_change, weigh_relation_change
from engine.sandbox.healbench.base_market import ar1_paths

CORRELATION, TRAINING_BARS, SEEDS = 0.35, 1000, 12
NOISE = 1.0 - CORRELATION**2
CLEAR_NATS = 3.0


@dataclass(frozen=True)
class Played:
    """What was found on one market, and which two inputs changed."""

    found: RelationChange
    main: tuple[int, ...]


def market(seed: int, bars: int, kind: str, since: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Inputs[bars, 6], scaled returns[bars], weights learned on 1000 earlier bars, and the two main inputs. For the
    last `since` bars the main weights are turned ("sudden") or fade to 0 in favour of the weakest ("gradual")."""
    rng = np.random.default_rng(seed)
    weights = rng.permutation(np.array([0.7, 0.5, 0.4, 0.25, 0.15, 0.1]))
    weights *= CORRELATION / np.linalg.norm(weights)
    order = np.argsort(-np.abs(weights))
    taught = ar1_paths(rng, 0.9, TRAINING_BARS, 6)
    told = taught @ weights + math.sqrt(NOISE) * rng.standard_normal(TRAINING_BARS)
    penalty = NOISE / float(np.mean(weights**2))
    learned = np.linalg.solve(taught.T @ taught + penalty * np.eye(6), taught.T @ told)
    true = np.tile(weights, (bars, 1))
    if kind == "sudden":
        true[bars - since :, order[:2]] *= -1.0
    elif kind == "gradual":
        true[bars - since :, order[:2]] *= (1.0 - np.arange(1, since + 1) / since)[:, None]
        true[:, order[-1]] = 0.0
        true[:, order[-1]] = np.sqrt(np.maximum(CORRELATION**2 - np.sum(true**2, axis=1), 0.0))
    inputs = ar1_paths(rng, 0.9, bars, 6)
    noise = math.sqrt(NOISE) * rng.standard_t(5, bars) / math.sqrt(5.0 / 3.0)
    return inputs, np.sum(true * inputs, axis=1) + noise, learned, order[:2]


@cache
def played(kind: str, since: int, bars: int = 400) -> tuple[Played, ...]:
    rows = []
    for seed in range(SEEDS):
        inputs, returns, learned, main = market(seed, bars, kind, since)
        found = weigh_relation_change(inputs, returns, learned, noise_variance=NOISE, training_bars=TRAINING_BARS)
        assert found is not None
        rows.append(Played(found, tuple(main.tolist())))
    return tuple(rows)


def test_a_relation_that_stands_still_shows_nothing() -> None:
    rows = played("none", 0)
    assert sum(row.found.nats > CLEAR_NATS for row in rows) == 0
    assert sum(row.found.is_sudden for row in rows) == 0
    assert np.median([row.found.nats for row in rows]) < 0.0


def test_a_break_is_seen_dated_and_located() -> None:
    rows = played("sudden", 100)
    clear = [row for row in rows if row.found.nats > CLEAR_NATS]
    assert len(clear) >= 9
    assert np.median([row.found.sudden_bars for row in clear]) == pytest.approx(100, abs=20)
    for row in clear:
        rest = [chance for index, chance in enumerate(row.found.moved) if index not in row.main]
        assert np.mean([row.found.moved[index] for index in row.main]) > np.mean(rest)


def test_a_young_break_is_called_one_more_often_than_anything_else_is() -> None:
    assert sum(row.found.is_sudden for row in played("sudden", 100)) >= 4
    assert sum(row.found.is_sudden for row in played("gradual", 350)) == 0


def test_a_fade_is_seen_and_never_called_a_break() -> None:
    clear = [row for row in played("gradual", 350) if row.found.nats > CLEAR_NATS]
    assert len(clear) >= 5
    assert all(row.found.gradual_bars > 150 for row in clear)


def test_an_old_break_is_no_longer_called_sudden() -> None:
    rows = played("sudden", 300)
    assert all(row.found.nats > 10.0 for row in rows)
    assert not any(row.found.is_sudden for row in rows)


def test_a_champion_that_learned_on_too_little_is_not_called_broken() -> None:
    """Its weights are far off the truth, and known to be: the evidence must not count that as a change."""
    wrong, known = [], []
    for seed in range(SEEDS):
        inputs, returns, learned, _ = market(seed, 300, "none", 0)
        poor = learned + np.random.default_rng(seed).standard_normal(6) * math.sqrt(NOISE / 30.0)
        for training_bars, nats in ((30, known), (100_000, wrong)):
            found = weigh_relation_change(inputs, returns, poor, noise_variance=NOISE, training_bars=training_bars)
            assert found is not None
            nats.append(found.nats)
    assert sum(item > CLEAR_NATS for item in known) == 0
    assert sum(item > CLEAR_NATS for item in wrong) > SEEDS // 2


def test_too_few_bars_or_no_weights_say_nothing() -> None:
    inputs, returns, learned, _ = market(0, 59, "none", 0)
    assert weigh_relation_change(inputs, returns, learned, noise_variance=NOISE, training_bars=1000) is None
    longer, told, _, _ = market(0, 120, "none", 0)
    assert weigh_relation_change(longer, told, np.zeros(6), noise_variance=NOISE, training_bars=1000) is None


@pytest.mark.parametrize("seed", [0, 4, 10])
def test_stored_observations_of_a_flip_say_when_and_how(seed: int) -> None:
    world = make_world("concept", seed)
    fault = world.fault_bar
    found = relation_change(world.observations[fault - 300 : fault + 100], world.reference, 0.98, 500.0)
    before = relation_change(world.observations[fault - 400 : fault], world.reference, 0.98, 500.0)
    assert found is not None
    assert before is not None
    assert found.nats > 10.0 > before.nats + 7.0
    assert found.is_sudden
    assert abs(found.sudden_bars - 100) <= 25


def test_a_champion_that_is_not_linear_says_nothing() -> None:
    world = make_world("none", 5, live=200)
    assert relation_change(world.observations, replace(world.reference, coefficients=None), 0.98, 500.0) is None
    assert relation_change(world.observations[:1], world.reference, 0.98, 500.0) is None
