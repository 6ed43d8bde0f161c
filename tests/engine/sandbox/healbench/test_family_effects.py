"""Each family injects the effect of the specification, in the size that its severity says, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from engine.sandbox.healbench.families.compound import SUDDEN
from engine.sandbox.healbench.families.registry import SEVERITIES
from engine.sandbox.healbench.heal_world import HealWorld
from engine.sandbox.healbench.ridge_champion import train_champion
from engine.sandbox.healbench.world_generator import make_world

SEEDS = range(40)


def onset(world: HealWorld) -> int:
    assert world.fault_bar is not None
    return world.fault_bar


def test_null_and_noedge() -> None:
    assert make_world("null", 1).onset_bars == ()
    world = make_world("noedge", 1)
    assert not world.beta.any() and np.array_equal(world.x, make_world("null", 1).x)


@pytest.mark.parametrize(("severity", "share"), [(0.5, 0.372), (1.0, 0.744), (2.0, 1.0)])
def test_concept_flips_its_share_of_the_explained_variance(severity: float, share: float) -> None:
    for seed in range(5):
        world = make_world("concept", seed, severity)
        before, after = world.beta[onset(world) - 1], world.beta[onset(world)]
        assert before @ after / 0.35**2 == pytest.approx(1.0 - 2.0 * share, abs=1e-3)
        assert np.linalg.norm(after) == pytest.approx(0.35)
        assert np.array_equal(world.x, world.clean_x)


def test_concept_at_severity_one_flips_the_two_main_signs() -> None:
    world = make_world("concept", 2)
    before, after = world.beta[onset(world) - 1], world.beta[onset(world)]
    main = np.argsort(-np.abs(before))[:2]
    expected = before.copy()
    expected[main] *= -1.0
    np.testing.assert_allclose(after, expected, atol=1e-12)
    assert set(world.faulty_features) == set(main.tolist())


def test_the_old_forecast_points_the_wrong_way_after_a_flip() -> None:
    """The slope of y / sigma on the old forecast is 1 - 2 share = -.488, so the score falls by 2 share rho."""
    told = energy = 0.0
    for seed in SEEDS:
        world = make_world("concept", seed)
        bars = slice(onset(world), onset(world) + 1200)
        promised = world.x[bars] @ world.beta[0]
        told += float(promised @ (world.y[bars] / world.sigma[bars]))
        energy += float(promised @ promised)
    assert told / energy == pytest.approx(1.0 - 2.0 * 0.744, abs=0.04)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_decay_fades_over_400_bars_while_another_signal_emerges(severity: float) -> None:
    world = make_world("decay", 3, severity)
    start = onset(world)
    before, half, after = world.beta[start - 1], world.beta[start + 199], world.beta[start + 399]
    main, weakest = np.argsort(-before)[:2], int(np.argmin(before))
    np.testing.assert_allclose(after[main], before[main] * max(0.0, 1.0 - severity), atol=1e-12)
    np.testing.assert_allclose(half[main], before[main] * (1.0 - min(1.0, severity) / 2.0))
    assert after[weakest] > before[weakest] and np.array_equal(world.beta[-1], after)
    np.testing.assert_allclose(np.linalg.norm(world.beta, axis=1), 0.35)


@pytest.mark.parametrize(("severity", "shift", "scale"), [(0.5, 0.75, 1.5), (1.0, 1.5, 2.0), (2.0, 3.0, 3.0)])
def test_feature_is_rescaled_and_the_market_is_not(severity: float, shift: float, scale: float) -> None:
    world, plain = make_world("feature", 4, severity), make_world("null", 4)
    (index,) = world.faulty_features
    start = onset(world)
    np.testing.assert_allclose(world.x[start:, index], shift + scale * plain.x[start:, index])
    assert np.array_equal(np.delete(world.x, index, 1), np.delete(plain.x, index, 1))
    assert np.array_equal(world.y, plain.y)


@pytest.mark.parametrize(("severity", "multiple"), [(0.5, 1.75), (1.0, 2.5), (2.0, 4.0)])
def test_volatility_scales_signal_and_noise(severity: float, multiple: float) -> None:
    world, plain = make_world("volatility", 4, severity), make_world("null", 4)
    np.testing.assert_allclose(world.y[onset(world) :], multiple * plain.y[onset(world) :])
    np.testing.assert_allclose(world.sigma_level * plain.sigma, world.sigma)


@pytest.mark.parametrize(("severity", "spread", "volume"), [(0.5, 3.5, 5.5), (1.0, 6.0, 10.0), (2.0, 11.0, 19.0)])
def test_liquidity_dries_up(severity: float, spread: float, volume: float) -> None:
    world, plain = make_world("liquidity", 4, severity), make_world("null", 4)
    start = onset(world)
    np.testing.assert_allclose(world.spread[start:], spread * plain.spread[start:])
    np.testing.assert_allclose(world.volume[start:], plain.volume[start:] / volume)
    assert np.array_equal(world.y, plain.y)


def test_stale_freezes_the_last_value() -> None:
    for severity, count, bars in ((0.5, 1, 600), (1.0, 1, None), (2.0, 2, None)):
        world = make_world("stale", 4, severity)
        start = onset(world)
        until = world.bars if bars is None else start + bars
        assert len(world.faulty_features) == count and world.heal_bar == (None if bars is None else until)
        for index in world.faulty_features:
            assert (world.x[start:until, index] == world.x[start - 1, index]).all()
            assert np.array_equal(world.x[until:, index], world.clean_x[until:, index])


def test_garbage_ticks_are_few_and_wild() -> None:
    found = {severity: [0, 0] for severity in SEVERITIES}
    for severity in SEVERITIES:
        for seed in SEEDS:
            world = make_world("garbage", seed, severity)
            if world.variant != "ticks":
                continue
            (index,) = world.faulty_features
            bad = np.flatnonzero(world.x[:, index] != world.clean_x[:, index])
            assert bad[0] == onset(world)
            np.testing.assert_allclose(world.x[bad, index], 20.0 * world.clean_x[bad, index])
            found[severity][0] += len(bad)
            found[severity][1] += world.bars - onset(world)
    for severity, (count, bars) in found.items():
        assert count / bars == pytest.approx(0.02 * severity, rel=0.2)


def test_garbage_leak_foretells_the_return_and_is_not_scored() -> None:
    leaks = [world for world in (make_world("garbage", seed) for seed in SEEDS) if world.variant == "leak"]
    assert 10 <= len(leaks) <= 30
    for world in leaks:
        (index,) = world.faulty_features
        start = onset(world)
        leaking = slice(start, start + 250)
        assert world.heal_bar == start + 250 and not world.scored[leaking].any()
        told = np.corrcoef(world.x[leaking, index], world.y[leaking] / world.sigma[leaking])[0, 1]
        assert told > 0.6
        assert np.array_equal(world.x[world.heal_bar :], world.clean_x[world.heal_bar :])


@pytest.mark.parametrize(("severity", "features"), [(0.5, 26), (1.0, 46), (2.0, 86)])
def test_overfit_champion_learns_noise(severity: float, features: int) -> None:
    """The slope of return on forecast stands below .5 out of sample, as specified; the true weights stand at theirs."""
    slopes = []
    for seed in range(20):
        world = make_world("overfit", seed, severity)
        assert world.features == features and len(world.faulty_features) == features - 6
        assert not world.beta[:, list(world.faulty_features)].any() and onset(world) == 1000
        assert np.linalg.norm(world.beta[0]) == pytest.approx(0.35)
        forecast = train_champion(world).forecast(world.x)
        live = slice(1000, 2200)
        slopes.append(float(forecast[live] @ world.y[live] / (forecast[live] @ forecast[live])))
    assert np.mean(slopes) < (0.6 if severity < 1.0 else 0.5)


def test_compound_worlds_have_two_faults_100_bars_apart_or_one_that_heals() -> None:
    variants = {"two": 0, "heals": 0}
    for seed in SEEDS:
        world = make_world("compound", seed)
        variants[world.variant] += 1
        assert set(world.faults) <= set(SUDDEN)
        if world.variant == "two":
            first, second = world.onset_bars
            assert second == first + 100 and len(set(world.faults)) == 2 and world.heal_bar is None
            continue
        (start,) = world.onset_bars
        assert world.heal_bar == start + 400
        healed, plain = slice(world.heal_bar, None), make_world("null", seed)
        for name in ("x", "y", "spread", "volume"):
            np.testing.assert_allclose(getattr(world, name)[healed], getattr(plain, name)[healed])
        struck = slice(start, world.heal_bar)
        assert any(
            not np.array_equal(getattr(world, n)[struck], getattr(plain, n)[struck]) for n in ("x", "y", "spread")
        )
    assert min(variants.values()) >= 10
