"""A workspace with a related market: live in any order of arrival equals the rebuild, and what comes late is told."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from engine.core.records import FuturesBar, RawRecord
from engine.host.feature_feed import FeatureFeed
from engine.host.operations.features import build_and_store
from engine.ingestion.calendars.session_calendar import midnight_ts, session_days
from engine.ingestion.ingest import ingest_paths
from engine.ingestion.record_reader import read_records, records_from_tables
from engine.ingestion.record_tables import tables_from_rows
from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.kernel.timestamps import MICROS_PER_HOUR, parse_iso
from engine.signals.feature_registry import feature_definitions
from engine.signals.pipeline import FeaturePipeline
from storage.raw_batch import RawBatch, batch_id_of
from storage.snapshots import snapshot_tables
from storage.stores import Stores

RELATED = (("live_cattle", "yahoo"),)
NAME = "cross_market_risk_appetite"
NAMES = (NAME, "sentiment_confidence", "return_1")
DAYS = list(session_days(date(2020, 1, 2), date(2020, 6, 30), "us_livestock"))


@pytest.fixture(scope="module")
def config() -> HydraConfig:
    flags = {"features.related_markets": ["live_cattle:yahoo:1.0"]}
    return load_config("lean_hogs", environment={}, flags=flags).config


@pytest.fixture
def stores(tmp_path: Path, config: HydraConfig) -> Iterator[Stores]:
    with Stores.open(tmp_path / "workspace") as opened:
        opened.features.register(feature_definitions(config))
        yield opened


def bars(config: HydraConfig, market: str, seed: int) -> list[FuturesBar]:
    """A bar a day, known at 14:00; volumes by which every fifth month is thin."""
    rng = np.random.default_rng(seed)
    close, made = 80.0, []
    for day in DAYS:
        start = midnight_ts(day, config.market.session)
        close *= math.exp(0.01 * rng.standard_normal())
        volume = 100.0 if day.month == 5 else 9_000.0 + day.day
        made.append(FuturesBar(market, "yahoo", f"{market}M24", 1, 86_400, start, start + 14 * MICROS_PER_HOUR, close,
                               close * 1.01, close * 0.99, close, volume))  # fmt: skip
    return made


def put(stores: Stores, records: Sequence[FuturesBar]) -> str:
    market, first = records[0].market, str(records[0].event_ts)
    batch_id = batch_id_of("test", market, "bars.csv", first)
    tables = tables_from_rows(records)
    stores.lake.store(RawBatch(batch_id, "test", market, "bars.csv", first, tables), recorded_ts=records[-1].known_ts)
    return batch_id


def kept(feed: FeatureFeed, records: Sequence[RawRecord]) -> None:
    for record in records:
        feed.take(record)
    feed.store(records[-1].known_ts)


def stored(stores: Stores, config: HydraConfig) -> list[tuple[int, str]]:
    times = [bar.known_ts for bar in bars(config, "lean_hogs", 1)]
    matrix = stores.features.matrix("lean_hogs", np.array(times, dtype=np.int64), NAMES)
    return [(ts, repr(values.tolist())) for ts, values in zip(times, matrix.values, strict=True)]


def test_both_markets_are_read_and_flagged_as_each_alone(stores: Stores, config: HydraConfig) -> None:
    put(stores, bars(config, "lean_hogs", 1))
    put(stores, bars(config, "live_cattle", 2))
    other_series = [FuturesBar(bar.market, "databento_1h", *_rest(bar)) for bar in bars(config, "live_cattle", 3)[:1]]
    put(stores, other_series)
    both = read_records(stores, "lean_hogs", related=RELATED)
    for market in ("lean_hogs", "live_cattle"):
        alone = [record for record in read_records(stores, market) if getattr(record, "series", "") == "yahoo"]
        assert repr([record for record in both if record.market == market]) == repr(alone)
        assert any("thin_contract" in record.flags for record in alone if isinstance(record, FuturesBar))
    assert len(both) == 2 * len(DAYS)
    cut = both[len(both) * 9 // 10].known_ts
    part = read_records(stores, "lean_hogs", related=RELATED, known_after_ts=cut)
    assert repr(part) == repr([record for record in both if record.known_ts > cut]) and part
    tables = snapshot_tables(stores.lake, "lean_hogs", related=RELATED)
    assert repr(records_from_tables(tables)) == repr(both)


def _rest(bar: FuturesBar) -> tuple[object, ...]:
    return tuple(getattr(bar, name) for name in FuturesBar.__dataclass_fields__)[2:]


@pytest.mark.parametrize("arrival", ["own first", "related first", "mixed", "related in weeks"])
def test_live_equals_the_rebuild_whatever_arrives_first(stores: Stores, config: HydraConfig, arrival: str) -> None:
    own, other = bars(config, "lean_hogs", 1), bars(config, "live_cattle", 2)
    history = len(DAYS) - 11
    put(stores, own[:history])
    put(stores, other[:history])
    feed = FeatureFeed(stores, config)
    kept(feed, feed.restart())
    for day in range(history, len(DAYS)):
        order = [own, other] if arrival == "own first" or (arrival == "mixed" and day % 3) else [other, own]
        if arrival == "related in weeks":
            order = [own]
            if day % 5 == 0:
                put(stores, other[day : day + 5])
        for market in order:
            batch_id = put(stores, market[day : day + 1])
            assert not feed.is_late([batch_id]), day
            records = feed.new_records()
            assert {record.event_ts for record in records} >= {market[day].event_ts} or arrival == "related in weeks"
            kept(feed, records)
    live = stored(stores, config)
    rebuilt = FeaturePipeline(config).run(read_records(stores, "lean_hogs", related=RELATED))
    again = {(row.known_ts, row.feature): row.value for row in rebuilt}
    assert live == [(ts, repr([again[ts, name] for name in NAMES])) for ts, _ in live]
    assert sum(math.isfinite(again[ts, NAME]) for ts, _ in live[history:]) == 11
    assert feed.new_records() == []


def test_related_bars_that_come_late_make_the_feed_late(stores: Stores, config: HydraConfig) -> None:
    own, other = bars(config, "lean_hogs", 1), bars(config, "live_cattle", 2)
    put(stores, own[:50])
    put(stores, other[:40])
    feed = FeatureFeed(stores, config)
    kept(feed, feed.restart())
    assert feed.is_late([put(stores, other[40:49])])
    kept(feed, feed.restart())
    assert not feed.is_late([put(stores, other[49:50])]), "known with the last own bar: it counts for the next one"
    assert [record.market for record in feed.new_records()] == ["live_cattle"]
    unrelated = FeatureFeed(stores, load_config("lean_hogs", environment={}).config)
    kept(unrelated, unrelated.restart())
    assert not unrelated.is_late([put(stores, other[50:51])])
    assert unrelated.new_records() == []


@pytest.mark.real_data
def test_real_hogs_with_real_cattle(real_data: Path, stores: Stores, config: HydraConfig) -> None:
    folder = real_data / "futures" / "investing_2016_2022"
    flags = {"features.related_markets": ["live_cattle:investing:1.0"], "market.decision_series": "investing"}
    real = load_config("lean_hogs", environment={}, flags=flags).config
    cattle = load_config("live_cattle", environment={}).config
    now = parse_iso("2026-01-05T12:00Z")
    for name, settings in (("Lean_Hogs.csv", real), ("Live_Cattle.csv", cattle)):
        (report,) = ingest_paths(stores, settings, [folder / name], now_ts=now)
        assert report.error is None and report.market == settings.market.market
    built = build_and_store(stores, real)
    assert built["rows_added"] > 0
    rows = FeaturePipeline(real).run(read_records(stores, "lean_hogs", related=real.features.related_weights))
    values = [row.value for row in rows if row.feature == NAME]
    known = [value for value in values if math.isfinite(value)]
    assert len(known) > 0.7 * len(values) > 1_000 and min(known) < -0.5 and max(known) > 0.5
    reasons = {row.quality for row in rows if row.feature == NAME and not math.isfinite(row.value)}
    assert reasons == {"no_related_bars", "related_history_short", "related_returns_missing"}
