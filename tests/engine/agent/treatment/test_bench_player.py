"""What the player leaves behind says what was in force, and an episode can be branched."""

from __future__ import annotations

import numpy as np

from engine.agent.treatment.bench_player import BenchEpisode, play_episode
from engine.kernel.configuration import load_config
from engine.sandbox.healbench.market_view import MarketView
from engine.sandbox.healbench.world_generator import make_world

CONFIG = load_config("simulated_hogs", environment={}).config


def test_a_promotion_names_the_repairs_of_inputs_that_it_works_under() -> None:
    """A dead feed is muted; the rule that is promoted on this market works without it."""
    world = make_world("stale", 5005)
    record = play_episode(MarketView.of(world), CONFIG, 5005)
    muted_from = next(item.bar for item in record.repairs if item.kind == "quarantine_feature")
    dead = next(item.affected_features for item in record.diagnoses if item.cause == "data_feed")
    later = [item for item in record.promotions if item.bar > muted_from]
    assert later and all(item.muted_inputs == dead for item in later)
    assert later[0].input_offset == (0.0,) * world.features and later[0].input_scale == (1.0,) * world.features


def test_a_branch_goes_its_own_way_and_leaves_the_other_alone() -> None:
    sound, broken = (MarketView.of(make_world(family, 3)) for family in ("null", "stale"))
    fault = make_world("stale", 3).fault_bar
    assert fault is not None
    trunk = BenchEpisode(sound, CONFIG, 3)
    trunk.play(sound, fault)
    branch = trunk.branch()
    branch.play(broken, fault + 20)
    assert trunk.bar == fault and branch.bar == fault + 20
    trunk.play(sound, fault + 20)
    one, other = trunk.record(), branch.record()
    assert np.array_equal(one.position[:fault], other.position[:fault])
    assert any(item.cause == "data_feed" and item.bar >= fault for item in other.diagnoses)
    assert not any(item.bar >= fault for item in one.diagnoses)
