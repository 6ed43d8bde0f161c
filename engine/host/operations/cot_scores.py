"""Commitments-of-Traders files scored report by report, without a workspace: what the COT scorer says, week by week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from engine.kernel.canonical import finite_or_none
from engine.kernel.errors import InputError
from engine.kernel.timestamps import to_datetime, to_iso

if TYPE_CHECKING:
    from engine.core.records import CotReport
    from engine.ingestion.input_file import InputFile
    from engine.kernel.config_models import HydraConfig, MarketConfig
    from engine.signals.sentiment.cot_scorer import CotScorer

ReportKey = tuple[str, bool, int]
_SHOWN_PROBLEMS: Final = 5


@dataclass(frozen=True, slots=True)
class CotScores:
    """One object per report in order of publication, and what the operator should know of the files."""

    rows: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]


def cot_scores(files: Sequence[InputFile], config: HydraConfig) -> CotScores:
    """Score every report of the market in some COT files of any form.

    The files are one history: a report that stands in several is counted once, and of two versions of one the later
    file's counts. Types, and futures only and combined, are scored apart. Raises InputError for a file that is no COT
    report, holds nothing of the market, or is a type that is not scored.
    """
    if not config.market.cot_market_codes:
        raise InputError(f"market {config.market.market} has no CFTC code (market.cot_market_codes)")
    reports: dict[ReportKey, CotReport] = {}
    sources: dict[ReportKey, str] = {}
    notes: list[str] = []
    for file in files:
        replaced: Counter[str] = Counter()
        for report in _reports_of(file, config.market, notes):
            key = (report.report_type, report.combined, report.event_ts)
            if key in reports and repr(reports[key]) != repr(report):  # repr, since missing numbers are equal in it
                replaced[sources[key]] += 1
            reports[key], sources[key] = report, file.name
        notes += [f"{file.name}: replaces {count} different reports of {name}" for name, count in replaced.items()]
    ordered = sorted(reports.values(), key=lambda one: (one.known_ts, one.event_ts, one.report_type, one.combined))
    return CotScores(tuple(_scored(ordered, config)), tuple(notes))


def _reports_of(file: InputFile, market: MarketConfig, notes: list[str]) -> list[CotReport]:
    from engine.core.records import CotReport
    from engine.ingestion.cot.cot_reports import CotPipeline
    from engine.ingestion.sources import SOURCES
    from engine.signals.sentiment.cot_shares import CROWD_CATEGORIES

    pipelines = (source for source in SOURCES if isinstance(source, CotPipeline))
    pipeline = next((source for source in pipelines if source.recognises(file)), None)
    if pipeline is None:
        raise InputError(
            f"{file.name}: not a Commitments of Traders report: its columns are those of no form of the CFTC"
        )
    if pipeline.report_type not in CROWD_CATEGORIES:
        raise InputError(f"{file.name}: {pipeline.title}: this form is stored and not scored")
    parsed = pipeline.parse(file, market)
    found = [row for row in parsed.rows if isinstance(row, CotReport)]
    problems = [f"row {one.row_number}: {one.field}: {one.reason}" for one in parsed.problems]
    if not found:
        raise InputError(f"{file.name}: no usable report; {problems[0] if problems else 'the table is empty'}")
    notes += [f"{file.name}: kept out, {text}" for text in problems[:_SHOWN_PROBLEMS]]
    if len(problems) > _SHOWN_PROBLEMS:
        notes.append(f"{file.name}: and {len(problems) - _SHOWN_PROBLEMS} more rows kept out")
    notes += [f"{file.name}: {text} ({count} rows)" for text, count in parsed.notes.items()]
    return found


def _scored(reports: Iterable[CotReport], config: HydraConfig) -> Iterable[Mapping[str, Any]]:
    from engine.signals.sentiment.cot_scorer import CotScorer

    weeks = config.features.cot_percentile_weeks
    scorers: dict[tuple[str, bool], CotScorer] = {}
    for report in reports:
        scorer = scorers.setdefault((report.report_type, report.combined), CotScorer(weeks))
        yield _row(report, scorer, config)


def _row(report: CotReport, scorer: CotScorer, config: HydraConfig) -> Mapping[str, Any]:
    from engine.signals.sentiment.cot_scorer import RECENT_WEEKS, cot_sentiment, missing_of

    reading = scorer.update(report)
    sentiment = cot_sentiment(reading, report.known_ts, report.report_type)
    weeks = config.features.cot_percentile_weeks
    day = to_datetime(report.event_ts).astimezone(ZoneInfo(config.market.session.timezone)).date()
    return {
        "market": report.market,
        "report_type": report.report_type,
        "combined": report.combined,
        "report_date": day.isoformat(),
        "known_ts": to_iso(report.known_ts),
        "open_interest": finite_or_none(report.open_interest),
        "net_share": finite_or_none(reading.net_share),
        f"percentile_{RECENT_WEEKS}w": _percentile(reading.score_52w),
        f"percentile_{weeks}w": _percentile(reading.score),
        f"reports_{RECENT_WEEKS}w": reading.history_52w,
        f"reports_{weeks}w": reading.history,
        "change_4w": finite_or_none(reading.change_4w),
        "commercial_net_share": finite_or_none(reading.hedger_share),
        "commercial_score": finite_or_none(reading.hedger_score),
        "concentration": finite_or_none(reading.concentration),
        "score": finite_or_none(sentiment.score),
        "confidence": sentiment.confidence,
        "missing": list(missing_of(reading)),
    }


def _percentile(place: float) -> float | None:
    """Share of the window's reports below this one, ties half, from a place in [-1, 1]."""
    return finite_or_none((place + 1.0) / 2.0)
