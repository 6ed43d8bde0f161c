"""The files through the ordinary ingestion and feature pipeline: the planted factors come back, and they pay."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import pytest

from engine.core.records import CotReport, FuturesBar, Headline, OptionChain, order_of
from engine.ingestion.input_file import unpack
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.sandbox.venue.delivery import VenueFile
from engine.sandbox.venue.market_facts import FEATURES, FEATURES_IN_UNITS, INFORMATION_COEFFICIENT, MARKET
from engine.sandbox.venue.session_files import SessionFiles
from engine.sandbox.venue.world import MarketWorld, WorldSettings, build_world
from engine.sandbox.venue.world_rules import FloatArray
from engine.signals.pipeline import FeaturePipeline

RECORDS = (FuturesBar, OptionChain, CotReport, Headline)
# Bounded or counted displays lose a little; the others are nearly exact.
LEAST_CORRELATION = {"flow_imbalance": 0.95, "nlp_score": 0.85}


@lru_cache(maxsize=1)
def config() -> HydraConfig:
    return load_config(MARKET, environment={}).config


def records_of(files: Iterable[VenueFile]) -> list[FuturesBar | OptionChain | CotReport | Headline]:
    """Parse with whatever source recognises the content; nothing may be quarantined."""
    records: list[FuturesBar | OptionChain | CotReport | Headline] = []
    for file in files:
        unpacked = unpack(file.name, file.text.encode())
        parsed = recognise_input(unpacked).parse(unpacked, config().market)
        assert parsed.problems == ()
        records += [row for row in parsed.rows if isinstance(row, RECORDS)]
    return sorted(records, key=order_of)


def recovered(world: MarketWorld, live_bars: int) -> FloatArray:
    """Features [bars, 6] as known at each bar's end, by the pipeline, from history and the first live bars."""
    pipeline = FeaturePipeline(config())
    files = SessionFiles(world)
    latest = dict.fromkeys(FEATURES, float("nan"))
    rows: list[list[float]] = []
    for step in range(live_bars + 1):
        for record in records_of(files.history() if step == 0 else files.live(step - 1)):
            for row in pipeline.update(record):
                if row.feature in latest:
                    latest[row.feature] = row.value
            if isinstance(record, FuturesBar) and record.nearby == 1:
                rows.append([latest[name] for name in FEATURES])
    return np.array(rows)


def regression_correlation(inputs: FloatArray, outcome: FloatArray) -> float:
    """Correlation of the least-squares fit with the outcome (in-sample, six coefficients on about a thousand rows)."""
    design = np.column_stack([np.ones(len(inputs)), inputs])
    fit = design @ np.linalg.lstsq(design, outcome, rcond=None)[0]
    return float(np.corrcoef(fit, outcome)[0, 1])


@pytest.mark.parametrize("seed", [1, 2])
def test_the_ordinary_pipeline_recovers_the_factors_and_their_edge(seed: int) -> None:
    world = build_world(WorldSettings(seed, 1100, 130, "none"))
    features = recovered(world, 30)
    bars = len(features)
    assert bars == 1130 and np.all(np.isfinite(features))
    for column, name in enumerate(FEATURES):
        correlation = np.corrcoef(features[:, column], world.factors[:bars, column])[0, 1]
        assert correlation >= LEAST_CORRELATION.get(name, 0.99), name
    assert regression_correlation(features[:-1], world.returns[1:bars]) >= 0.8 * INFORMATION_COEFFICIENT


def test_without_an_edge_the_recovered_features_predict_nothing() -> None:
    world = build_world(WorldSettings(3, 1100, 60, "no-edge"))
    features = recovered(world, 0)
    assert regression_correlation(features[:-1], world.returns[1:1100]) < 0.15


@pytest.mark.parametrize("target", FEATURES_IN_UNITS)
def test_a_corrupted_feature_moves_alone(target: str) -> None:
    seed = next(seed for seed in range(200) if target_of(seed) == target)
    healthy, broken = (build_world(WorldSettings(seed, 100, 60, fault)) for fault in ("none", "feature"))
    first = 100 + int(broken.fault.live_bar or 0)
    before, after = recovered(healthy, 60), recovered(broken, 60)
    np.testing.assert_array_equal(before[:first], after[:first])
    scale = np.std(before, axis=0)
    shift = np.sqrt(np.mean((after[first:] - before[first:]) ** 2, axis=0)) / scale
    column = FEATURES.index(target)
    assert shift[column] > 0.5
    assert np.all(np.delete(shift, column) < 0.05)


def target_of(seed: int) -> str:
    return build_world(WorldSettings(seed, 100, 60, "feature")).fault.targets[0]
