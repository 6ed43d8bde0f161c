"""Trades, quotes and open interest of options as QuantConnect's LEAN stores them: a zip with one table per option.

A row is a time and open, high, low, close, volume; or the same of bid and ask with their sizes; or the open interest.
Each row becomes one quote in the chain of its moment and expiry with the columns that its kind carries and NaN in the
others: the closes of bid and ask, or the last trade with the volume, or the open interest. The rest of a bar has no
place in a chain. The three kinds stay sources of their own, so that a chain holds an option once.

Prices of options on shares are in ten-thousandths, those of options on futures are as quoted (twx 65 call June 2014:
"61500" where its universe says 6.15; es 3230 call: "73.75"). The files do not say which they are: prices that are whole
multiples of 50, half a cent, throughout are scaled, any other price in the zip says that none is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from engine.core.records import OptionQuote
from engine.ingestion.input_file import InputFile
from engine.ingestion.lean.lean_option_entries import LeanOptionEntry, lean_option_entries
from engine.ingestion.lean.lean_times import lean_moment
from engine.ingestion.market_directory import MarketDirectory, is_reference
from engine.ingestion.options.option_collector import CUT_SHORT, ChainCollector, ChainKey, price_or_nan
from engine.ingestion.options.option_roots import OptionRoot
from engine.ingestion.parsing.numbers import number_or_nan
from engine.ingestion.source_pipeline import ParsedInput, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

_WIDTHS: Final = {"trade": 6, "quote": 11, "openinterest": 2}
_PRICES: Final = {"trade": (1, 2, 3, 4), "quote": (1, 2, 3, 4, 6, 7, 8, 9), "openinterest": ()}
_LENGTHS: Final = {"minute": "1m", "second": "1s"}
_PRICE_SCALE: Final = 10_000
_HALF_A_CENT: Final = 50


class LeanOptionsPipeline(SourcePipeline):
    """LEAN option zip; source by kind and length of the rows: "lean_options_quote_1d", "lean_options_trade_1m"."""

    name = "lean_options"
    title = "option trades, quotes or open interest (LEAN zip)"

    def recognises(self, file: InputFile) -> bool:
        """Every table is named and begins as LEAN's option tables do; the zip's own name does not matter."""
        return bool(lean_option_entries(file))

    def source_of(self, file: InputFile, market: MarketConfig) -> str:
        """The source, by kind and length of the rows, so that chains of one moment stay apart."""
        entries = lean_option_entries(file)
        length = _LENGTHS.get(entries[0].resolution) or ("1h" if _is_hourly(entries) else "1d")
        return f"{self.name}_{entries[0].kind}_{length}"

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The markets of the roots in the tables' names."""
        markets = [directory.by_root(root) for root in dict.fromkeys(one.root for one in lean_option_entries(file))]
        return tuple({market.market: market for market in markets}.values())

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Chains of all moments and expiries of one market; row numbers of problems count inside an option's table,
        whose name begins the raw text."""
        entries = lean_option_entries(file)
        if len({(entry.kind, entry.resolution, entry.day) for entry in entries}) > 1:
            raise InputError(f"{file.name}: mixes kinds or days of data; LEAN keeps one of each in a zip")
        wanted = (market.contract.root, *market.roots)
        own = [entry for entry in entries if entry.root in wanted]
        if not own:
            raise InputError(
                f"{file.name}: holds options on {entries[0].root}, but market {market.market} trades "
                f"{market.contract.root}; pass the market it belongs to with --market"
            )
        lines = [(entry, _lines(entry)) for entry in own]
        scaled = _prices_are_scaled(lines)
        on_future = _is_on_future(file, market) if entries[0].kind == "openinterest" else not scaled
        collector = ChainCollector(market, self.source_of(file, market))
        keys: dict[tuple[object, ...], ChainKey] = {}
        for entry, rows in lines:
            root = OptionRoot.of(entry.root, market, on_future=on_future)
            for number, cells in rows:
                raw = [entry.name, *cells]
                if len(cells) < _WIDTHS[entry.kind]:
                    collector.problems.add(number, "row", CUT_SHORT, raw)
                    continue
                times = lean_moment(cells[0], entry.day, entry.resolution, root, on_future=on_future)
                if times is None:
                    collector.problems.add(number, "time", "not a time", raw)
                    continue
                try:
                    quote = _quote(entry, cells, _PRICE_SCALE if scaled else 1)
                except ValueError:
                    collector.problems.add(number, "row", "not a number", raw)
                    continue
                place = (entry.root, entry.expiry, entry.style, times)
                if place not in keys:
                    contract, expiry_ts = root.future_under(entry.expiry), root.expiry_ts(entry.expiry)
                    keys[place] = ChainKey(contract, entry.style, *times, expiry_ts)
                collector.add(number, raw, keys[place], quote)
        return collector.finish()


def _is_hourly(entries: Iterable[LeanOptionEntry]) -> bool:
    starts = (line[9:14] for entry in entries for line in entry.content.splitlines())
    return any(start not in (b"", b"00:00") for start in starts)


def _is_on_future(file: InputFile, market: MarketConfig) -> bool:
    """Open interest has no price to tell by: a market with a contract calendar, or LEAN's folder "futureoption"."""
    return not is_reference(market) or any("futureoption" in folder.lower() for folder in file.folders)


def _lines(entry: LeanOptionEntry) -> list[tuple[int, list[str]]]:
    text = entry.content.decode("utf-8", errors="replace")
    return [(number, line.split(",")) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _prices_are_scaled(lines: Iterable[tuple[LeanOptionEntry, Sequence[tuple[int, Sequence[str]]]]]) -> bool:
    found = False
    for entry, rows in lines:
        for _, cells in rows:
            for position in _PRICES[entry.kind]:
                text = cells[position].strip() if position < len(cells) else ""
                if not text:
                    continue
                if not text.isdigit() or int(text) % _HALF_A_CENT:
                    return False
                found = True
    return found


def _quote(entry: LeanOptionEntry, cells: Sequence[str], scale: int) -> OptionQuote:
    bid = ask = last = volume = interest = math.nan
    if entry.kind == "trade":
        last, volume = price_or_nan(number_or_nan(cells[4])) / scale, number_or_nan(cells[5])
    elif entry.kind == "quote":
        bid, ask = (price_or_nan(number_or_nan(cells[position])) / scale for position in (4, 9))
    else:
        interest = number_or_nan(cells[1])
    return OptionQuote(entry.strike, entry.right, bid, ask, last, volume, interest)
