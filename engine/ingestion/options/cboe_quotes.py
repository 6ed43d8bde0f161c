"""Option chains as CBOE's quote table: blank line, two descriptive lines, header, calls and puts side by side.

One file may hold several snapshots, each a whole table. The moment stands only in the second descriptive line, in
several spellings; `event_ts` = `known_ts` = that moment. A price of 0 means there is none. Series that had expired at
the snapshot are still listed by the vendor: they are counted, call and put each, and not kept. Roots of one underlying
(SPX, SPXW) are one market; series of one day that end at different hours are chains of their own. "Last" of the first
descriptive line becomes `underlying_price` where the chain is written on the market's own futures; under an index or a
share it is the cash price, not the future of the expiry: it stands in the vendor's marks alone. An implied volatility
of 0 is missing.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from engine.core.records import OptionQuote, OptionRight
from engine.ingestion.input_file import InputFile
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.options.option_collector import (
    CUT_SHORT,
    EXPIRED,
    ChainCollector,
    ChainKey,
    VendorMark,
    price_or_nan,
)
from engine.ingestion.options.option_roots import OptionRoot
from engine.ingestion.parsing.numbers import number_or_nan
from engine.ingestion.parsing.snapshot_time import MONTHS, snapshot_ts
from engine.ingestion.source_pipeline import OTHER_MARKET, ParsedInput, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

_HEADER_START: Final = "Expiration Date,Calls,"
_SIDE_COLUMNS: Final = ("Last Sale", "Bid", "Ask", "Volume", "Open Interest")
_MARK_COLUMNS: Final = ("IV", "Delta", "Gamma")
_LAST: Final = re.compile(r"Last:\s*([-+0-9.,]+)")
_SYMBOL: Final = re.compile(r"^([A-Z0-9]+?)\d{6}[CP]\d{8}$")


@dataclass(frozen=True, slots=True)
class _Layout:
    strike: int
    call_symbol: int
    calls: tuple[int, ...]
    puts: tuple[int, ...]
    width: int


@dataclass(slots=True)
class _Table:
    """One snapshot: its moment, the underlying's last price and the row number of its first quote line."""

    event_ts: int
    last: float
    first_row: int
    lines: list[list[str]]


class CboeQuotesPipeline(SourcePipeline):
    """CBOE quote table; source "cboe_quotes"."""

    name = "cboe_quotes"
    title = "option chains (CBOE quote table)"

    def recognises(self, file: InputFile) -> bool:
        """The header of the table within the first six lines."""
        return any(line.startswith(_HEADER_START) for line in file.head(6))

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The markets of the option symbols' roots."""
        layout, tables = self._tables(file.name, file.text().splitlines())
        markets = [directory.by_root(root) for root in _roots(tables, layout)]
        return tuple({market.market: market for market in markets}.values())

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Chains by snapshot and expiry, quotes in file order (call, then put of each strike), then the vendor's
        marks."""
        layout, tables = self._tables(file.name, file.text().splitlines())
        wanted = (market.contract.root, f"{market.contract.root}W", *market.roots)
        found = _roots(tables, layout)
        own = {root: market for root in found if root in wanted}
        if not own:
            raise InputError(
                f"{file.name}: holds options on {found[0] if found else 'none'}, but market {market.market} trades "
                f"{market.contract.root}; pass the market it belongs to with --market"
            )
        return self._chains(tables, layout, own)[market.market]

    def parse_markets(
        self, file: InputFile, markets: Sequence[MarketConfig], directory: MarketDirectory
    ) -> Iterable[tuple[MarketConfig, ParsedInput]]:
        """Each market's chains; rows whose symbol cannot be read are told with the first market."""
        layout, tables = self._tables(file.name, file.text().splitlines())
        by_root = {root: directory.by_root(root) for root in _roots(tables, layout)}
        if not by_root:
            raise InputError(f"{file.name}: holds no option symbol; fetch the file again")
        parsed = self._chains(tables, layout, by_root)
        return [(market, parsed[market.market]) for market in markets]

    def _chains(
        self, tables: Sequence[_Table], layout: _Layout, markets: Mapping[str, MarketConfig]
    ) -> dict[str, ParsedInput]:
        roots = {root: OptionRoot.of(root, market) for root, market in markets.items()}
        collectors = {market.market: ChainCollector(market, self.name) for market in markets.values()}
        first = next(iter(collectors.values()))
        keys: dict[tuple[int, str, str], ChainKey | None] = {}
        for place, table in enumerate(tables):
            for number, cells in enumerate(table.lines, table.first_row):
                if not cells:
                    continue
                if len(cells) < layout.width:
                    first.problems.add(number, "row", CUT_SHORT, cells)
                    continue
                root = _root_of(cells, layout)
                if root not in roots:
                    if root:
                        first.problems.ignore(OTHER_MARKET, 2)
                    else:
                        first.problems.add(number, "Calls", "not an option symbol", cells)
                    continue
                collector, text = collectors[markets[root].market], cells[0]
                if (place, root, text) not in keys:
                    keys[place, root, text] = _key(roots[root], text, table)
                key = keys[place, root, text]
                if key is None:
                    collector.problems.add(number, "Expiration Date", "not a date", cells)
                elif key.expiry_ts <= key.event_ts:
                    collector.problems.ignore(EXPIRED, 2)
                else:
                    _add_sides(number, cells, layout, key, table.last, collector)
        return {market: collector.finish() for market, collector in collectors.items()}

    def _tables(self, name: str, lines: list[str]) -> tuple[_Layout, list[_Table]]:
        starts = [index for index, line in enumerate(lines) if line.startswith(_HEADER_START)]
        if not starts or starts[0] < 2:
            raise InputError(f"{name}: the two descriptive lines above the quote table are missing")
        layout = _layout(name, next(csv.reader([lines[starts[0]]])))
        tables = []
        for position, start in enumerate(starts):
            end = starts[position + 1] - 2 if position + 1 < len(starts) else len(lines)
            moment = snapshot_ts(lines[start - 1])
            if moment is None:
                raise InputError(f"{name}: line {start}: no snapshot time in '{lines[start - 1][:60]}'")
            found = _LAST.search(lines[start - 2])
            last = _last_price(found.group(1)) if found else math.nan
            try:
                rows = list(csv.reader(lines[start + 1 : end]))
            except csv.Error as error:
                raise InputError(f"{name}: the table after line {start + 1} is no CSV: {error}") from error
            tables.append(_Table(moment, last, start + 2, rows))
        return layout, tables


