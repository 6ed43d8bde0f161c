"""What all sources of options share: from single lines to chains and marks, or the reason why not.

A line gives an `OptionQuote` in the chain of its moment and expiry and, where the vendor prints a volatility or a
greek, an `OptionMark`. A price of 0 says that there is none, an implied volatility of 0 that none could be computed.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from engine.core.records import ExerciseStyle, OptionChain, OptionQuote, OptionRight
from engine.ingestion.lake_rows import NormalisedRow, OptionMark
from engine.ingestion.source_pipeline import OTHER_MARKET, ParsedInput, ProblemList
from engine.kernel.config_models import MarketConfig

NO_FIGURES: Final = "listed without a figure"
EXPIRED: Final = "expired series"
CUT_SHORT: Final = "row is cut short"
GREEKS: Final = ("delta", "gamma", "theta", "vega", "rho")
RIGHTS: Final[Mapping[str, OptionRight]] = {"c": "C", "call": "C", "p": "P", "put": "P"}


@dataclass(frozen=True, slots=True)
class ChainKey:
    """What the options of one chain have in common; all fields as in `OptionChain`."""

    contract: str | None
    style: ExerciseStyle
    event_ts: int
    known_ts: int
    expiry_ts: int
    underlying_price: float = math.nan


@dataclass(frozen=True, slots=True)
class VendorMark:
    """The vendor's implied volatility and greeks of one option, and the price of the underlying behind them."""

    underlying_price: float = math.nan
    implied_volatility: float = math.nan
    delta: float = math.nan
    gamma: float = math.nan
    theta: float = math.nan
    vega: float = math.nan
    rho: float = math.nan

    @property
    def says_something(self) -> bool:
        """Whether any figure is there; vendors print zeros where they computed nothing."""
        return any(
            not math.isnan(value) and value != 0
            for value in (self.implied_volatility, *(getattr(self, name) for name in GREEKS))
        )


def price_or_nan(value: float) -> float:
    """A price, NaN where the vendor prints 0 for none."""
    return math.nan if value == 0 else value


_HIGHEST_TYPICAL_VOLATILITY: Final = 4.0  # 400 % a year as the median of a chain
_HIGHEST_VOLATILITY: Final = 50.0


class ChainCollector:
    """Collects the options of one market and source; `finish` gives chains in order of time and expiry, then marks."""

    def __init__(self, market: MarketConfig, source: str) -> None:
        self.problems = ProblemList()
        self._market = market.market
        self._source = source
        self._keeps_marks = not market.simulated
        self._quotes: dict[ChainKey, dict[tuple[float, str], OptionQuote]] = {}
        self._marks: list[OptionMark] = []

    def add(
        self,
        row_number: int,
        raw: object,
        key: ChainKey,
        quote: OptionQuote,
        mark: VendorMark | None = None,
        *,
        field: str = "",
    ) -> None:
        """One option; `field` begins the names of fields in problems. Series that had ended by the moment are counted
        and not kept: vendors go on listing them."""
        if key.expiry_ts <= key.event_ts:
            self.problems.ignore(EXPIRED)
            return
        fault = quote_fault(quote)
        if fault is not None:
            self.problems.add(row_number, f"{field} {fault[1]}".strip(), fault[0], raw)
            return
        chain = self._quotes.setdefault(key, {})
        place = (quote.strike, quote.right)
        if place in chain:
            self.problems.add(row_number, f"{field} strike".strip(), "second row for the same option", raw)
            return
        chain[place] = quote
        if mark is not None and mark.says_something and self._keeps_marks:
            self._marks.append(self._mark(key, quote, mark))

    def _mark(self, key: ChainKey, quote: OptionQuote, mark: VendorMark) -> OptionMark:
        return OptionMark(
            market=self._market,
            source=self._source,
            contract=key.contract,
            style=key.style,
            event_ts=key.event_ts,
            known_ts=key.known_ts,
            expiry_ts=key.expiry_ts,
            underlying_price=mark.underlying_price,
            strike=quote.strike,
            right=quote.right,
            implied_volatility=price_or_nan(mark.implied_volatility),
            delta=mark.delta,
            gamma=mark.gamma,
            theta=mark.theta,
            vega=mark.vega,
            rho=mark.rho,
        )

    def finish(self, *others: NormalisedRow) -> ParsedInput:
        """Chains, marks and any other rows of the file."""
        chains: list[NormalisedRow] = [
            OptionChain(
                market=self._market,
                source=self._source,
                contract=key.contract,
                style=key.style,
                event_ts=key.event_ts,
                known_ts=key.known_ts,
                expiry_ts=key.expiry_ts,
                underlying_price=key.underlying_price,
                quotes=tuple(quotes.values()),
            )
            for key, quotes in sorted(self._quotes.items(), key=lambda entry: (entry[0].event_ts, entry[0].expiry_ts))
        ]
        return self.problems.finish([*chains, *self._believable_marks(), *others])

    def _believable_marks(self) -> list[OptionMark]:
        """Marks without volatilities that no market shows. Where the typical one of a file is such, the vendor prints
        percent, and whether all of it is percent is not for us to guess: every volatility of the file is left out."""
        known = [mark.implied_volatility for mark in self._marks if mark.implied_volatility == mark.implied_volatility]
        in_percent = bool(known) and statistics.median(known) > _HIGHEST_TYPICAL_VOLATILITY
        if in_percent:
            self.problems.add(0, "implied_volatility", "volatilities look like percent; all are left out", known[:5])
        limit = -math.inf if in_percent else _HIGHEST_VOLATILITY
        return [
            replace(mark, implied_volatility=math.nan) if mark.implied_volatility > limit else mark
            for mark in self._marks
        ]


def quote_fault(quote: OptionQuote) -> tuple[str, str] | None:
    """(reason, field) why a quote cannot be used, or None."""
    if not quote.strike > 0:
        return "strike missing", "strike"
    if quote.bid > quote.ask:
        return "bid above ask", "bid"
    if any(number < 0 for number in (quote.bid, quote.ask, quote.last, quote.volume, quote.open_interest)):
        return "negative number", "quote"
    return None


def told_once(parsed: ParsedInput, *, first: bool) -> ParsedInput:
    """One market's part of a file that was routed by content: rows of other markets are no concern, and rows that are
    cut short belong to nobody and are told with the first market alone."""
    problems = parsed.problems if first else tuple(one for one in parsed.problems if one.reason != CUT_SHORT)
    ignored = {reason: rows for reason, rows in parsed.ignored.items() if reason != OTHER_MARKET}
    return ParsedInput(parsed.rows, problems, ignored)
