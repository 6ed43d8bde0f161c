"""Bars in Databento's CSV layout: fixed nine decimals, ISO stamps in UTC, one row per bar and instrument.

`event_ts` = start of the bar, `known_ts` = its end, `contract` = the instrument id of that very bar: a volume-rolled
continuous symbol flips between instruments around a roll, so a neighbour in the file may be another contract. The
length of a bar follows from `rtype` (32 second, 33 minute, 34 hour, 35 day), in a simulated market from its settings.
A file may hold symbols of several markets; the symbol of each row says which.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from engine.ingestion.futures.databento_series import LENGTHS, SOURCE, BarLength, RawBar, length_of, series_bars
from engine.ingestion.futures.databento_symbols import belongs, is_symbol, place_of, root_of
from engine.ingestion.input_file import InputFile
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.parsing.iso_stamps import StampReader
from engine.ingestion.parsing.numbers import number_or_nan
from engine.ingestion.source_pipeline import OTHER_MARKET, ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import MICROS_PER_DAY

_FIXED_POINT: Final = 1e9
_LEAST_FIXED: Final = 1e6
_COLUMNS: Final = ("ts_event", "rtype", "instrument_id", "open", "high", "low", "close", "volume", "symbol")
Line = tuple[int, list[str]]


class DatabentoBarsPipeline(SourcePipeline):
    """Databento OHLCV CSV; series "databento_1h" and alike, or the venue's series in a simulated market."""

    name = SOURCE
    title = "futures bars (Databento CSV)"

    def recognises(self, file: InputFile) -> bool:
        """A header with every column of the layout; a missing symbol is told by `parse`."""
        head = file.head(1)
        return bool(head) and set(_COLUMNS) - {"symbol"} <= set(head[0].strip().split(","))

    def source_of(self, file: InputFile, market: MarketConfig) -> str:
        """The series: "databento_1h" for hourly bars; the decision series in a simulated market."""
        if market.simulated:
            return market.decision_series
        head = file.head(2)
        position = head[0].strip().split(",").index("rtype")
        cells = head[1].split(",") if len(head) > 1 else []
        return f"{self.name}_{length_of(file.name, cells[position]).name}" if len(cells) > position else self.name

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The markets of the symbols' roots, in the order of their first rows."""
        at, lines = _table(file)
        symbols = dict.fromkeys(_symbol(line, at) for line in lines)
        roots = dict.fromkeys(root_of(symbol) for symbol in symbols if is_symbol(symbol))
        markets = {market.market: market for market in (directory.by_root(root) for root in roots if root)}
        return tuple(markets.values())

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Bars of one market in order of time; one bar length per file. InputError where no symbol is of the market."""
        at, lines = _table(file)
        ours: list[Line] = []
        others: list[Line] = []
        named = False
        for line in lines:
            symbol = _symbol(line, at)
            ours_too = is_symbol(symbol) and belongs(root_of(symbol), market)
            named = named or ours_too
            (ours if ours_too or not is_symbol(symbol) else others).append(line)
        if others and not named:
            raise InputError(
                f"{file.name}: holds symbol {_symbol(others[0], at)}, but market {market.market} trades "
                f"{market.contract.root}; pass the market it belongs to with --market"
            )
        parsed = self._parse_lines(file, market, at, ours)
        return replace(parsed, ignored={**parsed.ignored, OTHER_MARKET: len(others)}) if others else parsed

    def parse_markets(
        self, file: InputFile, markets: Sequence[MarketConfig], directory: MarketDirectory
    ) -> Iterable[tuple[MarketConfig, ParsedInput]]:
        """Every row with its own market; rows whose symbol is damaged are kept out with the first market's."""
        at, lines = _table(file)
        by_market: dict[str, list[Line]] = {market.market: [] for market in markets}
        known: dict[str, str] = {}
        for line in lines:
            symbol = _symbol(line, at)
            if symbol not in known:
                root = root_of(symbol) if is_symbol(symbol) else ""
                key = directory.by_root(root).market if root else ""
                known[symbol] = key if key in by_market else markets[0].market
            by_market[known[symbol]].append(line)
        return [(market, self._parse_lines(file, market, at, by_market[market.market])) for market in markets]

    def _parse_lines(self, file: InputFile, market: MarketConfig, at: dict[str, int], lines: list[Line]) -> ParsedInput:
        problems = ProblemList()
        stamps = StampReader()
        rows: list[RawBar] = []
        length: BarLength | None = None
        places: dict[tuple[str, str, int], tuple[str, int]] = {}
        for number, cells, values in _prices(lines, at, problems):
            symbol, instrument = cells[at["symbol"]].strip(), cells[at["instrument_id"]]
            if not is_symbol(symbol):
                problems.add(number, "symbol", "not a symbol", cells)
                continue
            found = self._length(file.name, cells[at["rtype"]], market)
            if length is not None and found != length:
                raise InputError(
                    f"{file.name}: mixes bars of {length.seconds} s and {found.seconds} s; split it by length"
                )
            length = found
            event_ts = stamps.read(cells[at["ts_event"]])
            if event_ts is None:
                problems.add(number, "ts_event", "not a time", cells)
                continue
            key = symbol, instrument, event_ts // MICROS_PER_DAY
            if key not in places:
                places[key] = place_of(symbol, instrument, market, key[2])
            contract, nearby = places[key]
            open_, high, low, close, volume = values
            rows.append((number, event_ts, contract, nearby, open_, high, low, close, volume, cells))
        if length is None:
            return problems.finish([])
        series = self.source_of(file, market)
        return problems.finish([*series_bars(file.name, rows, length, series, market, problems)])

    def _length(self, name: str, rtype: str, market: MarketConfig) -> BarLength:
        if market.simulated:
            return replace(LENGTHS[33], seconds=market.bar_seconds, known_seconds=market.bar_seconds)
        return length_of(name, rtype)


def _table(file: InputFile) -> tuple[dict[str, int], list[Line]]:
    reader = csv.reader(file.text().splitlines())
    try:
        header = [cell.strip() for cell in next(reader)]
        lines = [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error as error:
        raise InputError(f"{file.name}: line {reader.line_num} is no CSV: {error}") from error
    if "symbol" not in header:
        raise InputError(
            f"{file.name}: has no column symbol, so nothing says which market it is about; "
            "download it again with symbols (map_symbols)"
        )
    return {name: header.index(name) for name in _COLUMNS}, lines


def _symbol(line: Line, at: dict[str, int]) -> str:
    return line[1][at["symbol"]].strip() if len(line[1]) > at["symbol"] else ""


def _prices(
    lines: list[Line], at: dict[str, int], problems: ProblemList
) -> Iterable[tuple[int, list[str], tuple[float, ...]]]:
    positions = [at[name] for name in ("open", "high", "low", "close", "volume")]
    needed = max(at.values())
    for number, cells in lines:
        if len(cells) <= needed:
            problems.add(number, "row", "row is cut short", cells)
            continue
        try:
            values = [number_or_nan(cells[position]) for position in positions]
        except ValueError:
            problems.add(number, "price", "not a number", cells)
            continue
        if all(cells[position].strip().lstrip("-").isdigit() for position in positions[:4]):
            values[:4] = [_from_fixed(price) for price in values[:4]]
        yield number, cells, tuple(values)


def _from_fixed(price: float) -> float:
    """The price of a file without pretty prices, which counts in billionths; no listed price is below a thousandth of
    its unit, so a small whole number is a price as it stands."""
    return price / _FIXED_POINT if abs(price) >= _LEAST_FIXED else price
