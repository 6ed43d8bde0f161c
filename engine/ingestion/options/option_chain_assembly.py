"""Option chains out of separate facts: definitions, quotes, open interest and the underlying's quotes.

A chain at a moment holds what was known then: of every defined option that has not expired, its newest quote, last
trade or settlement, and open interest received by that moment. Quotes sampled on an interval are printed only where
something changed, so an older quote stands until `max_quote_age_us` has passed.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from engine.core.records import ExerciseStyle, OptionChain, OptionQuote, OptionRight
from engine.ingestion.lake_rows import Instrument, Quote, Statistic

_OPEN_INTEREST: Final = "open_interest"
_LAST_TRADE: Final = "last_trade_price"
_SETTLEMENT: Final = "settlement_price"
_DELETED: Final = "deleted"
_RIGHTS: Final[dict[str, OptionRight]] = {"C": "C", "P": "P"}
_Row = TypeVar("_Row", Instrument, Quote, Statistic)


@dataclass(frozen=True, slots=True)
class _Timeline(Generic[_Row]):
    """Rows in the order in which they were known."""

    known: tuple[int, ...]
    rows: tuple[_Row, ...]

    @classmethod
    def of(cls, rows: Iterable[_Row]) -> _Timeline[_Row]:
        ordered = sorted(rows, key=lambda row: (row.known_ts, row.event_ts))
        return cls(tuple(row.known_ts for row in ordered), tuple(ordered))

    def at(self, moment_ts: int) -> _Row | None:
        """The newest row known by the moment."""
        place = bisect_right(self.known, moment_ts)
        return self.rows[place - 1] if place else None


def assemble_option_chains(
    instruments: Iterable[Instrument],
    quotes: Iterable[Quote],
    *,
    statistics: Iterable[Statistic] = (),
    underlying_quotes: Iterable[Quote] = (),
    moments: Sequence[int] | None = None,
    max_quote_age_us: int,
    style: ExerciseStyle,
) -> list[OptionChain]:
    """One chain per moment, expiry and underlying that has at least one quote, in order of time and expiry.

    `instruments` may hold definitions of other kinds too; `quotes` and `statistics` are matched by contract or by
    instrument id. `moments` are UTC microseconds, by default those at which an option quote became known. `last` is the
    newest last trade and, without one, the newest settlement; `volume` stays NaN, because no record says it. The
    underlying's price is the middle of its newest quote, NaN where that is one-sided, crossed or too old. A crossed
    option quote is left out.
    """
    definitions = _definitions(instruments)
    names = {row.contract: row.contract for timeline in definitions.values() for row in timeline.rows}
    names |= {row.instrument_id: row.contract for timeline in definitions.values() for row in timeline.rows}
    own = _grouped((names.get(quote.contract or ""), quote) for quote in quotes)
    figures = _figures(statistics, names)
    underlyings = _grouped((quote.contract, quote) for quote in underlying_quotes)
    if moments is None:
        moments = sorted({known for timeline in own.values() for known in timeline.known})
    chains: list[OptionChain] = []
    for moment in moments:
        groups: dict[tuple[int, str, str, str], list[OptionQuote]] = {}
        for contract, timeline in own.items():
            definition = definitions[contract].at(moment)
            quote = _fresh(timeline, moment, max_quote_age_us)
            if definition is None or quote is None or 0 < definition.expiry_ts <= moment or quote.bid > quote.ask:
                continue
            last = _figure(figures, contract, _LAST_TRADE, moment)
            if math.isnan(last):
                last = _figure(figures, contract, _SETTLEMENT, moment)
            key = (definition.expiry_ts, definition.underlying, quote.market, quote.source)
            groups.setdefault(key, []).append(
                OptionQuote(
                    definition.strike,
                    _RIGHTS[definition.right],
                    quote.bid,
                    quote.ask,
                    last,
                    math.nan,
                    _figure(figures, contract, _OPEN_INTEREST, moment),
                )
            )
        for (expiry_ts, underlying, market, source), lines in sorted(groups.items()):
            chains.append(
                OptionChain(
                    market=market,
                    source=source,
                    contract=underlying or None,
                    style=style,
                    event_ts=moment,
                    known_ts=moment,
                    expiry_ts=expiry_ts,
                    underlying_price=_middle(underlyings.get(underlying), moment, max_quote_age_us),
                    quotes=tuple(sorted(lines, key=lambda line: (line.strike, line.right))),
                )
            )
    return chains


def _definitions(instruments: Iterable[Instrument]) -> dict[str, _Timeline[Instrument]]:
    groups: dict[str, list[Instrument]] = {}
    for row in instruments:
        if row.kind == "option" and row.right in _RIGHTS and row.strike > 0:
            groups.setdefault(row.contract, []).append(row)
    return {contract: _Timeline.of(rows) for contract, rows in groups.items()}


def _grouped(named: Iterable[tuple[str | None, Quote]]) -> dict[str, _Timeline[Quote]]:
    groups: dict[str, list[Quote]] = {}
    for name, quote in named:
        if name:
            groups.setdefault(name, []).append(quote)
    return {name: _Timeline.of(rows) for name, rows in groups.items()}


def _figures(statistics: Iterable[Statistic], names: dict[str, str]) -> dict[tuple[str, str], _Timeline[Statistic]]:
    groups: dict[tuple[str, str], list[Statistic]] = {}
    for row in statistics:
        contract = names.get(row.contract or "")
        if contract is not None and _DELETED not in row.flags:
            groups.setdefault((contract, row.name), []).append(row)
    return {key: _Timeline.of(rows) for key, rows in groups.items()}


def _figure(figures: dict[tuple[str, str], _Timeline[Statistic]], contract: str, name: str, moment_ts: int) -> float:
    timeline = figures.get((contract, name))
    found = timeline.at(moment_ts) if timeline is not None else None
    return math.nan if found is None else found.value


def _fresh(timeline: _Timeline[Quote] | None, moment_ts: int, max_age_us: int) -> Quote | None:
    found = timeline.at(moment_ts) if timeline is not None else None
    return found if found is not None and moment_ts - found.event_ts <= max_age_us else None


def _middle(timeline: _Timeline[Quote] | None, moment_ts: int, max_age_us: int) -> float:
    quote = _fresh(timeline, moment_ts, max_age_us)
    return (quote.bid + quote.ask) / 2 if quote is not None and quote.bid <= quote.ask else math.nan
