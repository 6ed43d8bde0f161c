"""Worlds are deterministic, share their market by seed, and have the moments of the specification."""

from __future__ import annotations

import numpy as np
import pytest

from engine.kernel.errors import CalculationError
from engine.sandbox.healbench.base_market import ar1_paths
from engine.sandbox.healbench.bench_utility import growth_utility, position_utility
from engine.sandbox.healbench.families.registry import CONTROL_FAMILIES, FAMILIES, SEVERITIES
from engine.sandbox.healbench.heal_world import HealWorld
from engine.sandbox.healbench.market_view import MarketView
from engine.sandbox.healbench.world_generator import make_world

ARRAYS = ("x", "y", "spread", "volume", "clean_x", "feed_shift", "feed_scale", "beta", "sigma", "sigma_level", "scored")
SHARED_FROM_THE_START = [name for name in FAMILIES if name not in ("noedge", "overfit")]


@pytest.fixture(scope="module")
def nulls() -> list[HealWorld]:
    return [make_world("null", seed) for seed in range(40)]


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("family", FAMILIES)
def test_shapes_and_truth_of_every_family(family: str, severity: float) -> None:
    for seed in range(4):
        world = make_world(family, seed, severity)
        assert world.x.shape == world.clean_x.shape == world.beta.shape == (3000, world.features)
        assert world.y.shape == world.spread.shape == world.volume.shape == world.sigma.shape == (3000,)
        assert world.train_bars == 1000 and len(world.onset_bars) == len(world.faults)
        assert (world.fault_bar is None) == (family in CONTROL_FAMILIES)
        assert not world.scored[:1000].any() and world.scored.any()
        assert all(0 <= index < world.features for index in world.faulty_features)
        assert all(np.isfinite(getattr(world, name)).all() for name in ARRAYS)
        assert (world.volume > 0.0).all() and (world.spread > 0.0).all() and (world.sigma > 0.0).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_family_seed_and_severity_give_the_same_world(family: str) -> None:
    first, second = make_world(family, 11, 1.0), make_world(family, 11, 1.0)
    assert all(np.array_equal(getattr(first, name), getattr(second, name)) for name in ARRAYS)
    assert first.onset_bars == second.onset_bars and first.variant == second.variant
    assert not np.array_equal(first.y, make_world(family, 12, 1.0).y)


@pytest.mark.parametrize("family", SHARED_FROM_THE_START)
def test_families_and_severities_of_one_seed_share_everything_before_the_fault(family: str) -> None:
    for severity in SEVERITIES:
        world, plain = make_world(family, 5, severity), make_world("null", 5)
        until = world.fault_bar or world.bars
        for name in ("x", "y", "spread", "volume", "sigma"):
            assert np.array_equal(getattr(world, name)[:until], getattr(plain, name)[:until])


def test_worlds_cannot_be_written_to() -> None:
    world = make_world("null", 1)
    with pytest.raises(ValueError, match="read-only"):
        world.x[0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        MarketView.of(world).y[0] = 1.0


def test_what_an_agent_may_see_holds_no_truth() -> None:
    assert set(MarketView.__slots__) == {"x", "y", "spread", "volume", "train_bars"}


def test_fault_bars_and_features_spread_over_their_ranges() -> None:
    worlds = [make_world("feature", seed) for seed in range(200)]
    bars = [world.fault_bar or 0 for world in worlds]
    assert min(bars) >= 1400 and max(bars) <= 1800
    assert np.mean(bars) == pytest.approx(1600, abs=3 * 116 / np.sqrt(200))
    struck = np.bincount([world.faulty_features[0] for world in worlds], minlength=6)
    main = np.mean([world.faulty_features[0] == np.argmax(np.abs(world.beta[0])) for world in worlds])
    assert struck.min() >= 15 and main == pytest.approx(1 / 6, abs=3 * np.sqrt(5 / 36 / 200))


def test_scored_horizon_is_1200_bars_from_the_fault() -> None:
    for family in ("concept", "decay", "feature", "volatility", "liquidity", "stale", "compound", "overfit"):
        world = make_world(family, 3)
        assert world.fault_bar is not None
        assert np.flatnonzero(world.scored).tolist() == list(range(world.fault_bar, world.fault_bar + 1200))


def test_features_are_ar1_with_unit_variance(nulls: list[HealWorld]) -> None:
    x = np.concatenate([world.x[None] for world in nulls])
    assert x.var() == pytest.approx(1.0, abs=0.03) and x.mean() == pytest.approx(0.0, abs=0.03)
    assert np.mean(x[:, 1:] * x[:, :-1]) / x.var() == pytest.approx(0.9, abs=0.005)


def test_ar1_paths_follow_the_recursion() -> None:
    drawn = np.random.default_rng(3).standard_normal((50, 2))
    path = ar1_paths(np.random.default_rng(3), 0.7, 50, 2)
    expected = drawn.copy()
    expected[1:] *= np.sqrt(1.0 - 0.49)
    for bar in range(1, 50):
        expected[bar] += 0.7 * expected[bar - 1]
    np.testing.assert_allclose(path, expected, atol=1e-12)


def test_weights_and_correlation_of_the_best_forecast(nulls: list[HealWorld]) -> None:
    sizes = np.array([0.7, 0.5, 0.4, 0.25, 0.15, 0.1])
    for world in nulls:
        np.testing.assert_allclose(-np.sort(-world.beta[0]) / 0.35, sizes / np.linalg.norm(sizes))
    correlations = [
        np.corrcoef(world.y / world.sigma, np.einsum("td,td->t", world.beta, world.x))[0, 1] for world in nulls
    ]
    assert np.mean(correlations) == pytest.approx(0.35, abs=0.01)
    assert len({tuple(np.argsort(-world.beta[0]).tolist()) for world in nulls}) > 20


def test_volatility_spread_volume_and_tails(nulls: list[HealWorld]) -> None:
    logs = {name: np.concatenate([np.log(getattr(world, name)) for world in nulls]) for name in ("sigma", "volume")}
    spread = np.concatenate([np.log(world.spread / 0.05) for world in nulls])
    assert logs["sigma"].std() == pytest.approx(0.2, abs=0.02)
    assert logs["volume"].std() == pytest.approx(0.4, abs=0.02)
    assert spread.std() == pytest.approx(0.3, abs=0.02) and spread.mean() == pytest.approx(0.0, abs=0.02)
    noise = np.concatenate([(world.y - world.expected_return) / world.sigma for world in nulls])
    assert noise.var() == pytest.approx(1.0 - 0.35**2, abs=0.02)
    assert np.mean(noise**4) / noise.var() ** 2 > 5.0


def test_the_ideal_earns_the_published_units(nulls: list[HealWorld]) -> None:
    """rho^2 / 2 = .061 per bar for small positions before cost; about .032 net with full Kelly positions."""
    before = net = 0.0
    for world in nulls:
        kelly = world.expected_return / world.sigma**2
        small = 0.01 * kelly
        before += float((growth_utility(small * world.y)[1000:].mean() / 0.01) / 2.0)
        net += float(position_utility(world, np.clip(kelly, -1.5, 1.5))[1000:].mean())
    assert before / len(nulls) == pytest.approx(0.061, abs=0.003)
    assert net / len(nulls) == pytest.approx(0.032, abs=0.005)


def test_unknown_families_and_severities_are_refused() -> None:
    with pytest.raises(CalculationError, match="known: null"):
        make_world("flood", 1)
    for severity in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(CalculationError, match="severity"):
            make_world("null", 1, severity)
