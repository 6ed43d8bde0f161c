"""A chain of one expiry from a CSV table: quotes that may speak, and every other row with the reason why it may not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from engine.host.operations.option_rows import RIGHTS
from engine.host.operations.quant_table import QuantTable, number_columns, quoted, read_table
from engine.kernel.errors import CalculationError, ConfigError, InputError

if TYPE_CHECKING:
    from engine.core.records import OptionQuote
    from engine.signals.options_math.chain_cleaning import CleanQuote

ExerciseStyle = Literal["american", "european"]
REQUIRED: Final = ("strike", "right", "bid", "ask")
OPTIONAL: Final = ("open_interest", "volume")
LEAST_LEVEL: Final = 1e-100
MOST_LEVEL: Final = 1e100
"""Forwards between which no power of a price that a density needs leaves the range of numbers."""
STRIKE_FACTOR: Final = 100.0  # beyond, a strike is a slip of the pen and belongs to no option of this future
CLEANING_REASONS: Final = {
    "unknown_style": "the exercise style is unknown",
    "invalid_strike": "the strike is not above 0",
    "far_strike": f"the strike is more than {STRIKE_FACTOR:g} times above or below the forward",
    "far_price": f"the quote is more than {STRIKE_FACTOR:g} times its strike and the forward",
    "no_ask": "nobody offers: the ask is missing or 0",
    "negative": "bid or ask is negative",
    "crossed": "the bid is above the ask",
    "absurd_width": "the quote is too wide to say anything",
    "below_intrinsic": "the ask lies below the discounted intrinsic value",
    "duplicate": "the same option stands in another row with a quote as narrow or narrower",
}
"""Words for the codes of `clean_chain`; a code without words is shown as it is."""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row of the table that may not speak: its number from 1, a code and words."""

    row: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class MarketTerms:
    """`forward` in price units and continuous `rate` per year, each with where it comes from and its standard error (0
    where given)."""

    forward: float
    forward_from: str
    forward_error: float
    rate: float
    rate_from: str
    rate_error: float


@dataclass(frozen=True, slots=True)
class ChainTable:
    """Usable quotes ordered by strike, puts before calls, with the row that each came from, and the rejected rows in
    row order."""

    name: str
    rows: int
    quotes: tuple[CleanQuote, ...]
    row_of_quote: tuple[int, ...]
    rejected: tuple[RejectedRow, ...]
    terms: MarketTerms


