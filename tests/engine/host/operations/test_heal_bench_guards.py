"""Nothing later than a decision changes it, no feature's place matters, and gaps crash nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from engine.agent.treatment.bench_player import play_episode
from engine.host.operations.heal_bench import shipped_settings
from engine.host.operations.heal_bench_foreign import ForeignPlayer
from engine.kernel.config_models import HydraConfig
from engine.sandbox.healbench.episode_record import EpisodeRecord
from engine.sandbox.healbench.heal_world import FloatArray
from engine.sandbox.healbench.market_view import MarketView
from engine.sandbox.healbench.world_generator import make_world

TRAIN = 1000


@pytest.fixture(scope="module")
def config() -> HydraConfig:
    return shipped_settings()


def cut(view: MarketView, bars: int) -> MarketView:
    return MarketView(view.x[:bars], view.y[:bars], view.spread[:bars], view.volume[:bars], view.train_bars)


def scrambled_after(view: MarketView, bar: int) -> MarketView:
    """Everything that is not known when the position of `bar` is decided is something else."""
    rng = np.random.default_rng(bar)
    x, y, spread, volume = (array.copy() for array in (view.x, view.y, view.spread, view.volume))
    x[bar + 1 :] = rng.permuted(x[bar + 1 :], axis=0) * 3.0 - 1.0
    y[bar:] = rng.standard_normal(len(y) - bar)
    spread[bar + 1 :] = rng.random(len(y) - bar - 1)
    volume[bar:] = rng.random(len(y) - bar) + 0.01
    return MarketView(x, y, spread, volume, view.train_bars)


def foreign_view() -> MarketView:
    """A market of another maker: other units, gaps, 500 training bars."""
    rng = np.random.default_rng(4)
    x = 50.0 + 7.0 * make_world("null", 4).clean_x[:1000]
    y = 0.004 * make_world("null", 4).y[:1000]
    x[rng.random(x.shape) < 0.03] = np.nan
    return MarketView(x, y, 1e-4 * (1.0 + rng.random(1000)), 1e3 * (0.5 + rng.random(1000)), 500)


@pytest.mark.parametrize(
    ("family", "seed", "after_fault"),
    [("null", 3, -400), ("concept", 11, 90), ("feature", 12, 15), ("stale", 14, 2), ("garbage", 15, 100)],
)
def test_the_future_does_not_change_a_position(config: HydraConfig, family: str, seed: int, after_fault: int) -> None:
    world = make_world(family, seed)
    fault = world.fault_bar or 1600
    view = MarketView.of(world)
    last = fault + max(after_fault, 0) + 60
    told = play_episode(cut(view, last), config, seed).position
    for bar in (TRAIN, TRAIN + 137, fault + after_fault):
        other = play_episode(cut(scrambled_after(view, bar), min(bar + 60, last)), config, seed).position
        assert told[: bar + 1].tobytes() == other[: bar + 1].tobytes()
        assert not np.array_equal(told[bar + 1 : len(other)], other[bar + 1 :])


@pytest.mark.parametrize("bar", [500, 501, 730])
def test_the_future_of_a_foreign_world_does_not_change_a_position(config: HydraConfig, bar: int) -> None:
    view, player = foreign_view(), ForeignPlayer(config)
    told = player((1, cut(view, 800))).position
    other = player((1, cut(scrambled_after(view, bar), bar + 60))).position
    assert told[500:801].any()
    assert told[: bar + 1].tobytes() == other[: bar + 1].tobytes()
    assert not np.array_equal(told[bar + 1 : bar + 60], other[bar + 1 :])


@pytest.mark.parametrize(("family", "seed"), [("concept", 21), ("feature", 22), ("stale", 23), ("garbage", 25)])
def test_the_order_of_features_does_not_matter(config: HydraConfig, family: str, seed: int) -> None:
    world = make_world(family, seed)
    view = cut(MarketView.of(world), (world.fault_bar or 0) + 300)
    order = np.random.default_rng(seed).permutation(world.features)
    one = play_episode(view, config, seed)
    other = play_episode(replace(view, x=np.ascontiguousarray(view.x[:, order])), config, seed)
    assert one.position == pytest.approx(other.position, abs=1e-9)
    assert one.diagnoses and _told(one, np.arange(world.features)) == _told(other, order)


def _told(record: EpisodeRecord, order: np.ndarray) -> list[tuple[int, str, list[int]]]:
    return [(item.bar, item.cause, sorted(int(order[index]) for index in item.affected_features))
            for item in record.diagnoses]  # fmt: skip


def holes(view: MarketView) -> dict[str, FloatArray]:
    rng = np.random.default_rng(2)
    found = {}
    for name in ("scattered", "a bar", "a gap", "gone for ever", "never there"):
        x = view.x.copy()
        if name == "scattered":
            x[rng.random(x.shape) < 0.05] = np.nan
        elif name == "a bar":
            x[TRAIN + 50] = np.nan
        else:
            start, stop = {"a gap": (1100, 1160), "gone for ever": (TRAIN, None), "never there": (0, None)}[name]
            x[start:stop, 2] = np.nan
        found[name] = x
    return found


@pytest.mark.parametrize("name", ["scattered", "a bar", "a gap", "gone for ever", "never there"])
def test_missing_features_crash_nothing(config: HydraConfig, name: str) -> None:
    view = cut(MarketView.of(make_world("null", 3)), 1300)
    record = ForeignPlayer(config)((3, replace(view, x=holes(view)[name])))
    assert np.isfinite(record.position).all() and not record.position[:TRAIN].any()
    assert np.abs(record.position[TRAIN:]).mean() > 0.05


def test_a_feature_that_stops_is_reported_as_a_dead_feed(config: HydraConfig) -> None:
    view = cut(MarketView.of(make_world("null", 3)), 1300)
    record = ForeignPlayer(config)((3, replace(view, x=holes(view)["a gap"])))
    causes = Counter(item.cause for item in record.diagnoses if 2 in item.affected_features)
    assert causes["data_feed"] == 1
