"""The verdict on a promotion is exact: it agrees with simulated growth and needs no data of the episode."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.sandbox.healbench.baselines.base import promotion_of, window_model
from engine.sandbox.healbench.baselines.frozen import Frozen
from engine.sandbox.healbench.episode_record import EpisodeRecord, ForecastUnit, PromotionRecord
from engine.sandbox.healbench.forecast_rule import ForecastRule, training_scale
from engine.sandbox.healbench.heal_world import CORRELATION, FloatArray, HealWorld
from engine.sandbox.healbench.ridge_champion import train_champion
from engine.sandbox.healbench.true_growth import false_promotions, true_growth
from engine.sandbox.healbench.world_generator import make_world

NOISE = 1.0 - CORRELATION**2


def true_rule(world: HealWorld, bar: int, unit: ForecastUnit = "return") -> ForecastRule:
    """The best rule for features as the market has them."""
    mean, sd = training_scale(world)
    return ForecastRule(world.beta[bar] * sd, float(world.beta[bar] @ mean), unit)


def told(*promotions: PromotionRecord, world: HealWorld) -> EpisodeRecord:
    return replace(Frozen().play(world, train_champion(world)), promotions=promotions)


def promotion(bar: int, rule: ForecastRule, **parts: Any) -> PromotionRecord:
    return replace(PromotionRecord(bar, tuple(rule.weights.tolist()), 1, rule.intercept, rule.unit), **parts)


def simulated_growth(world: HealWorld, t: int, rule: ForecastRule, values: FloatArray, clean: FloatArray) -> float:
    """Mean of h m - h^2 (m^2 + noise) / 2 over fresh features, with h what the rule holds in units of volatility."""
    mean, sd = training_scale(world)
    forecast = rule.intercept + (values - mean) / sd @ rule.weights
    expected = clean @ world.beta[t]
    if rule.unit == "return":
        sigma = world.sigma_level[t]
        return float(np.mean(forecast * expected / sigma - forecast**2 / (2 * sigma**2)))
    held = forecast / (NOISE + forecast**2)
    return float(np.mean(held * expected - 0.5 * held**2 * (expected**2 + NOISE)))


@pytest.mark.parametrize("unit", ["return", "volatility"])
@pytest.mark.parametrize("family", ["null", "concept", "feature", "volatility", "stale"])
def test_growth_is_what_fresh_markets_show_on_average(family: str, unit: ForecastUnit) -> None:
    world = make_world(family, 8)
    champion = ForecastRule.of_champion(train_champion(world), world)
    rule, bar = ForecastRule(champion.weights * 0.8, 0.05, unit), 1850
    rng = np.random.default_rng(0)
    per_bar = []
    for t in range(bar, bar + 250, 10):
        clean = rng.standard_normal((20_000, world.features))
        per_bar.append(simulated_growth(world, t, rule, world.feed_shift[t] + world.feed_scale[t] * clean, clean))
    assert true_growth(world, bar, rule) == pytest.approx(np.mean(per_bar), abs=0.01 if unit == "return" else 0.002)


@pytest.mark.parametrize("unit", ["return", "volatility"])
def test_the_true_weights_beat_any_other_at_unit_volatility(unit: ForecastUnit) -> None:
    world = make_world("null", 8)
    best = true_rule(world, 0, unit)
    top = true_growth(world, 1500, best)
    for factor in (0.7, 0.9, 1.1, 1.4):
        assert top > true_growth(world, 1500, ForecastRule(best.weights * factor, best.intercept, unit))
    turned = np.roll(best.weights, 1)
    assert top > true_growth(world, 1500, ForecastRule(turned, best.intercept, unit))
    assert top > true_growth(world, 1500, None) == 0.0


def test_a_champion_is_the_same_rule_on_the_scale_of_all_training_bars() -> None:
    world = make_world("overfit", 3)
    champion = train_champion(world)
    rule = ForecastRule.of_champion(champion, world)
    mean, sd = training_scale(world)
    assert rule.intercept + (world.x - mean) / sd @ rule.weights == pytest.approx(champion.forecast(world.x))
    assert not np.allclose(rule.weights, champion.weights, rtol=0.01)


@pytest.mark.parametrize("unit", ["return", "volatility"])
def test_promotions_are_judged_against_the_rule_they_replace(unit: ForecastUnit) -> None:
    world = make_world("concept", 8)
    assert world.fault_bar is not None
    bar = world.fault_bar + 50
    healed, broken = true_rule(world, -1, unit), true_rule(world, 0, unit)
    record = told(
        promotion(bar + 20, broken),
        promotion(bar, healed),
        PromotionRecord(bar + 40, None, 3),
        promotion(bar + 60, healed),
        world=world,
    )
    assert false_promotions(world, train_champion(world), record) == (False, True, False, False)
    assert false_promotions(world, train_champion(world), told(world=world)) == ()


def test_standing_aside_instead_of_a_sound_champion_is_false() -> None:
    world = make_world("null", 8)
    record = told(PromotionRecord(1500, None, 1), world=world)
    assert false_promotions(world, train_champion(world), record) == (True,)


def test_rules_are_judged_under_the_repairs_of_inputs_in_force() -> None:
    """After a change of units that is undone, the old weights are right and a refit to the delivered values is not."""
    world = make_world("feature", 8)
    assert world.fault_bar is not None
    bar, index = world.fault_bar + 100, world.faulty_features[0]
    offset, scale = np.zeros(world.features), np.ones(world.features)
    offset[index], scale[index] = 1.5, 2.0
    undone: dict[str, Any] = {"input_offset": tuple(offset.tolist()), "input_scale": tuple(scale.tolist())}
    sound = true_rule(world, 0, "volatility")
    weaker = ForecastRule(sound.weights * 0.5, sound.intercept * 0.5, "volatility")
    record = told(promotion(bar, sound, **undone), promotion(bar + 10, weaker, **undone), world=world)
    assert false_promotions(world, train_champion(world), record)[1] is True
    null = make_world("null", 8)
    repaired = promotion(bar, sound, **undone)
    assert true_growth(world, bar, sound, repaired) == pytest.approx(true_growth(null, bar, sound))
    muted = true_growth(world, bar, sound, replace(repaired, muted_inputs=(index,)))
    lost = sound.weights.copy()
    lost[index] = 0.0
    assert muted == pytest.approx(true_growth(null, bar, ForecastRule(lost, sound.intercept, "volatility")))


def test_blind_models_are_mostly_worse_in_a_null_market() -> None:
    worse: list[bool] = []
    for seed in range(20):
        world = make_world("null", seed)
        champion = train_champion(world)
        record = told(promotion_of(world, window_model(world, champion, 1800, 250), 1800, 1), world=world)
        worse.extend(false_promotions(world, champion, record))
    assert np.mean(worse) >= 0.7
