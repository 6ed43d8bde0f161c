"""One fixed piece of work on a workspace, as an engine does it; doing it again changes nothing. Run by the kill tests.

Arguments: workspace, recorded time.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

MARKET = "hogs"
BAR_US = 300_000_000
START_TS = 1_700_000_000_000_000


def batch(number: int) -> Any:
    from storage.datasets import table_from_columns
    from storage.raw_batch import QuarantinedRow, RawBatch, batch_id_of

    stamps = [START_TS + (number * 3 + k) * BAR_US * 2_000 for k in range(4)]  # one row of each batch repeats
    bars = {
        "market": [MARKET] * 4,
        "series": ["venue"] * 4,
        "contract": ["HEZ23", None, "HEZ23", "HEZ23"],
        "nearby": [1] * 4,
        "bar_seconds": [300] * 4,
        "event_ts": stamps,
        "known_ts": [stamp + BAR_US for stamp in stamps],
        **{name: [float(stamp % 97) for stamp in stamps] for name in ("open", "high", "low", "close", "volume")},
        "flags": [""] * 4,
    }
    news = {
        "market": [MARKET],
        "source": ["wire"],
        "event_ts": stamps[:1],
        "known_ts": stamps[:1],
        "title": [f"Hogs {number}"],
        "text_hash": [str(number)],
    }
    name = f"drop-{number:03d}.csv"
    return RawBatch(
        batch_id=batch_id_of("venue", MARKET, name, str(number)),
        source="venue",
        market=MARKET,
        input_name=name,
        input_hash=str(number),
        tables={
            "futures_bar": table_from_columns("futures_bar", bars),
            "headline": table_from_columns("headline", news),
        },
        quarantined=(QuarantinedRow(7, "close", "negative_price", "-1,0"),),
    )


def feature_rows(first: int, count: int) -> Any:
    from storage.feature_rows import FeatureRows

    events = [START_TS + i * BAR_US for i in range(first, first + count)]
    return FeatureRows(
        market=MARKET,
        feature=["carry"] * count,
        event_ts=events,
        known_ts=[event + BAR_US for event in events],
        value=[float(i % 13) for i in range(count)],
        quality=["ok"] * count,
        source=["venue"] * count,
        version=[1] * count,
    )


def run(root: Path, ts: int) -> None:
    from storage.feature_definitions import FeatureDefinition
    from storage.stores import Stores

    with Stores.open(root) as stores:
        stores.sweep_orphans()
        stores.features.register([FeatureDefinition("carry", "1", "venue", None, None, BAR_US, "test", "")])
        for number in range(4):
            if number % 2:
                with stores.db.transaction():
                    stores.lake.store(batch(number), recorded_ts=ts)
                    stores.features.append(feature_rows(number * 10, 10), recorded_ts=ts)
            else:
                stores.lake.store(batch(number), recorded_ts=ts)
                stores.features.append(feature_rows(number * 10, 10), recorded_ts=ts)
        stores.features.compact(MARKET, ts=ts)
        stores.features.append(feature_rows(30, 5_100), recorded_ts=ts)
        for name in ("first", "second"):
            artifact = stores.registry.save_artifact(name.encode())
            model = stores.registry.register(
                market=MARKET,
                kind="ridge",
                config={"name": name},
                artifact_hash=artifact,
                data_snapshot_hash="d",
                code_version="1",
                metrics={},
                ts=ts,
            )
            if model.status == "candidate":
                stores.registry.promote(MARKET, model.model_id, actor="test", reason=name, ts=ts)
        stores.events.write_head(ts=ts)


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]))
