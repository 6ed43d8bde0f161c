"""The proof against look-ahead: clean decisions pass on a simulated market, a planted leak is caught."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from engine.core.records import RawRecord
from engine.core.trading_types import Prediction
from engine.ingestion.ingest import ingest_paths
from engine.ingestion.record_reader import read_records
from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.sandbox.historical_walk_forward import walk_forward
from engine.sandbox.look_ahead import prove
from engine.sandbox.market_history import MarketHistory, history_from_records
from engine.sandbox.venue.delivery import deliver
from engine.sandbox.venue.session_files import SessionFiles
from engine.sandbox.venue.world import WorldSettings, build_world
from storage.stores import Stores

BARS = 420
TRAINED_FROM = 340


@pytest.fixture(scope="module")
def config() -> HydraConfig:
    return load_config("simulated_hogs", environment={}).config


@pytest.fixture(scope="module")
def records(config: HydraConfig, tmp_path_factory: pytest.TempPathFactory) -> list[RawRecord]:
    """History of a simulated market, through its files and the ordinary ingestion."""
    files = SessionFiles(build_world(WorldSettings(11, BARS, 60, "none")))
    with Stores.open(tmp_path_factory.mktemp("venue") / "workspace") as stores:
        names = deliver(stores.paths.inbox, files.history())
        ingest_paths(stores, config, [stores.paths.inbox / name for name in names], now_ts=files.now_ts(-1))
        return read_records(stores, config.market.market)


@pytest.fixture(scope="module")
def moments(records: list[RawRecord], config: HydraConfig) -> list[int]:
    """Known times of bars after the first trained one."""
    times: list[int] = history_from_records(records, config).known_ts.tolist()
    return times[TRAINED_FROM + 5 :]


def said(ts: int, expected_return: float) -> Prediction:
    """A usable forecast with a plain spread."""
    return Prediction(ts, "planted", expected_return, 0.002, 0.55, edge_lower_bound=0.001, shrinkage=1.0)


def test_a_walk_forward_on_the_simulated_market_is_clean(
    records: list[RawRecord], config: HydraConfig, moments: list[int]
) -> None:
    def decide(history: MarketHistory) -> Sequence[Prediction | None]:
        features = tuple(config.market.champion_features)
        return walk_forward(history, TRAINED_FROM, config, kind="ridge", features=features, seed=1).predictions

    result = prove(records, config, decide, moments[20], seed=3)
    assert result.clean, result.first_difference
    assert result.compared > TRAINED_FROM and result.scrambled_records > 100


@pytest.mark.parametrize("seed", range(3))
def test_a_decision_that_uses_the_next_return_is_caught(
    seed: int, records: list[RawRecord], config: HydraConfig, moments: list[int]
) -> None:
    def leak(history: MarketHistory) -> Sequence[Prediction | None]:
        return [
            said(ts, value) if math.isfinite(value) else None
            for ts, value in zip(history.known_ts.tolist(), history.next_return.tolist(), strict=True)
        ]

    result = prove(records, config, leak, moments[10 + seed], seed)
    assert not result.clean and result.first_difference


def test_a_scale_taken_from_the_whole_history_is_caught(
    records: list[RawRecord], config: HydraConfig, moments: list[int]
) -> None:
    def leak(history: MarketHistory) -> Sequence[Prediction | None]:
        scale = max(bar.close for bar in history.bars)
        return [said(bar.known_ts, 0.001 * (bar.close / scale - 0.9)) for bar in history.bars]

    assert not prove(records, config, leak, moments[20], 5).clean


def test_the_last_price_alone_is_clean(records: list[RawRecord], config: HydraConfig, moments: list[int]) -> None:
    def decide(history: MarketHistory) -> Sequence[Prediction | None]:
        return [said(bar.known_ts, 0.0001 * (80.0 - bar.close)) for bar in history.bars]

    assert prove(records, config, decide, moments[20], 5).clean
