"""From records of the lake to feature rows and decision bars, each record once and in the one order of `order_of`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.core.records import RawRecord, order_of
from engine.host.stored_records import first_known_ts_of

if TYPE_CHECKING:
    from engine.core.records import FuturesBar
    from engine.kernel.config_models import HydraConfig
    from engine.signals.decision_bars import DecisionBarBuilder
    from engine.signals.feature_row import FeatureRow
    from engine.signals.pipeline import FeaturePipeline
    from storage.stores import Stores


class FeatureFeed:
    """The feature pipeline and the bar builder of one market, and how far they have come; times in microseconds UTC.
    `restart` comes before anything is taken."""

    def __init__(self, stores: Stores, config: HydraConfig) -> None:
        self._stores = stores
        self._config = config
        self._market = config.market.market
        self._pipeline: FeaturePipeline | None = None
        self._bars: DecisionBarBuilder | None = None
        self._rows: list[FeatureRow] = []
        self._last_order: tuple[int, int, int, str] | None = None

    @property
    def has_begun(self) -> bool:
        """Whether `restart` was called."""
        return self._pipeline is not None

    @property
    def used_until_ts(self) -> int | None:
        """Known time of the last record that was taken, None before the first."""
        return None if self._last_order is None else self._last_order[0]

    def restart(self) -> list[RawRecord]:
        """Forget everything; all records of the market, to be taken again."""
        from engine.ingestion.record_reader import read_records
        from engine.signals.decision_bars import DecisionBarBuilder
        from engine.signals.pipeline import FeaturePipeline

        self._pipeline, self._bars = FeaturePipeline(self._config), DecisionBarBuilder(self._config.market)
        self._rows, self._last_order = [], None
        return read_records(self._stores, self._market)

    def new_records(self) -> list[RawRecord]:
        """Stored records that come after the last one taken."""
        from engine.ingestion.record_reader import read_records

        last = self._last_order
        records = read_records(self._stores, self._market, known_after_ts=None if last is None else last[0] - 1)
        return records if last is None else [record for record in records if order_of(record) > last]

    def is_late(self, batch_ids: Sequence[str]) -> bool:
        """Whether a batch holds records that were known before the last one taken."""
        if self._last_order is None or not batch_ids:
            return False
        first_ts = first_known_ts_of(self._stores.db, self._market, batch_ids)
        return first_ts is not None and first_ts < self._last_order[0]

    def take(self, record: RawRecord) -> list[FuturesBar]:
        """Take one record; the decision bars that it completes. Feature rows wait for `store`."""
        assert self._pipeline is not None and self._bars is not None
        self._last_order = order_of(record)
        self._rows.extend(self._pipeline.update(record))
        return list(self._bars.update(record))

    def store(self, recorded_ts: int) -> None:
        """Append the feature rows that wait, in one commit; rows that the store has are not added again."""
        from engine.signals.feature_build import columns_of_rows

        rows, self._rows = self._rows, []
        if rows:
            self._stores.features.append(columns_of_rows(rows, self._market), recorded_ts=recorded_ts)
