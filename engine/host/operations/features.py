"""Reading and building features, for verbs and the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.host.derived_rows import extend_derived_rows
from engine.host.operations.data_status import age_text
from engine.kernel.canonical import finite_or_none
from engine.kernel.clock import SystemClock
from engine.kernel.errors import NotFoundError
from engine.kernel.timestamps import parse_iso, to_iso

if TYPE_CHECKING:
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores


def features_as_of(stores: Stores, config: HydraConfig, as_of: str, names: Sequence[str] = ()) -> dict[str, Any]:
    """Every feature as the world could know it at `as_of` (ISO, UTC); missing ones are named, not left out."""
    from engine.signals.feature_registry import feature_definitions

    as_of_ts = parse_iso(as_of)
    registered = [definition.name for definition in feature_definitions(config)]
    unknown = [name for name in names if name not in registered]
    if unknown:
        raise NotFoundError(f"feature {', '.join(unknown)} is not registered; see hydra features list")
    wanted = list(names) or registered
    readings = stores.features.latest(config.market.market, as_of_ts, wanted)
    features: dict[str, dict[str, Any]] = {}
    for name in wanted:
        reading = readings.get(name)
        if reading is None:
            features[name] = {
                "value": None,
                "event_ts": None,
                "known_ts": None,
                "age": "never",
                "age_us": None,
                "stale": True,
                "quality": "missing",
                "source": None,
            }
            continue
        features[name] = {
            "value": finite_or_none(reading.value),
            "event_ts": to_iso(reading.event_ts),
            "known_ts": to_iso(reading.known_ts),
            "age": age_text(reading.age_us),
            "age_us": reading.age_us,
            "stale": reading.stale,
            "quality": reading.quality,
            "source": reading.source,
        }
    return {"market": config.market.market, "as_of": to_iso(as_of_ts), "features": features}


def build_and_store(stores: Stores, config: HydraConfig) -> dict[str, Any]:
    """Run the feature pipeline over the whole raw lake of the market and store the rows that are new, in one commit."""
    from engine.ingestion.record_reader import read_records
    from engine.ingestion.rolls.roll_store import record_rolls
    from engine.signals.feature_build import build_features
    from engine.signals.feature_registry import feature_definitions

    now_ts = SystemClock().now_ts()
    extend_derived_rows(stores, config, now_ts)
    record_rolls(stores, config, now_ts=now_ts)
    records = read_records(stores, config.market.market, related=config.features.related_weights)
    rows = build_features(records, config)
    stores.features.register(feature_definitions(config))
    with stores.db.transaction():
        added = stores.features.append(rows, recorded_ts=now_ts)
        if added:
            stores.events.append(
                "features.built",
                config.market.market,
                {
                    "rows": added,
                    "features": len(set(rows.feature)),
                    "from_ts": int(min(rows.known_ts)),
                    "to_ts": int(max(rows.known_ts)),
                    "inputs": len(records),
                },
                ts=now_ts,
                market=config.market.market,
            )
    return {
        "market": config.market.market,
        "records": len(records),
        "rows_built": len(rows.feature),
        "rows_added": added,
    }


def definitions(config: HydraConfig) -> list[dict[str, Any]]:
    """Every registered feature of a market."""
    from engine.signals.feature_registry import feature_definitions

    return [
        {
            "name": item.name,
            "unit": item.unit,
            "source": item.source,
            "range": [item.range_low, item.range_high],
            "max_age": age_text(item.max_age_us),
            "owner": item.owner,
            "description": item.description,
            "version": item.version,
        }
        for item in feature_definitions(config)
    ]
