"""What the sentiment and divergence families hold, as pictures for the Market screen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from engine.host.operations.market_picture import (
    DivergencePicture,
    EvidencePicture,
    PositioningPicture,
    SentimentPart,
    SentimentPicture,
)
from engine.host.picture_numbers import rounded
from engine.kernel.timestamps import MICROS_PER_DAY

if TYPE_CHECKING:
    from engine.signals.divergence.axes import DivergenceThresholds
    from engine.signals.divergence.detector import Divergence
    from engine.signals.divergence.evidence import EvidenceItem
    from engine.signals.feature_row import Reading
    from engine.signals.positioning_history import PositioningHistory, ReportKind, ScoredReport
    from engine.signals.sentiment.composite import SourceOpinion

_MOST_TEXT: Final = 160
_MOST_EVIDENCE_TEXT: Final = 400
_MOST_PARTS: Final = 8
_MOST_EVIDENCE: Final = 16


def sentiment_picture(
    latest: Mapping[str, Reading], opinions: Sequence[SourceOpinion], max_age_us: int
) -> SentimentPicture:
    """The composite of the last bar and what each source that has a weight said to it."""
    composite, confidence = latest.get("composite_sentiment"), latest.get("sentiment_confidence")
    if composite is None:
        return SentimentPicture(quality="none", why="no bar has been seen yet")
    return SentimentPicture(
        as_of_ts=composite.event_ts,
        max_age_us=max_age_us,
        score=rounded(composite.value),
        confidence=rounded(confidence.value) if confidence is not None else None,
        quality=composite.quality,
        parts=tuple(_part(opinion) for opinion in opinions if opinion.weight > 0.0)[:_MOST_PARTS],
        why="" if math.isfinite(composite.value) else "no source has data",
    )


def divergence_picture(
    found: Divergence | None, direction: Reading | None, thresholds: DivergenceThresholds, max_age_us: int
) -> DivergencePicture:
    """The detector's answer at the last bar, with the rule that fired and its numbers; `direction` says since when,
    `thresholds` which of its numbers had to open and which only to stay."""
    if found is None or direction is None:
        return DivergencePicture(why="no bar has been seen yet")
    return DivergencePicture(
        as_of_ts=direction.event_ts,
        max_age_us=max_age_us,
        kind=found.type.name.lower(),
        direction=found.direction,
        magnitude=rounded(found.magnitude),
        gap=rounded(found.gap),
        confidence=rounded(found.confidence),
        rule=found.rule[:_MOST_TEXT],
        bias=found.suggested_bias.value,
        evidence=tuple(
            EvidencePicture(item.name, rounded(item.value), rounded(item.threshold), _closes(item, thresholds))
            for item in found.evidence[:_MOST_EVIDENCE]
        ),
    )


def positioning_picture(history: PositioningHistory, max_age_us: int) -> PositioningPicture:
    """The reports of the kind that speaks, and the newest of every other kind in words."""
    kind = history.speaking
    reports = history.reports.get(kind, ()) if kind is not None else ()
    if kind is None or not reports:
        why = "reports are stored, none of a kind that is scored" if history.reports_seen else "no report is stored"
        return PositioningPicture(why=why)
    newest = reports[-1]
    return PositioningPicture(
        as_of_ts=newest.reading.event_ts,
        known_ts=newest.known_ts,
        max_age_us=max_age_us,
        kind=kind_words(kind),
        score=rounded(newest.reading.score),
        net_share=rounded(newest.reading.net_share),
        change_4w=rounded(newest.reading.change_4w),
        history=newest.reading.history,
        days=tuple(report.reading.event_ts // MICROS_PER_DAY for report in reports),
        net_shares=tuple(_short(report.reading.net_share) for report in reports),
        scores=tuple(_short(report.reading.score) for report in reports),
        others=tuple(
            _newest_words(other, found[-1]) for other, found in sorted(history.reports.items()) if other != kind
        ),
    )


def kind_words(kind: ReportKind) -> str:
    """`disaggregated, futures only`."""
    report_type, combined = kind
    return f"{report_type}, {'futures and options' if combined else 'futures only'}"


def _newest_words(kind: ReportKind, report: ScoredReport) -> str:
    reading = report.reading
    score = f"score {reading.score:+.2f}" if math.isfinite(reading.score) else f"{reading.history} reports, no score"
    share = f"net {100 * reading.net_share:+.1f} %" if math.isfinite(reading.net_share) else "net unknown"
    return f"{kind_words(kind)}: {score}, {share}"


def _part(opinion: SourceOpinion) -> SentimentPart:
    said = opinion.score
    return SentimentPart(
        name=opinion.name,
        score=rounded(said.score),
        confidence=rounded(said.confidence),
        weight=rounded(opinion.weight),
        as_of_ts=said.as_of_ts or None,
        evidence="; ".join(said.evidence)[:_MOST_EVIDENCE_TEXT],
    )


def _closes(item: EvidenceItem, thresholds: DivergenceThresholds) -> bool:
    """Whether the threshold in force was the one below which an open axis closes: it is less than the one that opens
    (where both are the same number, either word is true)."""
    if item.threshold is None:
        return False
    opens = thresholds.extreme_enter if "extreme" in item.name else thresholds.enter
    return item.threshold < (thresholds.confidence_enter if item.name.endswith("_confidence") else opens)


def _short(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
