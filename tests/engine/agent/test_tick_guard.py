"""Tick guard: lone outliers are refused, a level that stays is taken for real, and nothing is missing afterwards."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import make_world

from engine.agent.even_scale import LARGEST_SCORE
from engine.agent.observer import Observer
from engine.agent.tick_guard import PATIENCE, TickGuard, refusal_limits
from engine.kernel.configuration import load_config

CONFIG = load_config("simulated_hogs", environment={}).config.observer
WORLD = make_world("none", 2, live=300)
WIDTH = len(WORLD.reference.feature_names)
FAR = LARGEST_SCORE
scores = st.one_of(st.floats(-3.0, 3.0), st.sampled_from([FAR, -FAR, math.nan]))


def warm() -> TickGuard:
    guard = TickGuard(WORLD.reference)
    assert guard.refuse([0.1] * WIDTH) == ()
    return guard


def row(first: float) -> list[float]:
    return [first, *[0.1] * (WIDTH - 1)]


def test_a_lone_outlier_is_refused_and_the_next_good_value_is_not() -> None:
    guard = warm()
    for sign in (1.0, -1.0, 1.0):
        assert guard.refuse(row(sign * FAR)) == (0,)
        assert guard.returned() == ()
        assert guard.refuse(row(0.2)) == ()
        assert guard.returned() == (0,)
        assert guard.refuse(row(0.2)) == ()
        assert guard.returned() == ()


def test_a_level_that_stays_is_taken_for_real_after_patience() -> None:
    guard = warm()
    for _ in range(PATIENCE):
        assert guard.refuse(row(FAR)) == (0,)
    assert guard.refuse(row(FAR)) == ()
    assert guard.returned() == ()
    for _ in range(20):
        assert guard.refuse(row(FAR)) == ()
    # and the old level, when it comes back, is the outlier now
    assert guard.refuse(row(0.1)) == (0,)


def test_a_move_within_the_limits_is_never_refused() -> None:
    guard = warm()
    for level in (1.0, 2.0, 3.0, 2.0, 1.0, 0.0, -1.0, -2.0, -1.0):
        assert guard.refuse([level] * WIDTH) == ()


def test_the_first_value_ever_is_believed() -> None:
    assert TickGuard(WORLD.reference).refuse([FAR] * WIDTH) == ()


def test_missing_values_are_neither_refused_nor_do_they_forget() -> None:
    guard = warm()
    for _ in range(5):
        assert guard.refuse(row(math.nan)) == ()
    assert guard.refuse(row(FAR)) == (0,)


def test_a_market_as_in_training_is_never_refused() -> None:
    for seed in range(4):
        world = make_world("none", seed, live=500)
        observer = Observer(world.reference, CONFIG)
        refused = 0
        for item in world.observations:
            observer.update(item)
            assert observer.last_context is not None
            refused += len(observer.last_context.refused)
        assert refused == 0
        assert min(refusal_limits(world.reference)) > 3.0


def test_inputs_do_not_touch_each_other() -> None:
    guard = warm()
    assert guard.refuse([0.1, FAR, 0.1, -FAR, *[0.1] * (WIDTH - 4)]) == (1, 3)
    assert guard.refuse([0.1] * WIDTH) == ()


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(scores, max_size=25), st.integers(0, 25))
def test_a_restored_guard_goes_on_as_before(values: list[float], cut: int) -> None:
    guard = warm()
    for value in values[:cut]:
        guard.refuse(row(value))
    resumed = TickGuard(WORLD.reference)
    resumed.restore(json.loads(json.dumps(guard.state(), allow_nan=False)))
    for value in values[cut:]:
        assert resumed.refuse(row(value)) == guard.refuse(row(value))
        assert resumed.returned() == guard.returned()
    assert resumed.state() == guard.state()


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(scores, min_size=1, max_size=40))
def test_no_run_of_refusals_is_longer_than_patience(values: list[float]) -> None:
    guard, run = warm(), 0
    for value in values:
        if math.isnan(value):
            continue
        run = run + 1 if guard.refuse(row(value)) else 0
        assert run <= PATIENCE


@pytest.mark.parametrize("far", [1e3, -1e6])
def test_the_observer_holds_the_last_good_value(far: float) -> None:
    observer = Observer(WORLD.reference, CONFIG)
    for item in WORLD.observations[:40]:
        observer.update(item)
    good = observer.guarded_values.copy()
    spoilt = replace(WORLD.observations[40], values=(far, *WORLD.observations[40].values[1:]))
    observer.update(spoilt)
    context = observer.last_context
    assert context is not None
    assert context.refused == (0,)
    assert observer.guarded_values[0] == good[0]
    assert np.array_equal(observer.guarded_values[1:], np.array(spoilt.values[1:]), equal_nan=True)
    assert math.isnan(context.innovations[0])
    assert abs(context.inputs[0]) < 5.0
