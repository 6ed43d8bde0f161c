"""The decision core: resumes anywhere to the last bit, holds nothing without an edge, survives missing numbers."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.agent.treatment.bench_player import market_bar, play_episode, teach
from engine.agent.treatment.healing_trader import HealingTrader, TradeDecision
from engine.kernel.configuration import load_config
from engine.sandbox.healbench.market_view import MarketView
from engine.sandbox.healbench.world_generator import make_world

CONFIG = load_config("simulated_hogs", environment={}).config
FAMILIES = ("concept", "feature", "stale", "garbage", "liquidity", "volatility", "decay", "compound")
BEFORE_FAULT, AFTER_FAULT, SEEDS = 60, 220, 3
LIMIT = CONFIG.treatment.largest_position
missing = st.sampled_from(["values", "one value", "return", "spread", "volume", "all"])


@cache
def short_market(family: str, seed: int) -> MarketView:
    """An episode from shortly before its fault, taught by the 1000 bars before."""
    world = make_world(family, seed)
    assert world.fault_bar is not None
    start = world.fault_bar - BEFORE_FAULT
    rows = slice(start - 1000, start + BEFORE_FAULT + AFTER_FAULT)
    return MarketView(world.x[rows], world.y[rows], world.spread[rows], world.volume[rows], 1000)


def play(view: MarketView, trader: HealingTrader, first: int, last: int) -> list[TradeDecision]:
    return [trader.step(market_bar(view, bar)) for bar in range(first, last)]


@cache
def played(family: str, seed: int) -> tuple[list[TradeDecision], str]:
    """Decisions of an episode that was never interrupted, and the state it ended in."""
    view = short_market(family, seed)
    trader = teach(view, CONFIG, seed)
    decisions = play(view, trader, view.train_bars, len(view.y))
    return decisions, json.dumps(trader.to_json(), allow_nan=False)


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, SEEDS - 1), cut=st.integers(0, BEFORE_FAULT + AFTER_FAULT))
def test_it_resumes_at_any_bar_to_the_last_bit(family: str, seed: int, cut: int) -> None:
    view = short_market(family, seed)
    straight, end = played(family, seed)
    trader = teach(view, CONFIG, seed)
    first = play(view, trader, view.train_bars, view.train_bars + cut)
    state = json.dumps(trader.to_json(), allow_nan=False)
    resumed = HealingTrader.from_json(json.loads(state), CONFIG)
    assert json.dumps(resumed.to_json(), allow_nan=False) == state
    assert first + play(view, resumed, view.train_bars + cut, len(view.y)) == straight
    assert json.dumps(resumed.to_json(), allow_nan=False) == end


def test_these_episodes_hold_what_there_is_to_resume() -> None:
    """Diagnoses, repairs that began and ended, and promotions do occur in what the test above plays."""
    decisions = [item for family in FAMILIES for seed in range(SEEDS) for item in played(family, seed)[0]]
    causes = {found.cause for item in decisions for found in item.diagnoses}
    steps = {(note.kind, note.step) for item in decisions for note in item.repairs}
    assert {"concept_drift", "feature_drift", "data_feed", "regime_liquidity", "regime_volatility"} <= causes
    assert {("stand_aside", "begun"), ("restandardise_feature", "begun"), ("quarantine_feature", "begun")} <= steps
    assert any(step == "promoted" for _, step in steps)
    assert any(item.promotions for item in decisions)


def test_it_can_be_written_and_read_on_every_bar() -> None:
    view = short_market("compound", 1)
    straight, _ = played("compound", 1)
    trader = teach(view, CONFIG, 1)
    for bar in range(view.train_bars, len(view.y)):
        if bar % 20 == 0:
            trader = HealingTrader.from_json(json.loads(json.dumps(trader.to_json(), allow_nan=False)), CONFIG)
        assert trader.step(market_bar(view, bar)) == straight[bar - view.train_bars]


def test_the_same_episode_is_the_same_twice() -> None:
    first, second = (play_episode(short_market("concept", 2), CONFIG, 9) for _ in range(2))
    assert first.position.tolist() == second.position.tolist()
    assert first.diagnoses == second.diagnoses
    assert first.diagnoses
    assert first.repairs == second.repairs
    assert first.promotions == second.promotions
    assert first.alerts == second.alerts


def test_nothing_later_than_the_row_is_read() -> None:
    view = short_market("concept", 0)
    cut = view.train_bars + 200
    other = MarketView(*(array.copy() for array in (view.x, view.y, view.spread, view.volume)), view.train_bars)
    other.x[cut:] *= -3.0
    other.y[cut - 1 :] += 5.0
    other.spread[cut:] *= 9.0
    other.volume[cut - 1 :] *= 0.1
    decisions = play(other, teach(other, CONFIG, 0), other.train_bars, cut)
    assert decisions == played("concept", 0)[0][: cut - view.train_bars]


def test_state_of_another_version_is_refused() -> None:
    view = short_market("concept", 0)
    state = teach(view, CONFIG, 0).to_json()
    with pytest.raises(ValueError, match="version 999"):
        HealingTrader.from_json({**state, "version": 999}, CONFIG)


def test_a_bar_of_another_width_is_refused() -> None:
    view = short_market("concept", 0)
    bar = market_bar(view, view.train_bars)
    with pytest.raises(ValueError, match="6"):
        teach(view, CONFIG, 0).step(replace(bar, values=bar.values[:5]))


def test_a_champion_without_edge_never_holds_a_position() -> None:
    deployed = 0
    for seed in range(12):
        view = MarketView.of(make_world("noedge", seed))
        trader = teach(view, CONFIG, seed)
        deployed += trader.is_deployed
        if trader.is_deployed:
            continue
        for item in play(view, trader, view.train_bars, view.train_bars + 200):
            assert (item.position, item.target) == (0.0, 0.0)
            assert not item.diagnoses
            assert not item.repairs
            assert not item.promotions
    assert deployed <= 2  # e^3 : 1 against each


@pytest.mark.parametrize("family", FAMILIES)
def test_positions_stay_within_the_limit(family: str) -> None:
    for seed in range(SEEDS):
        for item in played(family, seed)[0]:
            assert abs(item.position) <= LIMIT
            assert abs(item.target) <= LIMIT
            assert 0.0 < item.trading_rate <= 1.0
            assert math.isfinite(item.forecast)


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    family=st.sampled_from(FAMILIES),
    seed=st.integers(0, SEEDS - 1),
    holes=st.lists(
        st.tuples(st.integers(0, BEFORE_FAULT + AFTER_FAULT - 1), st.integers(1, 30), missing), min_size=1, max_size=6
    ),
)
def test_missing_numbers_never_raise(family: str, seed: int, holes: list[tuple[int, int, str]]) -> None:
    view = short_market(family, seed)
    trader = teach(view, CONFIG, seed)
    for place in range(BEFORE_FAULT + AFTER_FAULT):
        bar = market_bar(view, view.train_bars + place)
        for start, length, what in holes:
            if not start <= place < start + length:
                continue
            if what in ("values", "all"):
                bar = replace(bar, values=(math.nan,) * 6)
            if what == "one value":
                bar = replace(bar, values=(*bar.values[:2], math.nan, *bar.values[3:]))
            if what in ("return", "all"):
                bar = replace(bar, realised_return=math.nan)
            if what in ("spread", "all"):
                bar = replace(bar, spread=math.nan)
            if what in ("volume", "all"):
                bar = replace(bar, volume=math.nan)
        decision = trader.step(bar)
        assert abs(decision.position) <= LIMIT
        assert math.isfinite(decision.forecast)
    state = json.dumps(trader.to_json(), allow_nan=False)
    assert json.dumps(HealingTrader.from_json(json.loads(state), CONFIG).to_json(), allow_nan=False) == state


def test_training_bars_may_have_holes() -> None:
    view = short_market("concept", 1)
    x, y = view.x.copy(), view.y.copy()
    rng = np.random.default_rng(0)
    x[rng.random(x.shape) < 0.02] = math.nan
    y[rng.random(y.shape) < 0.02] = math.nan
    trader = teach(MarketView(x, y, view.spread, view.volume, view.train_bars), CONFIG, 0)
    assert trader.is_deployed
    assert np.all(np.isfinite(trader.desk.rule.weights))
    json.dumps(trader.to_json(), allow_nan=False)


def test_a_champion_learns_on_from_the_first_repair_of_an_input() -> None:
    """Before it the champion is one rule; after it the recipe, ridge on everything seen, is fitted every 25 bars."""
    view = short_market("stale", 1)
    trader = teach(view, CONFIG, 1)
    taught = trader.desk.rule.weights
    repaired = False
    for bar in range(view.train_bars, len(view.y)):
        decision = trader.step(market_bar(view, bar))
        assert not decision.promotions
        repaired = repaired or any(note.kind == "quarantine_feature" for note in decision.repairs)
        if not repaired:
            assert np.array_equal(trader.desk.rule.weights, taught)
    assert repaired
    inputs, returns = trader.desk.memory.since(0)  # the last 1000 bars
    penalty = len(taught) / CONFIG.treatment.prior_r2
    lately = np.linalg.solve(inputs.T @ inputs + penalty * np.eye(len(taught)), inputs.T @ returns)
    assert not np.allclose(trader.desk.rule.weights, taught, rtol=0.0, atol=1e-3)
    assert np.linalg.norm(trader.desk.rule.weights - lately) < np.linalg.norm(taught - lately)


def test_least_squares_on_few_bars_does_not_turn_into_ridge_by_a_repair() -> None:
    view = short_market("stale", 1)
    trader = teach(view, CONFIG, 1, least_squares_bars=200)
    taught = trader.desk.rule.weights
    decisions = play(view, trader, view.train_bars, len(view.y))
    assert any(note.kind == "quarantine_feature" for decision in decisions for note in decision.repairs)
    if not any(decision.promotions for decision in decisions):
        assert np.array_equal(trader.desk.rule.weights, taught)
