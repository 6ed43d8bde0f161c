"""Baselines rank as published, and none but the oracle profits from hidden truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from engine.kernel.errors import CalculationError
from engine.sandbox.healbench.baselines.base import Baseline
from engine.sandbox.healbench.baselines.blind_retrain import BlindRetrain
from engine.sandbox.healbench.baselines.frozen import Frozen
from engine.sandbox.healbench.baselines.oracle import Oracle
from engine.sandbox.healbench.baselines.oracle_inputs import repaired_inputs
from engine.sandbox.healbench.baselines.oracle_weights import oracle_forecast
from engine.sandbox.healbench.baselines.registry import BASELINES
from engine.sandbox.healbench.bench_utility import net_pnl, position_utility, scored_utility, trading_cost
from engine.sandbox.healbench.ewma_volatility import ewma_volatility
from engine.sandbox.healbench.families.registry import FAMILIES, SINGLE_FAULT_FAMILIES
from engine.sandbox.healbench.heal_world import HealWorld
from engine.sandbox.healbench.oracle_volatility import oracle_volatility
from engine.sandbox.healbench.recovery import halt_anchored_recovery
from engine.sandbox.healbench.ridge_champion import bayes_champion, fit_ridge, kelly_position, train_champion
from engine.sandbox.healbench.world_generator import make_world

Utilities = Mapping[str, Mapping[str, float]]


@pytest.fixture(scope="module")
def utilities() -> Utilities:
    """1000 times utility per scored bar, by family and agent, over 40 seeds in which the feature at fault matters."""
    seeds = [seed for seed in range(200) if feature_at_fault_matters(seed)][:40]
    earned = {family: dict.fromkeys((agent.name for agent in BASELINES), 0.0) for family in FAMILIES}
    bars = dict.fromkeys(FAMILIES, 0)
    for seed in seeds:
        for family in FAMILIES:
            world = make_world(family, seed)
            champion = train_champion(world)
            bars[family] += int(world.scored.sum())
            for agent in BASELINES:
                earned[family][agent.name] += scored_utility(world, agent.play(world, champion).position)
    return {
        family: {name: 1000.0 * total / bars[family] for name, total in row.items()} for family, row in earned.items()
    }


def feature_at_fault_matters(seed: int) -> bool:
    """Whether it is one of the two that carry most of the signal, as in the published table."""
    world = make_world("feature", seed)
    return world.faulty_features[0] in np.argsort(-np.abs(world.beta[0]))[:2]


def recovery(utilities: Utilities, family: str, agent: str) -> float:
    row = utilities[family]
    return float(halt_anchored_recovery(np.array(row[agent]), np.array(row["frozen"]), np.array(row["oracle"])))


@pytest.mark.parametrize("family", SINGLE_FAULT_FAMILIES)
def test_the_oracle_beats_every_baseline_in_every_single_fault_family(utilities: Utilities, family: str) -> None:
    row = utilities[family]
    assert row["oracle"] > max(value for name, value in row.items() if name != "oracle")
    assert row["oracle"] > 15.0


def test_a_frozen_champion_is_a_disaster_after_a_flip_or_a_volatility_shock(utilities: Utilities) -> None:
    for family in ("concept", "feature", "volatility"):
        assert recovery(utilities, family, "frozen") < -1.0


def test_blind_retraining_recovers_about_half_of_a_flip_and_most_of_a_decay(utilities: Utilities) -> None:
    """Published: blind 250/50 .51 and .85, blind 500/100 .16 and .75."""
    assert 0.3 < recovery(utilities, "concept", "blind 250/50") < 0.7
    assert 0.0 < recovery(utilities, "concept", "blind 500/100") < 0.35
    assert recovery(utilities, "decay", "blind 250/50") > 0.6
    assert recovery(utilities, "decay", "blind 500/100") > 0.6


def test_retraining_cannot_repair_a_liquidity_drought(utilities: Utilities) -> None:
    for agent in ("blind 250/50", "blind 500/100", "alarm retrain"):
        assert recovery(utilities, "liquidity", agent) < 0.0


def test_a_null_market_punishes_retraining(utilities: Utilities) -> None:
    """Published shares of an oracle's null utility: blind 250 .78 to .81, blind 500 .89 to .90, frozen about 1. Those
    of this oracle are lower: it sizes by filtered volatility and gains a fifth on a constant size."""
    row = utilities["null"]
    assert 0.60 < row["blind 250/50"] / row["oracle"] < row["blind 500/100"] / row["oracle"] < 0.97
    assert 0.74 < row["frozen"] / row["oracle"] < 0.95
    assert row["blind 500/100"] < row["frozen"] == pytest.approx(32.0, abs=4.0)


def test_a_market_without_an_edge_costs_whoever_trades_it(utilities: Utilities) -> None:
    """Published losses per 1000 bars: frozen 4.7, blind 500 8.6, blind 250 14.6."""
    row = utilities["noedge"]
    assert row["oracle"] == 0.0
    assert -row["frozen"] == pytest.approx(4.7, abs=1.5)
    assert -row["blind 500/100"] == pytest.approx(8.6, abs=2.5)
    assert -row["blind 250/50"] == pytest.approx(14.6, abs=3.0)


@pytest.mark.parametrize("agent", BASELINES, ids=[agent.name for agent in BASELINES])
@pytest.mark.parametrize("family", ["concept", "feature", "garbage", "compound"])
def test_no_position_uses_what_is_not_known_yet(agent: Baseline, family: str) -> None:
    """With everything from bar 2000 on scrambled, and the return and volume of bar 1999 too, positions up to bar 1999
    are the same bits."""
    world = make_world(family, 6)
    champion = train_champion(world)
    before = agent.play(world, champion).position
    after = agent.play(scrambled(world, 2000), champion).position
    assert np.array_equal(before[:2000], after[:2000])
    assert not np.array_equal(before[2000:], after[2000:])
    assert not before[:1000].any()


def scrambled(world: HealWorld, present: int) -> HealWorld:
    rng = np.random.default_rng(0)
    x, y, spread, volume = (getattr(world, name).copy() for name in ("x", "y", "spread", "volume"))
    x[present:] = rng.standard_normal(x[present:].shape)
    y[present - 1 :] = rng.standard_normal(len(y) - present + 1)
    spread[present:] = rng.random(len(y) - present)
    volume[present - 1 :] = rng.random(len(y) - present + 1)
    return replace(world, x=x, y=y, spread=spread, volume=volume)


def test_blind_promotions_say_what_is_traded() -> None:
    world = make_world("feature", 2)
    champion = train_champion(world)
    record = BlindRetrain(250, 50).play(world, champion)
    assert [item.bar for item in record.promotions] == list(range(1050, 3000, 50))
    last = record.promotions[-1]
    forecast = champion.standardised(world.x[last.bar :]) @ np.array(last.weights) + last.intercept
    np.testing.assert_allclose(record.forecast[last.bar :], forecast)


def test_frozen_positions_are_capped_kelly() -> None:
    world = make_world("null", 2)
    champion = train_champion(world)
    position = Frozen().play(world, champion).position
    expected = champion.forecast(world.x) / champion.return_sd**2
    inside = np.abs(expected) <= 1.5
    np.testing.assert_allclose(position[1000:][inside[1000:]], expected[1000:][inside[1000:]])
    assert np.abs(position).max() <= 1.5
    assert kelly_position(np.array([9.0, -9.0]), 2.0).tolist() == [1.5, -1.5]


def test_the_oracle_stays_out_of_a_market_without_an_edge() -> None:
    world = make_world("noedge", 2)
    record = Oracle().play(world, train_champion(world))
    assert not record.position.any() and not record.deployed


@pytest.mark.parametrize("family", ["feature", "stale", "garbage"])
def test_the_oracle_learns_on_where_only_an_input_is_at_fault(family: str) -> None:
    world = make_world(family, 2)
    champion = train_champion(world)
    z, volatility = repaired_inputs(world, champion), oracle_volatility(world)
    forecast = oracle_forecast(world, champion, z, volatility)
    onset, last = world.onset_bars[0], world.bars - 1
    np.testing.assert_allclose(forecast[:onset], z[:onset] @ champion.weights / champion.return_sd, rtol=1e-12)
    penalty = len(champion.weights) / 0.35**2 * np.eye(len(champion.weights))
    known, told = z[:last], (world.y / volatility)[:last]
    weights = np.linalg.solve(known.T @ known + penalty, known.T @ told)
    assert forecast[last] == pytest.approx(float(z[last] @ weights), rel=1e-9)


def test_cost_is_spread_plus_square_root_impact() -> None:
    position = np.array([0.0, 1.0, 1.0, -0.5])
    spread, sigma, volume = np.full(4, 0.05), np.full(4, 2.0), np.full(4, 0.5)
    impact = [0.0, 2.0 * np.sqrt(0.014 / 0.5), 0.0, 2.0 * 1.5 * np.sqrt(0.014 * 1.5 / 0.5)]
    expected = np.array([0.0, 0.05, 0.0, 0.075]) + impact
    np.testing.assert_allclose(trading_cost(position, spread, sigma, volume), expected)
    y = np.array([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_allclose(net_pnl(position, y, spread, sigma, volume), position * y - expected)


def test_utility_of_several_positions_at_once() -> None:
    world = make_world("null", 3)
    paths = np.random.default_rng(1).normal(size=(2, world.bars))
    both = position_utility(world, paths)
    np.testing.assert_allclose(both[1], position_utility(world, paths[1]))


def test_ridge_is_the_posterior_mean_and_least_squares_at_penalty_zero() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(2.0, 3.0, (300, 4)), rng.normal(size=300)
    model = fit_ridge(x, y, 0.0)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    np.testing.assert_allclose(model.weights, np.linalg.lstsq(z, y, rcond=None)[0])
    shrunk = fit_ridge(x, y, 4 / 0.35**2)
    prior = np.vstack([z, np.sqrt(4 / 0.35**2) * np.eye(4)])
    np.testing.assert_allclose(shrunk.weights, np.linalg.lstsq(prior, np.r_[y, np.zeros(4)], rcond=None)[0])


def test_champions_leave_incomplete_bars_out_and_refuse_too_few() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(120, 3)), rng.normal(size=120)
    holed = np.vstack([x, np.full((5, 3), np.nan)])
    np.testing.assert_array_equal(bayes_champion(holed, np.r_[y, np.ones(5)]).weights, bayes_champion(x, y).weights)
    with pytest.raises(CalculationError, match="cannot teach 3 weights"):
        bayes_champion(x[:5], y[:5])
    with pytest.raises(CalculationError, match="vary"):
        bayes_champion(np.ones((120, 3)), y)


def test_ewma_volatility_follows_its_recursion() -> None:
    y = np.random.default_rng(2).normal(size=80)
    variance = [float(np.mean(y[:20] ** 2))]
    for value in y[:-1]:
        variance.append(0.97 * variance[-1] + 0.03 * value**2)
    np.testing.assert_allclose(ewma_volatility(y, 20), np.sqrt(variance))
