"""Option chains as Cboe DataShop sells them: one row per option and day with a snapshot at 15:45 New York and one at
the end of the day ("UnderlyingOptionsEODQuotes", with volatility and greeks of 15:45 "UnderlyingOptionsEODCalcs").

Each side becomes a chain of its own. The early one is stamped 15:45 and known then; it holds quotes alone, because last
trade, volume and open interest of the row are those of the whole day. The late one is stamped 16:15, the latest close
of the products, and counts as known at 17:00, because the close differs by product and the file does not say it. Since
2020-02-05 the early side of a half day is of 12:45 (Cboe): such days are stamped too late, never too early. The price
of the underlying that the vendor implied from the quotes stands in the marks, 0 and blanks are missing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from engine.core.records import OptionQuote
from engine.ingestion.input_file import InputFile
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.options.option_collector import (
    CUT_SHORT,
    GREEKS,
    RIGHTS,
    ChainCollector,
    ChainKey,
    VendorMark,
    price_or_nan,
    told_once,
)
from engine.ingestion.options.option_roots import NEW_YORK, OptionRoot
from engine.ingestion.parsing.delimited_text import header_of, table_rows
from engine.ingestion.parsing.numbers import number_or_nan
from engine.ingestion.source_pipeline import OTHER_MARKET, ParsedInput, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts

_COLUMNS: Final = ("underlying_symbol", "quote_date", "root", "expiration", "strike", "option_type", "close",
                   "trade_volume", "bid_1545", "ask_1545", "bid_eod", "ask_eod", "open_interest")  # fmt: skip
_EARLY: Final = (15, 45)
_LATE: Final = (16, 15)
_LATE_KNOWN: Final = (17, 0)


class CboeDatashopPipeline(SourcePipeline):
    """Cboe DataShop end-of-day option quotes; source "cboe_datashop"."""

    name = "cboe_datashop"
    title = "option chains (Cboe DataShop end-of-day quotes)"

    def recognises(self, file: InputFile) -> bool:
        """A header with the columns of both snapshots."""
        return set(_COLUMNS) <= set(header_of(file))

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The markets of the underlyings ("^VIX")."""
        underlyings = dict.fromkeys(_underlying(named) for _, named, _ in table_rows(file) if named is not None)
        markets = [directory.by_root(underlying) for underlying in underlyings if underlying]
        return tuple({market.market: market for market in markets}.values())

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Both chains of every day and expiry of one market's underlying, then the vendor's marks."""
        collector = ChainCollector(market, self.name)
        wanted = (market.contract.root, *market.roots)
        others: dict[str, int] = {}
        own = 0
        roots: dict[str, OptionRoot] = {}
        keys: dict[tuple[str, str, str], tuple[ChainKey, ChainKey] | None] = {}
        for number, named, cells in table_rows(file):
            if named is None:
                collector.problems.add(number + 1, "row", CUT_SHORT, cells)
                continue
            underlying = _underlying(named)
            if underlying not in wanted:
                others[underlying] = others.get(underlying, 0) + 1
                continue
            own += 1
            root = roots.setdefault(named["root"], OptionRoot.of(named["root"].strip(), market))
            place = (named["root"], named["quote_date"], named["expiration"])
            if place not in keys:
                keys[place] = _keys(root, named["quote_date"], named["expiration"])
            pair = keys[place]
            if pair is None:
                collector.problems.add(number + 1, "quote_date, expiration", "not a date", cells)
            else:
                _add(number + 1, cells, named, pair, collector)
        if others and not own:
            raise InputError(
                f"{file.name}: holds options on {next(iter(others)) or 'nothing named'}, but market {market.market} "
                f"trades {market.contract.root}; pass the market it belongs to with --market"
            )
        if others:
            collector.problems.ignore(OTHER_MARKET, sum(others.values()))
        return collector.finish()

    def parse_markets(
        self, file: InputFile, markets: Sequence[MarketConfig], directory: MarketDirectory
    ) -> Iterable[tuple[MarketConfig, ParsedInput]]:
        """Each market's chains; rows that cannot be read are told with the first market."""
        return [(one, told_once(self.parse(file, one), first=one is markets[0])) for one in markets]


def _underlying(named: Mapping[str, str]) -> str:
    return named["underlying_symbol"].strip().removeprefix("^").upper()


def _keys(root: OptionRoot, quote_date: str, expiration: str) -> tuple[ChainKey, ChainKey] | None:
    try:
        day, last_day = date.fromisoformat(quote_date.strip()), date.fromisoformat(expiration.strip())
        early, late, known = (
            local_ts(day.year, day.month, day.day, *clock, NEW_YORK) for clock in (_EARLY, _LATE, _LATE_KNOWN)
        )
        contract, expiry_ts = root.future_under(last_day), root.expiry_ts(last_day)
    except (ValueError, OverflowError):
        return None
    return ChainKey(contract, root.style, early, early, expiry_ts), ChainKey(
        contract, root.style, late, known, expiry_ts
    )


def _add(
    number: int,
    cells: Sequence[str],
    named: Mapping[str, str],
    keys: tuple[ChainKey, ChainKey],
    collector: ChainCollector,
) -> None:
    right = RIGHTS.get(named["option_type"].strip().lower())
    if right is None:
        collector.problems.add(number, "option_type", "neither call nor put", cells)
        return
    try:
        strike, close, volume, interest = (
            number_or_nan(named[column]) for column in ("strike", "close", "trade_volume", "open_interest")
        )
        early_bid, early_ask, late_bid, late_ask = (
            price_or_nan(number_or_nan(named[column])) for column in ("bid_1545", "ask_1545", "bid_eod", "ask_eod")
        )
        implied, volatility, *greeks = (
            number_or_nan(named.get(f"{column}_1545", ""))
            for column in ("implied_underlying_price", "implied_volatility", *GREEKS)
        )
    except ValueError:
        collector.problems.add(number, "row", "not a number", cells)
        return
    early = OptionQuote(strike, right, early_bid, early_ask, math.nan, math.nan, math.nan)
    late = OptionQuote(strike, right, late_bid, late_ask, price_or_nan(close), volume, interest)
    mark = VendorMark(price_or_nan(implied), volatility, *greeks)
    collector.add(number, cells, keys[0], early, mark, field="15:45")
    collector.add(number, cells, keys[1], late, field="end of day")
