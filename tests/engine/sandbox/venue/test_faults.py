"""Fault families: one contract for all, effects that begin exactly at the fault bar, truth that says so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kernel.errors import InputError
from engine.sandbox.venue.faults.registry import FAULT_FAMILIES, draw_family, fault_family
from engine.sandbox.venue.faults.stale import FEED_FEATURES
from engine.sandbox.venue.market_facts import FEATURES, FEATURES_IN_UNITS, INFORMATION_COEFFICIENT
from engine.sandbox.venue.random_streams import Stream, stream
from engine.sandbox.venue.session_files import SessionFiles
from engine.sandbox.venue.truth import truth_of
from engine.sandbox.venue.world import MarketWorld, WorldSettings, build_world
from engine.sandbox.venue.world_rules import WorldRules

HISTORY, LIVE = 100, 900
BREAKING = sorted(name for name, family in FAULT_FAMILIES.items() if family.drawn_by_seed)


def world_of(seed: int, fault: str | None) -> MarketWorld:
    return build_world(WorldSettings(seed, HISTORY, LIVE, fault))


def rows_equal(left: WorldRules, right: WorldRules, rows: slice) -> bool:
    return all(
        np.array_equal(getattr(left, name)[rows], getattr(right, name)[rows])
        for name in WorldRules.__dataclass_fields__
    )


@pytest.mark.parametrize("name", sorted(FAULT_FAMILIES))
@given(seed=st.integers(0, 2**32))
@settings(max_examples=6, deadline=None)
def test_every_family_leaves_the_past_and_the_market_alone(name: str, seed: int) -> None:
    healthy, broken = world_of(seed, "none"), world_of(seed, name)
    assert broken.fault.family == name
    np.testing.assert_array_equal(healthy.factors, broken.factors)
    np.testing.assert_array_equal(healthy.loadings, broken.loadings)
    if broken.fault.live_bar is None:
        assert name in ("none", "no-edge")
        return
    first = HISTORY + broken.fault.live_bar
    assert 120 <= broken.fault.live_bar <= 320
    assert rows_equal(healthy.rules, broken.rules, slice(0, first))
    assert not rows_equal(healthy.rules, broken.rules, slice(first, first + 1))
    np.testing.assert_array_equal(healthy.traded.close[:first], broken.traded.close[:first])


@pytest.mark.parametrize("name", BREAKING)
def test_files_are_those_of_the_healthy_world_until_the_fault_bar_and_differ_from_it_on(name: str) -> None:
    for seed in range(3):
        healthy, broken = SessionFiles(world_of(seed, "none")), SessionFiles(world_of(seed, name))
        bar = broken.world.fault.live_bar
        assert bar is not None
        assert healthy.history() == broken.history()
        for before in range(bar - 3, bar):
            assert healthy.live(before) == broken.live(before)
        assert healthy.live(bar) != broken.live(bar)


def test_concept_flips_the_coefficients_that_carry_most_of_the_loading() -> None:
    for seed in range(20):
        world = world_of(seed, "concept")
        flipped = [FEATURES.index(name) for name in world.fault.targets]
        share = float(np.sum(world.loadings[flipped] ** 2))
        assert share >= 0.70
        assert share == pytest.approx(world.fault.severity["share"])
        kept = [index for index in range(6) if index not in flipped]
        assert max(np.abs(world.loadings[kept]), default=0.0) <= min(np.abs(world.loadings[flipped]))


def test_volatility_scales_signal_and_noise_alike() -> None:
    healthy, broken = world_of(2, "none"), world_of(2, "volatility")
    first = HISTORY + int(broken.fault.live_bar or 0)
    ratio = broken.returns[first:] / np.where(healthy.returns[first:] == 0.0, np.nan, healthy.returns[first:])
    assert np.nanmedian(ratio) == pytest.approx(broken.fault.severity["multiplier"], rel=0.05)
    assert 2.2 <= broken.fault.severity["multiplier"] <= 3.2


def test_feature_shifts_and_stretches_one_display_only() -> None:
    targets = set()
    for seed in range(30):
        world = world_of(seed, "feature")
        (target,) = world.fault.targets
        targets.add(target)
        assert 2.2 <= abs(world.fault.severity["offset"]) <= 3.5
        assert 2.0 <= world.fault.severity["scale"] <= 3.0
        changed = np.any(world.rules.shown != world.factors, axis=0)
        assert [FEATURES[index] for index in np.flatnonzero(changed)] == [target]
    assert targets == set(FEATURES_IN_UNITS)


def test_stale_feeds_repeat_their_last_content() -> None:
    feeds = set()
    for seed in range(20):
        world = world_of(seed, "stale")
        first = HISTORY + int(world.fault.live_bar or 0)
        feed = world.fault.feed or ""
        feeds.add(feed)
        assert world.fault.targets == FEED_FEATURES[feed]
        files = {file.name.split("-")[2].split(".")[0]: file.text for file in SessionFiles(world).live(first - HISTORY)}
        last = {
            file.name.split("-")[2].split(".")[0]: file.text for file in SessionFiles(world).live(first - HISTORY - 1)
        }
        if feed == "news":
            assert "headlines" not in files and "headlines" in last
        elif feed == "chain":
            assert files["chain"].splitlines()[4:] == last["chain"].splitlines()[4:]
            assert files["chain"].splitlines()[2] != last["chain"].splitlines()[2]
        else:
            assert files["bars"].splitlines()[2].split(",")[1:] == last["bars"].splitlines()[2].split(",")[1:]
            assert files["bars"].splitlines()[2].split(",")[0] != last["bars"].splitlines()[2].split(",")[0]
    assert feeds == set(FEED_FEATURES)


def test_seeds_draw_every_breaking_family_and_never_a_harmless_one() -> None:
    drawn = [draw_family(stream(seed, Stream.FAULT)).name for seed in range(200)]
    assert set(drawn) == set(BREAKING)
    assert world_of(7, None).fault.family == drawn[7]


def test_fault_times_spread_over_their_window() -> None:
    bars = [world_of(seed, "volatility").fault.live_bar or 0 for seed in range(60)]
    assert min(bars) < 160 and max(bars) > 280


def test_a_short_run_breaks_in_its_middle_third() -> None:
    world = build_world(WorldSettings(1, 10, 60, "volatility"))
    assert 20 <= (world.fault.live_bar or 0) <= 40


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(InputError, match="not a fault family"):
        fault_family("gremlin")


def test_truth_names_cause_moment_and_strength() -> None:
    world = build_world(WorldSettings(11, 1100, 2000, "concept"))
    truth = truth_of(world)
    assert truth["family"] == "concept" and truth["fault_bar"] == world.fault.live_bar
    assert truth["fault_known_ts"] - truth["fault_ts"] == 300_000_000
    assert truth["planted_information_coefficient"] == INFORMATION_COEFFICIENT
    assert truth["realised_information_coefficient_before"] > 0.30
    assert truth["realised_information_coefficient_after"] < -0.05
    assert truth_of(build_world(WorldSettings(11, 50, 60, "none")))["realised_information_coefficient_after"] is None