def _layout(name: str, header: list[str]) -> _Layout:
    names = [cell.strip() for cell in header]
    try:
        strike, puts = names.index("Strike"), names.index("Puts")
        return _Layout(
            strike=strike,
            call_symbol=names.index("Calls"),
            calls=tuple(names.index(column, 1, strike) for column in (*_SIDE_COLUMNS, *_MARK_COLUMNS)),
            puts=tuple(names.index(column, puts) for column in (*_SIDE_COLUMNS, *_MARK_COLUMNS)),
            width=len(names),
        )
    except ValueError as error:
        raise InputError(f"{name}: the quote table lacks a column ({error})") from error


def _last_price(text: str) -> float:
    try:
        return price_or_nan(number_or_nan(text))
    except ValueError:
        return math.nan


def _root_of(cells: Sequence[str], layout: _Layout) -> str:
    found = _SYMBOL.match(cells[layout.call_symbol].strip())
    return found.group(1) if found else ""


def _roots(tables: Sequence[_Table], layout: _Layout) -> list[str]:
    """The roots of all option symbols, in order of appearance."""
    rows = (cells for table in tables for cells in table.lines if len(cells) >= layout.width)
    return [root for root in dict.fromkeys(_root_of(cells, layout) for cells in rows) if root]


def _key(root: OptionRoot, text: str, table: _Table) -> ChainKey | None:
    """What the quotes of one expiry ("Fri Jun 10 2022") share; None where the text is no date."""
    parts = text.split()
    try:
        day = date(int(parts[3]), MONTHS[parts[1].lower()], int(parts[2]))
        expiry_ts = root.expiry_ts(day)
    except (IndexError, KeyError, ValueError, OverflowError):
        return None
    return ChainKey(
        contract=root.future_under(day),
        style=root.style,
        event_ts=table.event_ts,
        known_ts=table.event_ts,
        expiry_ts=expiry_ts,
        underlying_price=math.nan if root.on_cash else table.last,
    )


def _add_sides(
    number: int, cells: list[str], layout: _Layout, key: ChainKey, last_price: float, collector: ChainCollector
) -> None:
    try:
        strike = number_or_nan(cells[layout.strike])
        sides = [[number_or_nan(cells[position]) for position in side] for side in (layout.calls, layout.puts)]
    except ValueError:
        collector.problems.add(number, "row", "not a number", cells)
        return
    if not strike > 0:
        collector.problems.add(number, "Strike", "strike missing", cells)
        return
    for right, (last, bid, ask, volume, interest, volatility, delta, gamma) in zip(_RIGHTS, sides, strict=True):
        prices = (price_or_nan(bid), price_or_nan(ask), price_or_nan(last))
        quote = OptionQuote(strike, right, *prices, volume, interest)
        mark = VendorMark(last_price, volatility, delta, gamma)
        collector.add(number, cells, key, quote, mark, field="Calls" if right == "C" else "Puts")


_RIGHTS: Final[tuple[OptionRight, OptionRight]] = ("C", "P")
