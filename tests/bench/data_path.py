"""From files to features: ingestion of a live bar, the pipeline, the store's writes and reads."""

from __future__ import annotations

import math
import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.ingestion.ingest import ingest_paths
from engine.ingestion.record_reader import read_records
from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.sandbox.venue.delivery import deliver
from engine.sandbox.venue.session_files import SessionFiles
from engine.signals.feature_build import build_features
from engine.signals.feature_registry import feature_definitions
from engine.signals.pipeline import FeaturePipeline
from storage.feature_rows import FeatureRows
from storage.stores import Stores
from tests.bench.figure import Figure, at_most, median, quantile, wall_milliseconds
from tests.bench.simulated_data import HISTORY_BARS, delivered_market

APPENDS = 3000
INGESTED_BARS = 100
BAR_US = 300_000_000
START_TS = 1_700_000_000_000_000


def measure() -> list[Figure]:
    """Ingestion of small batches, cost of the pipeline per bar, build rate, point reads, appends."""
    with delivered_market() as (stores, config, files):
        figures = _pipeline(stores, config)
        figures += _ingest(stores, config, files)
    return figures + _feature_store()


def _ingest(stores: Stores, config: HydraConfig, files: SessionFiles) -> list[Figure]:
    taken = []
    for bar in range(INGESTED_BARS):
        names = deliver(stores.paths.inbox, files.live(bar))
        paths = [stores.paths.inbox / name for name in names]
        taken.append(wall_milliseconds(lambda p=paths, b=bar: ingest_paths(stores, config, p, now_ts=files.now_ts(b))))
    how = f"bars, one option chain of 9 strikes, headlines; {INGESTED_BARS} live bars, median"
    return [
        Figure("ingest the files of one live bar", median(taken), "ms", how),
        Figure("ingest the files of one live bar, p95", quantile(taken, 0.95), "ms", "the same"),
    ]


def _pipeline(stores: Stores, config: HydraConfig) -> list[Figure]:
    records = read_records(stores, config.market.market)
    best, rows = math.inf, 0
    for _ in range(3):
        began = time.process_time()
        built = build_features(records, config)
        best, rows = min(best, time.process_time() - began), len(built)
    pipeline = FeaturePipeline(config)
    longest = 0.0
    for record in records:
        began = time.perf_counter()
        pipeline.update(record)
        longest = max(longest, time.perf_counter() - began)
    how = f"{len(records):,} records of {HISTORY_BARS} bars, {rows:,} rows; best of 3"
    return [
        Figure("feature pipeline", 1e3 * best / HISTORY_BARS, "CPU-ms per bar", how),
        Figure("feature build", rows / best, "rows per CPU-second", how),
        Figure("feature pipeline, worst record", 1e3 * longest, "ms", "with a density fit"),
    ]


def _feature_store() -> list[Figure]:
    config = load_config("simulated_hogs", environment={}).config
    definitions = feature_definitions(config)
    names = [item.name for item in definitions]
    market = config.market.market
    draw = random.Random(2)
    with TemporaryDirectory(prefix="hydra-bench-") as folder, Stores.open(Path(folder) / "workspace") as stores:
        store = stores.features
        store.register(definitions)
        appended = [
            wall_milliseconds(
                lambda i=index: store.append(_rows(market, names[:8], i, draw), recorded_ts=START_TS + i * BAR_US)
            )
            for index in range(APPENDS)
        ]
        newest = START_TS + APPENDS * BAR_US
        fresh = []
        for index in range(APPENDS, APPENDS + 200):
            store.append(_rows(market, names[:8], index, draw), recorded_ts=START_TS + index * BAR_US)
            newest = START_TS + (index + 1) * BAR_US
            fresh.append(wall_milliseconds(lambda ts=newest: store.latest(market, ts)))
        past = [
            wall_milliseconds(lambda: store.latest(market, START_TS + draw.randrange(APPENDS) * BAR_US))
            for _ in range(200)
        ]
        batches = [
            wall_milliseconds(
                lambda i=index: store.append(
                    _rows(market, names[:8], APPENDS + 1000 + 125 * i, draw, times=125), recorded_ts=newest
                )
            )
            for index in range(20)
        ]
    return [
        Figure("append of 8 rows", median(appended), "ms", f"{APPENDS:,} appends, median, durable each"),
        at_most(
            "newest vector, p95", quantile(fresh, 0.95), "ms", f"after {APPENDS:,} appends and each further one", 5.0
        ),
        Figure("vector of a past moment, p95", quantile(past, 0.95), "ms", f"200 moments among {APPENDS:,} appends"),
        at_most("append of 1,000 rows", quantile(batches, 0.95), "ms", "20 batches into the hot tail, p95", 50.0),
    ]


def _rows(market: str, names: list[str], index: int, draw: random.Random, *, times: int = 1) -> FeatureRows:
    stamps = [START_TS + (index + offset) * BAR_US for offset in range(times) for _ in names]
    count = len(stamps)
    return FeatureRows(
        market, names * times, stamps, [stamp + BAR_US for stamp in stamps], [draw.random() for _ in range(count)],
        ["ok"] * count, ["bench"] * count, [1] * count,
    )  # fmt: skip
