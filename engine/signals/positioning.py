"""Commitments-of-Traders features, emitted when a report is published and about the day it was counted."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.records import CotReport
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.signals.feature_family import FeatureDescription, FeatureFamily
from engine.signals.feature_row import GOOD, Reading
from engine.signals.sentiment.cot_scorer import (
    LEAST_REPORTS,
    RECENT_WEEKS,
    CotReading,
    CotScorer,
    cot_sentiment,
)
from engine.signals.sentiment.sentiment_score import NO_DATA, SentimentScore

# In order of preference where two types speak about the same day.
_TYPES = ("disaggregated", "supplemental", "legacy")
_MAX_AGE_US = 16 * MICROS_PER_DAY
_FURTHER = (
    FeatureDescription("cot_score_52w", "percentile mapped to [-1, 1]", "cot_report", -1.0, 1.0, _MAX_AGE_US,
                       f"place of the speculative net share of open interest in {RECENT_WEEKS} weeks"),
    FeatureDescription("cot_commercial_score", "percentile mapped to [-1, 1]", "cot_report", -1.0, 1.0, _MAX_AGE_US,
                       "minus the place of the hedgers' net share: they take the other side of the crowd"),
    FeatureDescription("cot_concentration", "Herfindahl index", "cot_report", 0.0, 1.0, _MAX_AGE_US,
                       "sum of squared shares of the trader classes on the side that the speculators are on"),
    FeatureDescription("cot_sentiment", "tone", "cot_report", -1.0, 1.0, _MAX_AGE_US,
                       "level, recent level, four-week change and hedgers of one report, weighted"),
    FeatureDescription("cot_confidence", "confidence", "cot_report", 0.0, 1.0, _MAX_AGE_US,
                       "confidence of cot_sentiment at publication; halves with every two weeks after the report day"),
)  # fmt: skip


class Positioning(FeatureFamily):
    """`cot_score_<type>`, `cot_change_4w_<type>`, and `cot_score`, `cot_change_4w` of the freshest type that has at
    least 26 own reports; their quality names that type. Types are never spliced: each has its own history, and a gap
    or a change of type leaves the features old, then stale, until the new type has a history of its own. Of
    futures-only and combined reports of one type, the one with the longer history speaks.

    The type that speaks also gives `cot_score_52w`, `cot_commercial_score`, `cot_concentration`, and what the rule of
    `sentiment/cot_scorer.py` makes of all of it: `cot_sentiment` and `cot_confidence`, as of publication.
    """

    def __init__(self, config: HydraConfig) -> None:
        self._weeks = config.features.cot_percentile_weeks
        self._scorers: dict[tuple[str, bool], CotScorer] = {}

    def describe(self) -> Sequence[FeatureDescription]:
        """cot_score, cot_change_4w, both per report type, and what else the speaking type says."""
        described = []
        kinds = [("", "the freshest report type with 26 own reports"), *((f"_{t}", f"{t} reports") for t in _TYPES)]
        for suffix, what in kinds:
            described.append(FeatureDescription(
                f"cot_score{suffix}", "percentile mapped to [-1, 1]", "cot_report", -1.0, 1.0, _MAX_AGE_US,
                f"place of the speculative net share of open interest in {self._weeks} weeks of {what}"))  # fmt: skip
            described.append(FeatureDescription(
                f"cot_change_4w{suffix}", "share of open interest", "cot_report", -2.0, 2.0, _MAX_AGE_US,
                f"four-week change of the speculative net share of {what}"))  # fmt: skip
        return [*described, *_FURTHER]

    def on_report(self, report: CotReport) -> Sequence[Reading]:
        """Readings of the report's own type, and of cot_score where this type is the one that speaks. Reports of
        financial futures are kept in the lake but give no feature: no market here has them."""
        if report.report_type not in _TYPES:
            return ()
        key = (report.report_type, report.combined)
        scorer = self._scorers.setdefault(key, CotScorer(self._weeks))
        reading = scorer.update(report)
        if self._speaker(report.report_type) is not scorer:
            return ()
        source = f"cot_{report.report_type}"
        readings = [*_readings(f"_{report.report_type}", reading, GOOD, source)]
        if self._chosen() == report.report_type:
            readings.extend(_readings("", reading, report.report_type, source))
            readings.extend(_further(reading, report, source))
        return readings

    def reading_of(self, report_type: str, combined: bool) -> CotReading | None:
        """The newest reading of one kind of report; None before its first."""
        scorer = self._scorers.get((report_type, combined))
        return scorer.last if scorer is not None else None

    @property
    def speaking(self) -> tuple[str, bool] | None:
        """The (report type, combined) that `cot_score` comes from; None before any type has its history."""
        chosen = self._chosen()
        if chosen is None:
            return None
        speaker = self._speaker(chosen)
        return next((kind for kind, scorer in self._scorers.items() if scorer is speaker), None)

    def sentiment(self, as_of_ts: int) -> SentimentScore:
        """The speaking report type as sentiment at a moment; no data before any type has its history."""
        chosen = self._chosen()
        speaker = self._speaker(chosen) if chosen is not None else None
        if chosen is None or speaker is None or speaker.last is None:
            return NO_DATA
        return cot_sentiment(speaker.last, as_of_ts, chosen)

    def _speaker(self, report_type: str) -> CotScorer | None:
        candidates = [self._scorers.get((report_type, combined)) for combined in (False, True)]
        known = [scorer for scorer in candidates if scorer is not None and scorer.last is not None]
        return max(known, key=lambda scorer: scorer.last.history if scorer.last else 0, default=None)

    def _chosen(self) -> str | None:
        best: str | None = None
        best_ts = -1
        for report_type in _TYPES:
            speaker = self._speaker(report_type)
            if speaker is None or speaker.last is None or speaker.last.history < LEAST_REPORTS:
                continue
            if speaker.last.event_ts > best_ts:
                best, best_ts = report_type, speaker.last.event_ts
        return best


def _readings(suffix: str, reading: CotReading, quality: str, source: str) -> tuple[Reading, Reading]:
    score_quality = quality if reading.score == reading.score else f"{quality}:history_{reading.history}"
    change_quality = quality if reading.change_4w == reading.change_4w else f"{quality}:no_report_4w_ago"
    return (
        Reading(f"cot_score{suffix}", reading.event_ts, reading.score, score_quality, source),
        Reading(f"cot_change_4w{suffix}", reading.event_ts, reading.change_4w, change_quality, source),
    )


def _further(reading: CotReading, report: CotReport, source: str) -> Sequence[Reading]:
    """What the speaking type says beside its level and change, and why it does not."""
    kind = report.report_type
    sentiment = cot_sentiment(reading, report.known_ts, kind)
    said = (
        ("cot_score_52w", reading.score_52w, f"history_{reading.history_52w}"),
        ("cot_commercial_score", reading.hedger_score, "hedgers_unknown"),
        ("cot_concentration", reading.concentration, "suppressed"),
        ("cot_sentiment", sentiment.score, f"history_{reading.history}"),
        ("cot_confidence", sentiment.confidence, ""),
    )
    return [
        Reading(name, reading.event_ts, value, kind if value == value else f"{kind}:{otherwise}", source)
        for name, value, otherwise in said
    ]
