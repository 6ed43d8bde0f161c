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
        self._related = tuple(config.features.related_weights)
        self._pipeline: FeaturePipeline | None = None
        self._bars: DecisionBarBuilder | None = None
        self._rows: list[FeatureRow] = []
        self._last_order: tuple[int, int, int, str] | None = None
        self._last_related: dict[str, tuple[int, int, int, str]] = {}

    @property
    def has_begun(self) -> bool:
        """Whether `restart` was called."""
        return self._pipeline is not None

    @property
    def pipeline(self) -> FeaturePipeline | None:
        """The pipeline, to look at; another one after every `restart`, None before the first."""
        return self._pipeline

    @property
    def used_until_ts(self) -> int | None:
        """Known time of the last record of the market that was taken, None before the first."""
        return None if self._last_order is None else self._last_order[0]

    def restart(self) -> list[RawRecord]:
        """Forget everything; all records of the market and the bars of related ones, to be taken again."""
        from engine.ingestion.record_reader import read_records
        from engine.signals.decision_bars import DecisionBarBuilder
        from engine.signals.pipeline import FeaturePipeline

        self._pipeline, self._bars = FeaturePipeline(self._config), DecisionBarBuilder(self._config.market)
        self._rows, self._last_order, self._last_related = [], None, {}
        return read_records(self._stores, self._market, related=self._related)

    def new_records(self) -> list[RawRecord]:
        """Stored records that come after the last one taken, of each market by itself: related bars matter to the next
        decision alone, so that they may come before or after a record of the market that was known at the same time."""
        from engine.ingestion.record_reader import read_records

        last = self._last_order
        known_after_ts = None if last is None else last[0] - 1
        records = read_records(self._stores, self._market, related=self._related, known_after_ts=known_after_ts)
        return [record for record in records if self._is_new(record)]

    def _is_new(self, record: RawRecord) -> bool:
        last = self._last_order if record.market == self._market else self._last_related.get(record.market)
        return last is None or order_of(record) > last

    def is_late(self, batch_ids: Sequence[str]) -> bool:
        """Whether a batch holds records, of the market or a related one, that were known before the last one taken."""
        if self._last_order is None or not batch_ids:
            return False
        markets = (self._market, *(market for market, _ in self._related))
        first = [first_known_ts_of(self._stores.db, market, batch_ids) for market in markets]
        return any(ts is not None and ts < self._last_order[0] for ts in first)

    def take(self, record: RawRecord) -> list[FuturesBar]:
        """Take one record; the decision bars that it completes. Feature rows wait for `store`."""
        assert self._pipeline is not None and self._bars is not None
        if record.market == self._market:
            self._last_order = order_of(record)
        else:
            self._last_related[record.market] = order_of(record)
        self._rows.extend(self._pipeline.update(record))
        return list(self._bars.update(record))

    def store(self, recorded_ts: int) -> None:
        """Append the feature rows that wait, in one commit; rows that the store has are not added again."""
        from engine.signals.feature_build import columns_of_rows

        rows, self._rows = self._rows, []
        if rows:
            self._stores.features.append(columns_of_rows(rows, self._market), recorded_ts=recorded_ts)
