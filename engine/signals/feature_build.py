"""Building features over stored records: the pipeline run from start to end, as columns for the feature store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.core.records import RawRecord
from engine.kernel.config_models import HydraConfig
from engine.signals.feature_row import FeatureRow
from engine.signals.pipeline import FeaturePipeline
from storage.feature_rows import FeatureRows


def build_features(records: Iterable[RawRecord], config: HydraConfig) -> FeatureRows:
    """All feature rows of one market from its records in the order of `order_of`."""
    return columns_of_rows(FeaturePipeline(config).run(records), config.market.market)


def columns_of_rows(rows: Sequence[FeatureRow], market: str) -> FeatureRows:
    """The same rows, column by column."""
    return FeatureRows(
        market=market,
        feature=[row.feature for row in rows],
        event_ts=[row.event_ts for row in rows],
        known_ts=[row.known_ts for row in rows],
        value=[row.value for row in rows],
        quality=[row.quality for row in rows],
        source=[row.source for row in rows],
        version=[row.version for row in rows],
    )
