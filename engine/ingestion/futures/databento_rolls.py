"""Symbology of a Databento continuous symbol: which instrument "HE.v.0" meant from one day to the next.

Rows are half-open spans of UTC days. Bars carry their instrument id themselves, so this table is a record of the
vendor's rolls and not needed to read them. A volume roll is decided on data of the day before: `known_ts` = `event_ts`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from engine.ingestion.futures.databento_symbols import belongs, is_symbol, root_of
from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import RollSpan
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.source_pipeline import OTHER_MARKET, ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso

_HEADER: Final = ["symbol", "start_date", "end_date", "instrument_id"]
Line = tuple[int, list[str]]


class DatabentoRollsPipeline(SourcePipeline):
    """Symbology CSV (symbol, start_date, end_date, instrument_id)."""

    name = "databento_rolls"
    title = "roll table (Databento symbology CSV)"

    def recognises(self, file: InputFile) -> bool:
        """The four columns of the layout, in order."""
        head = file.head(1)
        return bool(head) and head[0].strip().split(",") == _HEADER

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The markets of the symbols' roots, in the order of their first rows."""
        symbols = dict.fromkeys(_symbol(cells) for _, cells in _lines(file))
        roots = dict.fromkeys(root_of(symbol) for symbol in symbols if is_symbol(symbol))
        markets = {market.market: market for market in (directory.by_root(root) for root in roots if root)}
        return tuple(markets.values())

    def parse_markets(
        self, file: InputFile, markets: Sequence[MarketConfig], directory: MarketDirectory
    ) -> Iterable[tuple[MarketConfig, ParsedInput]]:
        """Every span with its own market; rows without a symbol are kept out with the first market's."""
        by_market: dict[str, list[Line]] = {market.market: [] for market in markets}
        for line in _lines(file):
            symbol = _symbol(line[1])
            root = root_of(symbol) if is_symbol(symbol) else ""
            key = directory.by_root(root).market if root else ""
            by_market[key if key in by_market else markets[0].market].append(line)
        return [(market, _parse_lines(market, by_market[market.market])) for market in markets]

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Spans in file order; a span that ends before it begins is kept out. InputError where none is the market's."""
        ours: list[Line] = []
        others: list[Line] = []
        named = False
        for line in _lines(file):
            symbol = _symbol(line[1])
            ours_too = is_symbol(symbol) and belongs(root_of(symbol), market)
            named = named or (ours_too and len(line[1]) >= len(_HEADER))
            (ours if ours_too or not is_symbol(symbol) else others).append(line)
        if others and not named:
            raise InputError(
                f"{file.name}: holds symbol {_symbol(others[0][1])}, but market {market.market} trades "
                f"{market.contract.root}; pass the market it belongs to with --market"
            )
        parsed = _parse_lines(market, ours)
        return replace(parsed, ignored={**parsed.ignored, OTHER_MARKET: len(others)}) if others else parsed


def _lines(file: InputFile) -> list[Line]:
    try:
        return [(number, cells) for number, cells in enumerate(csv.reader(file.text().splitlines()[1:]), 2) if cells]
    except csv.Error as error:
        raise InputError(f"{file.name}: is no CSV: {error}") from error


def _symbol(cells: list[str]) -> str:
    return cells[0].strip()


def _parse_lines(market: MarketConfig, lines: list[Line]) -> ParsedInput:
    problems = ProblemList()
    spans: list[RollSpan] = []
    for number, cells in lines:
        if len(cells) < len(_HEADER):
            problems.add(number, "row", "row is cut short", cells)
            continue
        symbol, start, end, instrument = (cell.strip() for cell in cells[:4])
        if not is_symbol(symbol):
            problems.add(number, "symbol", "not a symbol", cells)
            continue
        try:
            first, last = date.fromisoformat(start), date.fromisoformat(end)
        except ValueError:
            problems.add(number, "start_date", "not a date", cells)
            continue
        if last <= first or not instrument:
            problems.add(number, "end_date", "span is empty", cells)
            continue
        begins = parse_iso(start)
        spans.append(RollSpan(market.market, symbol, begins, begins, parse_iso(end), instrument))
    return problems.finish([*spans])
