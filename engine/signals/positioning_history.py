"""The reports of the last three years with what was made of each, kept for those who draw them: nothing here is a
feature."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from engine.core.records import CotReport
from engine.signals.feature_family import FeatureDescription, FeatureFamily
from engine.signals.feature_row import Reading
from engine.signals.positioning import Positioning
from engine.signals.sentiment.cot_scorer import CotReading

REPORTS_KEPT: Final = 160
ReportKind = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class ScoredReport:
    """One report's reading and when the report was published (UTC microseconds)."""

    reading: CotReading
    known_ts: int


class PositioningHistory(FeatureFamily):
    """Stands behind `Positioning` in the pipeline and keeps its readings, newest last, for each (report type,
    combined). A second report for the newest day replaces the first; a revision of an earlier day is left out."""

    def __init__(self, positioning: Positioning) -> None:
        self._positioning = positioning
        self._reports: dict[ReportKind, deque[ScoredReport]] = {}
        self.reports_seen = 0

    def describe(self) -> Sequence[FeatureDescription]:
        """No feature of its own."""
        return ()

    def on_report(self, report: CotReport) -> Sequence[Reading]:
        """Keep the reading of a report that its scorer has just made."""
        self.reports_seen += 1
        reading = self._positioning.reading_of(report.report_type, report.combined)
        if reading is not None and reading.event_ts == report.event_ts:
            kept = self._reports.setdefault((report.report_type, report.combined), deque(maxlen=REPORTS_KEPT))
            if kept and kept[-1].reading.event_ts == report.event_ts:
                kept.pop()
            if not kept or kept[-1].reading.event_ts < report.event_ts:
                kept.append(ScoredReport(reading, report.known_ts))
        return ()

    @property
    def reports(self) -> Mapping[ReportKind, Sequence[ScoredReport]]:
        """The reports of every kind."""
        return MappingProxyType(self._reports)

    @property
    def speaking(self) -> ReportKind | None:
        """The kind that `cot_score` comes from; before any has its history, the one with most reports."""
        return self._positioning.speaking or max(self._reports, key=lambda kind: len(self._reports[kind]), default=None)
