"""A workspace of the small market: a champion that the market turned against at bar 600, and one that learned it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from engine.agent.champion_reference import reference_of
from engine.agent.champions import REFERENCE_KEY
from engine.agent.promotion import promote
from engine.core.records import FuturesBar
from engine.sandbox.candidate import train_first
from models.champion import Champion
from storage.raw_batch import RawBatch, batch_id_of
from storage.stores import Stores
from tests.engine import small_market

FLIP: Final = 600
BARS: Final = 1100
OLD, NEW = "ridge-old", "ridge-new"


@cache
def model(model_id: str) -> Champion:
    """OLD learned the bars before the market turned round, NEW those after."""
    history = small_market.history(BARS, 0, FLIP)
    part = history.window(0, FLIP) if model_id == OLD else history.window(FLIP + 1, FLIP + 300)
    return train_first(model_id, "ridge", small_market.FEATURES, part, small_market.settings(), 1)[0]


@cache
def reference_document(model_id: str) -> dict[str, Any]:
    """The yardstick of a model's training, as JSON."""
    history = small_market.history(BARS, 0, FLIP).window(0, FLIP if model_id == OLD else FLIP + 300)
    return reference_of(model(model_id), history, small_market.settings()).to_json()


def register(stores: Stores, model_id: str, *, ts: int = 1) -> None:
    """Put one of the two models into the registry as a candidate."""
    subject = model(model_id)
    stores.registry.register(
        market=small_market.MARKET,
        kind="ridge",
        config=subject.spec.to_json(),
        artifact_hash=stores.registry.save_artifact(subject.model.serialize()),
        data_snapshot_hash="snapshot",
        code_version="1",
        metrics={REFERENCE_KEY: reference_document(model_id)},
        ts=ts,
        model_id=model_id,
    )


def crown(stores: Stores, model_id: str, *, ts: int = 1) -> None:
    """Register a model and make it champion."""
    register(stores, model_id, ts=ts)
    promote(stores, small_market.MARKET, model_id, actor="test", reason="first", ts=ts)


def store_bars(stores: Stores, bars: int, *, seed: int = 0, flip_at: int = FLIP) -> None:
    """Put the market's records into the raw lake and their features into the feature store."""
    from engine.ingestion.record_tables import tables_from_rows
    from engine.signals.feature_build import build_features
    from engine.signals.feature_registry import feature_definitions

    records: Sequence[Any] = small_market.records(bars, seed, flip_at)
    tables = tables_from_rows(records)
    batch_id = batch_id_of("test", small_market.MARKET, "market.csv", f"{bars}-{seed}-{flip_at}")
    stores.lake.store(
        RawBatch(batch_id, "test", small_market.MARKET, "market.csv", "input", tables),
        recorded_ts=records[-1].known_ts,
    )
    config = small_market.settings()
    stores.features.register(feature_definitions(config))
    stores.features.append(build_features(records, config), recorded_ts=records[-1].known_ts)


def bar_at(index: int) -> FuturesBar:
    """Decision bar `index` of the market."""
    return small_market.history(BARS, 0, FLIP).bars[index]
