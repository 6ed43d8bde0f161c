"""Sentiment of one kind of COT report: where the crowd stands in its own history, and where it has been going.

Four parts, each in [-1, 1], positive where the crowd is bullish; a part that cannot be known is left out:

    level     .4   place of the crowd's net share of open interest among the reports of the long window (156 weeks)
    recent    .2   the same among the reports of 52 weeks
    change    .2   its change over four weeks, over twice the root mean square of such changes in the long window
    hedgers   .2   minus the place of the hedgers' net share in the long window: they take the other side of the crowd

A place is 2 x percentile - 1 with ties counted half, the report itself included; it needs 26 reports. The score is the
weighted mean of the parts. Its confidence is

    history x parts known x agreement x (.4 + .4 |score|) x (1 - concentration / 2) x age

where history is full at 104 reports, parts known is the weight of the parts that speak, agreement is one minus the
weighted standard deviation of the parts, an unknown concentration counts as 1, and age halves every two weeks. The
weights are a convention and not fitted. Report types measure different crowds and never share a history.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.core.records import CotReport
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.signals.sentiment.cot_shares import CotShares, cot_shares
from engine.signals.sentiment.sentiment_score import SentimentScore
from engine.signals.sentiment.staleness import staleness

LEAST_REPORTS: Final = 26
RECENT_WEEKS: Final = 52
FULL_HISTORY_REPORTS: Final = 104
PART_WEIGHTS: Final[Mapping[str, float]] = {"level": 0.4, "recent": 0.2, "change": 0.2, "hedgers": 0.2}
_WEEK_US: Final = 7 * MICROS_PER_DAY
_HALFLIFE_US: Final = 2 * _WEEK_US
_CHANGE_DAYS_LOW: Final = 24
_CHANGE_DAYS_HIGH: Final = 32


@dataclass(frozen=True, slots=True)
class CotReading:
    """One report scored. Shares are of open interest; what cannot be known is NaN.

    `score` = the level part, `change_4w` = net share now minus about four weeks ago, `history` and `history_52w` =
    reports with a net share in the two windows, this one included. `parts` hold the parts that are known, by name.
    """

    event_ts: int
    net_share: float
    score: float
    change_4w: float
    history: int
    score_52w: float
    history_52w: int
    hedger_share: float
    hedger_score: float
    concentration: float
    parts: Mapping[str, float]


class CotScorer:
    """History of one kind of report (type, and futures only or combined). `last` is the reading of the newest report
    day. A second report for a day replaces the first from then on; one for an earlier day is judged by the reports up
    to its own day."""

    def __init__(self, percentile_weeks: int) -> None:
        self._weeks = percentile_weeks
        self._days: list[int] = []
        self._shares: list[CotShares] = []
        self.last: CotReading | None = None

    def update(self, report: CotReport) -> CotReading:
        """Take in a report and score it against the weeks before it, itself included."""
        day, shares = report.event_ts, cot_shares(report)
        place = bisect_left(self._days, day)
        if place < len(self._days) and self._days[place] == day:
            self._shares[place] = shares
        else:
            self._days.insert(place, day)
            self._shares.insert(place, shares)
        reading = self._reading(place)
        oldest = bisect_left(self._days, self._days[-1] - self._weeks_kept() * _WEEK_US)
        del self._days[:oldest], self._shares[:oldest]
        if self.last is None or day >= self.last.event_ts:
            self.last = reading
        return reading

    def _weeks_kept(self) -> int:
        # The change of the oldest report in the window looks back another month.
        return max(self._weeks, RECENT_WEEKS) + 5

    def _reading(self, place: int) -> CotReading:
        day, shares = self._days[place], self._shares[place]
        window = self._window(place, self._weeks)
        recent = self._window(place, RECENT_WEEKS)
        crowd = [self._shares[index].crowd for index in window]
        crowd_52w = [self._shares[index].crowd for index in recent]
        level, history = place_in(shares.crowd, crowd)
        level_52w, history_52w = place_in(shares.crowd, crowd_52w)
        hedgers = -place_in(shares.hedgers, [self._shares[index].hedgers for index in window])[0]
        change = self._change(place)
        parts = {
            "level": level,
            "recent": level_52w,
            "change": _scaled(change, [self._change(index) for index in window]),
            "hedgers": hedgers,
        }
        known = {name: value for name, value in parts.items() if value == value}
        return CotReading(
            day, shares.crowd, level, change, history, level_52w, history_52w, shares.hedgers, hedgers,
            shares.concentration, known,
        )  # fmt: skip

    def _window(self, place: int, weeks: int) -> range:
        return range(bisect_left(self._days, self._days[place] - weeks * _WEEK_US), place + 1)

    def _change(self, place: int) -> float:
        """Against the newest report that is 24 to 32 days older; NaN where there is none."""
        day = self._days[place]
        latest = bisect_right(self._days, day - _CHANGE_DAYS_LOW * MICROS_PER_DAY) - 1
        for earlier in range(latest, -1, -1):
            if day - self._days[earlier] > _CHANGE_DAYS_HIGH * MICROS_PER_DAY:
                break
            change = self._shares[place].crowd - self._shares[earlier].crowd
            if change == change:
                return change
        return math.nan


def place_in(value: float, values: Sequence[float]) -> tuple[float, int]:
    """(2 x percentile - 1 of `value` among those of `values` that are known, their number); NaN below 26 of them."""
    known = [one for one in values if one == one]
    if value != value or len(known) < LEAST_REPORTS:
        return math.nan, len(known)
    below = sum(one < value for one in known)
    above = sum(one > value for one in known)
    return (below - above) / len(known), len(known)


def cot_sentiment(reading: CotReading, as_of_ts: int, report_type: str) -> SentimentScore:
    """A reading as sentiment at a moment, by the rule at the top; no data where no part is known."""
    weights = [PART_WEIGHTS[name] for name in reading.parts]
    values = list(reading.parts.values())
    weight = math.fsum(weights)
    if not weight > 0.0:
        return SentimentScore(math.nan, 0.0, reading.event_ts, (f"{report_type}: {', '.join(missing_of(reading))}",))
    score = math.fsum(w * value for w, value in zip(weights, values, strict=True)) / weight
    spread = math.sqrt(math.fsum(w * (value - score) ** 2 for w, value in zip(weights, values, strict=True)) / weight)
    concentration = reading.concentration if reading.concentration == reading.concentration else 1.0
    confidence = (
        min(1.0, reading.history / FULL_HISTORY_REPORTS)
        * weight
        * (1.0 - min(1.0, spread))
        * (0.4 + 0.4 * abs(score))
        * (1.0 - concentration / 2.0)
        * staleness(reading.event_ts, as_of_ts, _HALFLIFE_US)
    )
    return SentimentScore(score, confidence, reading.event_ts, _evidence(reading, report_type))


def missing_of(reading: CotReading) -> tuple[str, ...]:
    """What could not be known of a reading, and why."""
    reasons = []
    if reading.net_share != reading.net_share:
        reasons.append("no net position of the crowd (suppressed or absent)")
    else:
        if reading.score != reading.score:
            reasons.append(f"{reading.history} of {LEAST_REPORTS} reports in the long window")
        if reading.score_52w != reading.score_52w:
            reasons.append(f"{reading.history_52w} of {LEAST_REPORTS} reports in {RECENT_WEEKS} weeks")
        if reading.change_4w != reading.change_4w:
            reasons.append("no report about four weeks earlier")
        elif "change" not in reading.parts:
            reasons.append(f"fewer than {LEAST_REPORTS} four-week changes to scale by")
    if reading.hedger_share != reading.hedger_share:
        reasons.append("no net position of the hedgers (suppressed or absent)")
    elif reading.hedger_score != reading.hedger_score:
        reasons.append(f"fewer than {LEAST_REPORTS} net positions of the hedgers")
    if reading.concentration != reading.concentration:
        reasons.append("no concentration (a class is suppressed)")
    return tuple(reasons)


def _scaled(change: float, changes: Sequence[float]) -> float:
    known = [one for one in changes if one == one]
    if change != change or len(known) < LEAST_REPORTS:
        return math.nan
    scale = 2.0 * math.sqrt(math.fsum(one * one for one in known) / len(known))
    return max(-1.0, min(1.0, change / scale)) if scale > 0.0 else 0.0


def _evidence(reading: CotReading, report_type: str) -> tuple[str, ...]:
    said = [
        f"{report_type}: crowd net {reading.net_share:+.1%} of open interest, hedgers {reading.hedger_share:+.1%}, "
        f"concentration {reading.concentration:.2f}",
        "place " + ", ".join(f"{name} {value:+.2f}" for name, value in reading.parts.items()),
        f"change over four weeks {reading.change_4w:+.1%} of open interest",
        f"{reading.history} reports in the long window, {reading.history_52w} in {RECENT_WEEKS} weeks",
    ]
    return (*said, *missing_of(reading))
