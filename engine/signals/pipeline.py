"""The one feature path: live, replay and rebuild run every record through this state machine, in the same order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from engine.core.records import CotReport, FuturesBar, Headline, OptionChain, RawRecord
from engine.kernel.config_models import HydraConfig
from engine.signals.decision_bars import DecisionBarBuilder
from engine.signals.feature_family import FeatureFamily
from engine.signals.feature_registry import build_families
from engine.signals.feature_row import FeatureRow, Reading

__all__ = ["FeaturePipeline", "FeatureRow"]
Family = TypeVar("Family", bound=FeatureFamily)


class FeaturePipeline:
    """Pure and incremental: the rows it returns depend on the records it was given, in their order, and nothing else.

    Records come in the order of `order_of`. Option and report features are emitted when their record becomes known;
    features of the decision series when one of its bars is complete. A row's `known_ts` is that of the record that
    caused it. A record that arrives late, after others that became known later, cannot be known in the past any more:
    its rows carry the newest known time seen so far. Of other markets only the bars of related ones
    (`features.related_markets`) are seen: families may remember them, no row comes of them, and they move no clock, so
    that it does not matter where between two records of the own market they arrive. All else is ignored.
    """

    def __init__(self, config: HydraConfig) -> None:
        self._market = config.market.market
        self._related = frozenset(market for market, _ in config.features.related_weights)
        self._families: tuple[FeatureFamily, ...] = build_families(config)
        self._versions = {item.name: item.version for family in self._families for item in family.describe()}
        self._bars = DecisionBarBuilder(config.market)
        self._latest: dict[str, Reading] = {}
        self._known_ts = 0

    def update(self, record: RawRecord) -> list[FeatureRow]:
        """Rows that this record makes known; their `known_ts` is `record.known_ts`, never earlier."""
        if record.market != self._market:
            if isinstance(record, FuturesBar) and record.market in self._related:
                for family in self._families:
                    family.on_related_bar(record)
            return []
        self._known_ts = max(self._known_ts, record.known_ts)
        rows: list[FeatureRow] = []
        for bar in self._bars.update(record):
            for family in self._families:
                self._emit(family.on_decision_bar(bar, self._latest), rows)
        if isinstance(record, FuturesBar):
            if record.nearby == 2:
                for family in self._families:
                    self._emit(family.on_deferred_bar(record), rows)
        elif isinstance(record, OptionChain):
            for family in self._families:
                self._emit(family.on_chain(record), rows)
        elif isinstance(record, CotReport):
            for family in self._families:
                self._emit(family.on_report(record), rows)
        elif isinstance(record, Headline):
            for family in self._families:
                self._emit(family.on_headline(record), rows)
        return rows

    def run(self, records: Iterable[RawRecord]) -> list[FeatureRow]:
        """Rows of many records, in order."""
        return [row for record in records for row in self.update(record)]

    def family(self, kind: type[Family]) -> Family:
        """The family of a class, to look at: what it holds belongs to the pipeline."""
        return next(family for family in self._families if isinstance(family, kind))

    @property
    def latest(self) -> Mapping[str, Reading]:
        """The newest reading of every feature that was ever read."""
        return MappingProxyType(self._latest)

    def _emit(self, readings: Sequence[Reading], rows: list[FeatureRow]) -> None:
        for reading in readings:
            feature, event_ts, value, quality, source = reading
            self._latest[feature] = reading
            version = self._versions[feature]
            rows.append(FeatureRow(self._market, feature, event_ts, self._known_ts, value, quality, source, version))