def read_chain(
    source: str, forward: float | None, years: float, rate: float | None, style: ExerciseStyle, tick: float = 0.0
) -> ChainTable:
    """Read and clean the quotes of one expiry (columns strike, right, bid, ask, and open_interest, volume if there).

    Without `forward` it is read from put-call parity, of European values where the options are American; so is the rate
    of European options where none is given. ConfigError where a rate is needed, CalculationError where too few strikes
    are quoted as call and put. InputError for a table that cannot be used, and where the forward, or without one the
    middle strike, is not between LEAST_LEVEL and MOST_LEVEL.
    """
    if rate is None and (forward is not None or style == "american"):
        beside = "--forward needs" if forward is not None else "American options need"
        raise ConfigError(f"{beside} --rate beside it; only the parity of European options gives both")
    if forward is not None:
        _check_level("the forward", forward)
    table = read_table(source, REQUIRED, OPTIONAL)
    by_row, rejected = _quotes(table)
    if forward is not None and rate is not None:
        terms = MarketTerms(forward, "given", 0.0, rate, "given", 0.0)
    else:
        strikes = _positive_strikes(by_row)
        if strikes:
            _check_level(f"{table.name}: the middle strike", strikes[len(strikes) // 2])
        first, _ = _clean(by_row, style, math.nan, 1.0)
        terms = _inferred(table.name, tuple(first.values()), years, rate, style, tick)
        _check_level(f"{table.name}: the forward from put-call parity", terms.forward)
    clean, refused = _clean(by_row, style, terms.forward, math.exp(-terms.rate * years))
    ordered = sorted(clean.items(), key=lambda item: (item[1].strike, item[1].is_call))
    return ChainTable(
        name=table.name,
        rows=len(table),
        quotes=tuple(quote for _, quote in ordered),
        row_of_quote=tuple(row for row, _ in ordered),
        rejected=tuple(sorted([*rejected, *refused], key=lambda one: one.row)),
        terms=terms,
    )


def _check_level(what: str, level: float) -> None:
    if not LEAST_LEVEL <= level <= MOST_LEVEL:
        raise InputError(f"{what} must be between {LEAST_LEVEL:g} and {MOST_LEVEL:g}, is {level:g}")


def _positive_strikes(quotes: Mapping[int, OptionQuote]) -> list[float]:
    """Strikes above 0, rising."""
    return sorted(quote.strike for quote in quotes.values() if quote.strike > 0.0)


def _inferred(
    name: str, quotes: tuple[CleanQuote, ...], years: float, rate: float | None, style: ExerciseStyle, tick: float
) -> MarketTerms:
    """Forward, and the rate where it is None, from strikes quoted as call and put."""
    from engine.signals.options_math.american_forward import AmericanForward, infer_american_forward
    from engine.signals.options_math.forward import ForwardEstimate, infer_forward

    found: AmericanForward | ForwardEstimate | None
    if style == "american" and rate is not None:
        found, source = infer_american_forward(quotes, years, rate, tick=tick), "put-call parity, de-Americanised"
    else:
        found = infer_forward(quotes, None if rate is None else math.exp(-rate * years))
        source = "put-call parity"
    if found is None:
        raise CalculationError(
            f"{name} quotes too few strikes as call and put on both sides, so put-call parity gives no forward; "
            "give --forward and --rate"
        )
    if rate is not None:
        return MarketTerms(found.forward, source, found.forward_error, rate, "given", 0.0)
    if not math.isfinite(found.discount_error):
        raise CalculationError(f"{name} quotes too few strikes as call and put to tell the rate; give --rate")
    told = math.log(1.0 / found.discount) / years
    return MarketTerms(
        found.forward, source, found.forward_error, told, source, found.discount_error / (found.discount * years)
    )


def _quotes(table: QuantTable) -> tuple[dict[int, OptionQuote], list[RejectedRow]]:
    """Quotes by row, and the rows whose cells hold none."""
    from engine.core.records import OptionQuote

    numbers = number_columns(table, ("strike",), ("bid", "ask", *OPTIONAL))
    missing = [math.nan] * len(table)
    columns = [
        numbers.values[name].tolist() if name in numbers.values else missing
        for name in ("strike", "bid", "ask", "volume", "open_interest")
    ]
    quotes: dict[int, OptionQuote] = {}
    rejected = []
    for place, (strike, bid, ask, volume, interest) in enumerate(zip(*columns, strict=True)):
        reason, cell = numbers.reasons[place], table.columns["right"][place]
        is_call = RIGHTS.get(cell.lower())
        if is_call is None and not table.damage[place]:
            words = f"right {quoted(cell)} is neither C (call) nor P (put)" if cell else "right is missing"
            reason = f"{reason}; {words}" if reason else words
        if reason:
            rejected.append(RejectedRow(place + 1, "invalid_input", reason))
            continue
        quotes[place + 1] = OptionQuote(strike, "C" if is_call else "P", bid, ask, math.nan, volume, interest)
    return quotes, rejected


def _clean(
    quotes: dict[int, OptionQuote], style: ExerciseStyle, forward: float, discount: float
) -> tuple[dict[int, CleanQuote], list[RejectedRow]]:
    """Clean row by row, which keeps the row of every verdict; of several rows of one option the narrowest stays, the
    first of equals. Strikes are far from the forward, or from the middle one where it is not known."""
    from engine.core.records import OptionChain
    from engine.signals.options_math.chain_cleaning import clean_chain

    clean: dict[int, CleanQuote] = {}
    rejected = []
    positive = _positive_strikes(quotes)
    level = forward if math.isfinite(forward) or not positive else positive[len(positive) // 2]
    for row, quote in quotes.items():
        if quote.strike > 0.0 and not 1.0 / STRIKE_FACTOR <= quote.strike / level <= STRIKE_FACTOR:
            rejected.append(RejectedRow(row, "far_strike", CLEANING_REASONS["far_strike"]))
            continue
        if max(quote.bid, quote.ask) > STRIKE_FACTOR * max(quote.strike, level):
            rejected.append(RejectedRow(row, "far_price", CLEANING_REASONS["far_price"]))
            continue
        chain = OptionChain("", "", None, style, 0, 0, 0, forward, (quote,))
        answer = clean_chain(chain, forward, discount)
        if answer.quotes:
            clean[row] = answer.quotes[0]
        rejected += [
            RejectedRow(row, one.reason, CLEANING_REASONS.get(one.reason, one.reason)) for one in answer.rejected
        ]
    narrowest: dict[tuple[float, bool], int] = {}
    for row, kept in sorted(clean.items(), key=lambda item: (item[1].ask - item[1].bid, item[0])):
        first = narrowest.setdefault((kept.strike, kept.is_call), row)
        if first != row:
            del clean[row]
            rejected.append(RejectedRow(row, "duplicate", f"{CLEANING_REASONS['duplicate']} (row {first})"))
    return clean, rejected
