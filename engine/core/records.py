"""Normalised facts about the world, as the raw lake holds them and the feature pipeline consumes them.

Every record says what it is about (`event_ts`) and when the world could first know it (`known_ts`), in UTC
microseconds. Prices are in the market's price unit (lean hogs: cents/lb). NaN marks a missing number, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

ExerciseStyle = Literal["american", "european", "unknown"]
OptionRight = Literal["C", "P"]
SOCIAL_PUBLISHERS: Final = frozenset({"stocktwits", "reddit"})


@dataclass(frozen=True, slots=True)
class FuturesBar:
    """One bar of one series.

    `event_ts` is the bar's start, `known_ts` its end plus publication delay. `contract` identifies the listed contract
    ("HEM23", or the vendor's instrument id); None where the vendor does not say. `nearby` is 1 for the traded series
    and 2 for the deferred contract. `flags` names quality findings, e.g. ("close_outside_range", "thin_contract").
    """

    market: str
    series: str
    contract: str | None
    nearby: int
    bar_seconds: int
    event_ts: int
    known_ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OptionQuote:
    """One line of an option chain; missing numbers are NaN."""

    strike: float
    right: OptionRight
    bid: float
    ask: float
    last: float
    volume: float
    open_interest: float


@dataclass(frozen=True, slots=True)
class OptionChain:
    """All quotes of one expiry at one moment (`event_ts` = snapshot time). `underlying_price` is the listed future of
    that expiry, NaN where unknown."""

    market: str
    source: str
    contract: str | None
    style: ExerciseStyle
    event_ts: int
    known_ts: int
    expiry_ts: int
    underlying_price: float
    quotes: tuple[OptionQuote, ...]


@dataclass(frozen=True, slots=True)
class CotPosition:
    """Positions of one trader category, contracts; NaN where suppressed (".") or not reported."""

    category: str
    long: float
    short: float
    spreading: float


@dataclass(frozen=True, slots=True)
class CotReport:
    """One Commitments-of-Traders report. `event_ts` = report day (normally Tuesday, midnight exchange time);
    `known_ts` = publication (normally Friday 15:30 New York). Report types are never spliced."""

    market: str
    report_type: Literal["legacy", "disaggregated", "supplemental", "financial"]
    combined: bool
    event_ts: int
    known_ts: int
    open_interest: float
    positions: tuple[CotPosition, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """One relevant text. `event_ts` = `known_ts` = when it was published, unless the vendor says otherwise (an
    update, an edit: then known later). `source` is the publisher; a post of a social platform carries the platform's
    name, one of `SOCIAL_PUBLISHERS`, and is no news."""

    market: str
    source: str
    event_ts: int
    known_ts: int
    title: str
    text_hash: str


RawRecord = FuturesBar | OptionChain | CotReport | Headline


def order_of(record: RawRecord) -> tuple[int, int, int, str]:
    """Sort key of the one order in which records reach the pipeline: by known time, then data before the traded bar
    that closes at the same moment (so that a decision at that close has seen them), then event time."""
    if isinstance(record, FuturesBar):
        return (record.known_ts, 9 if record.nearby == 1 else 1, record.event_ts, f"{record.series}|{record.contract}")
    if isinstance(record, OptionChain):
        return (record.known_ts, 2, record.event_ts, f"{record.source}|{record.expiry_ts}")
    if isinstance(record, CotReport):
        return (record.known_ts, 3, record.event_ts, f"{record.report_type}|{record.combined}")
    return (record.known_ts, 4, record.event_ts, record.text_hash)
