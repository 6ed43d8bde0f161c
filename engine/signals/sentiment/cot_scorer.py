"""Sentiment of one type of COT report: where the speculative net position stands in its own history.

Managed money (disaggregated), non-commercials (legacy) and index traders (supplemental) are counted as net contracts
over open interest. Report types measure different crowds and never share a history. Suppressed cells are missing.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

from engine.core.records import CotReport
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.signals.sentiment.sentiment_score import SentimentScore

LEAST_REPORTS: Final = 26
REPORT_CATEGORIES: Final[dict[str, tuple[str, ...]]] = {
    "legacy": ("noncommercial", "noncommercials", "noncomm"),
    "disaggregated": ("managedmoney", "mmoney"),
    "supplemental": ("indextraders", "indextrader", "cit", "index"),
}
_WEEK_US: Final = 7 * MICROS_PER_DAY
_CHANGE_DAYS_LOW: Final = 24
_CHANGE_DAYS_HIGH: Final = 32


@dataclass(frozen=True, slots=True)
class CotReading:
    """One report scored: `score` in [-1, 1] = 2 x percentile - 1 of the net share in its own history (NaN below 26
    reports), `change_4w` = net share now minus about four weeks ago (NaN without such a report)."""

    event_ts: int
    net_share: float
    score: float
    change_4w: float
    history: int


def speculative_net_share(report: CotReport) -> float:
    """Net contracts of the report's speculative category over open interest; NaN where a number is missing."""
    wanted = REPORT_CATEGORIES[report.report_type]
    for position in report.positions:
        name = "".join(letter for letter in position.category.lower() if letter.isalpha())
        if name in wanted:
            net = position.long - position.short
            return net / report.open_interest if report.open_interest > 0.0 else math.nan
    return math.nan


class CotScorer:
    """History of one report type (and one of futures-only or combined). `update(report)` -> CotReading."""

    def __init__(self, percentile_weeks: int) -> None:
        self._weeks = percentile_weeks
        self._history: deque[tuple[int, float]] = deque()
        self.last: CotReading | None = None

    def update(self, report: CotReport) -> CotReading:
        """Score a report against the reports of the weeks before it, itself included. A report for the same or an
        earlier day than the last one (a revision, a late file) is scored but does not enter the history twice."""
        share = speculative_net_share(report)
        revision = bool(self._history) and report.event_ts <= self._history[-1][0]
        if share == share and not revision:
            self._history.append((report.event_ts, share))
        oldest = report.event_ts - self._weeks * _WEEK_US
        while self._history and self._history[0][0] < oldest:
            self._history.popleft()
        values = [value for _, value in self._history]
        reading = CotReading(report.event_ts, share, _score(share, values), self._change(report.event_ts, share),
                             len(values))  # fmt: skip
        if not revision:
            self.last = reading
        return reading

    def _change(self, event_ts: int, share: float) -> float:
        for earlier_ts, earlier in reversed(self._history):
            days = (event_ts - earlier_ts) / MICROS_PER_DAY
            if _CHANGE_DAYS_LOW <= days <= _CHANGE_DAYS_HIGH:
                return share - earlier
            if days > _CHANGE_DAYS_HIGH:
                break
        return math.nan


def cot_sentiment(reading: CotReading, as_of_ts: int, report_type: str) -> SentimentScore:
    """A reading as sentiment: confidence grows with its history (full at 104 reports) and with distance from the
    middle, and halves with every two weeks of age."""
    if reading.score != reading.score:
        return SentimentScore(math.nan, 0.0, reading.event_ts)
    history = min(1.0, reading.history / 104.0)
    age = 0.5 ** (max(0, as_of_ts - reading.event_ts) / (2 * _WEEK_US))
    confidence = history * age * (0.4 + 0.4 * abs(reading.score))
    evidence = (f"{report_type}: net share {reading.net_share:+.3f} of open interest, score {reading.score:+.2f}",)
    return SentimentScore(reading.score, confidence, reading.event_ts, evidence)


def _score(share: float, values: list[float]) -> float:
    if share != share or len(values) < LEAST_REPORTS:
        return math.nan
    below = sum(value < share for value in values)
    equal = sum(value == share for value in values)
    return 2.0 * (below + 0.5 * equal) / len(values) - 1.0
