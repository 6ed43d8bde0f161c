"""The rule behind an agent's forecasts is read off them, or they are told apart from any linear rule's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.sandbox.healbench.baselines.frozen import Frozen
from engine.sandbox.healbench.episode_record import EpisodeRecord, PromotionRecord, RepairRecord
from engine.sandbox.healbench.forecast_rule import ForecastRule, first_rule
from engine.sandbox.healbench.heal_world import HealWorld
from engine.sandbox.healbench.ridge_champion import train_champion
from engine.sandbox.healbench.world_generator import make_world


@pytest.fixture(scope="module")
def world() -> HealWorld:
    return make_world("concept", 5)


@pytest.fixture(scope="module")
def record(world: HealWorld) -> EpisodeRecord:
    return Frozen().play(world, train_champion(world))


def test_the_champion_is_read_off_its_forecasts(world: HealWorld, record: EpisodeRecord) -> None:
    rule, verdict = first_rule(world, record)
    expected = ForecastRule.of_champion(train_champion(world), world)
    assert verdict == "linear" and rule is not None
    assert rule.weights == pytest.approx(expected.weights) and rule.intercept == pytest.approx(expected.intercept)


def test_one_forged_forecast_is_seen_but_only_before_the_first_change(world: HealWorld, record: EpisodeRecord) -> None:
    forged = replace(record, forecast=record.forecast + np.where(np.arange(world.bars) == 1500, 1e-4, 0.0))
    assert first_rule(world, forged) == (None, "not linear")
    assert first_rule(world, replace(forged, repairs=(RepairRecord(1500, "retrain"),)))[1] == "linear"
    assert first_rule(world, replace(forged, promotions=(PromotionRecord(1501, None, 1),)))[1] == "not linear"


def test_values_that_an_agent_may_hold_back_do_not_count(world: HealWorld, record: EpisodeRecord) -> None:
    wild = make_world("garbage", 6)
    assert wild.variant == "ticks" or make_world("garbage", 7).variant == "ticks"
    wild = wild if wild.variant == "ticks" else make_world("garbage", 7)
    champion = train_champion(wild)
    guarded = np.clip(champion.standardised(wild.x), -4.0, 4.0) @ champion.weights
    played = replace(Frozen().play(wild, champion), forecast=np.where(np.arange(wild.bars) < 1000, np.nan, guarded))
    assert not np.allclose(guarded, champion.forecast(wild.x))
    assert first_rule(wild, played)[1] == "linear"


def test_too_few_bars_tell_nothing(world: HealWorld, record: EpisodeRecord) -> None:
    said = np.where(np.arange(world.bars) < 1007, record.forecast, np.nan)
    assert first_rule(world, replace(record, forecast=said)) == (None, "too few bars")


def test_a_jump_that_an_agent_may_doubt_does_not_count_but_the_bars_around_it_do(
    world: HealWorld, record: EpisodeRecord
) -> None:
    """The feed jumps by less than its training range; an agent that keeps the last good value for three bars is
    linear."""
    feature = make_world("feature", 307)
    bar, (index,) = feature.fault_bar or 0, feature.faulty_features
    champion = train_champion(feature)
    guarded = feature.x.copy()
    guarded[bar : bar + 3, index] = feature.x[bar - 1, index]
    played = Frozen().play(feature, champion)
    said = np.where(np.arange(feature.bars) < 1000, np.nan, champion.forecast(guarded))
    assert abs(said[bar] - played.forecast[bar]) > 0.01
    changed = (RepairRecord(bar + 6, "restandardise_feature"),)
    assert first_rule(feature, replace(played, forecast=said, repairs=changed))[1] == "linear"
    forged = np.where(np.arange(feature.bars) == bar - 2, said + 1e-4, said)
    assert first_rule(feature, replace(played, forecast=forged, repairs=changed))[1] == "not linear"
