"""Bars in Databento's CSV layout: fixed nine decimals, ISO stamps in UTC, one row per bar and instrument.

`event_ts` = start of the bar, `known_ts` = its end, `contract` = the instrument id of that very bar: a volume-rolled
continuous symbol flips between instruments around a roll, so a neighbour in the file may be another contract. The
length of a bar follows from `rtype` (32 second, 33 minute, 34 hour, 35 day), in a simulated market from its settings.
"""

from __future__ import annotations

import csv
from typing import Final

from engine.core.records import FuturesBar
from engine.ingestion.bar_checks import bar_fault, bar_flags, refuse_wrong_unit, unit_jumps
from engine.ingestion.input_file import InputFile
from engine.ingestion.iso_stamps import StampReader
from engine.ingestion.lake_rows import NormalisedRow
from engine.ingestion.numbers import number_or_nan, on_tick
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import MICROS_PER_SECOND

_COLUMNS: Final = ("ts_event", "rtype", "instrument_id", "open", "high", "low", "close", "volume", "symbol")
_LENGTHS: Final = {"32": (1, "1s"), "33": (60, "1m"), "34": (3_600, "1h"), "35": (86_400, "1d")}


def nearby_of(symbol: str, root: str) -> int | None:
    """1 for "HE.v.0" or the outright "HEM3", 2 for "HE.v.1"; None where the symbol is of another root."""
    parts = symbol.split(".")
    if len(parts) == 3 and parts[0] == root and parts[2].isdigit():
        return int(parts[2]) + 1
    suffix = symbol.removeprefix(root)
    outright = len(parts) == 1 and symbol.startswith(root) and len(suffix) >= 2
    return 1 if outright and suffix[0].isalpha() and suffix[1:].isdigit() else None


class DatabentoBarsPipeline(SourcePipeline):
    """Databento OHLCV CSV; series "databento_1h" and alike, or the venue's series in a simulated market."""

    name = "databento"
    title = "futures bars (Databento CSV)"

    def recognises(self, file: InputFile) -> bool:
        """A header with every column of the layout."""
        head = file.head(1)
        return bool(head) and set(_COLUMNS) <= set(head[0].strip().split(","))

    def source_of(self, file: InputFile, market: MarketConfig) -> str:
        """The series: "databento_1h" for hourly bars; the decision series in a simulated market."""
        if market.simulated:
            return market.decision_series
        head = file.head(2)
        position = head[0].strip().split(",").index("rtype")
        cells = head[1].split(",") if len(head) > 1 else []
        return f"{self.name}_{self._length(file.name, cells[position])[1]}" if len(cells) > position else self.name

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Bars in order of time; one bar length per file."""
        reader = csv.reader(file.text().splitlines())
        header = [cell.strip() for cell in next(reader)]
        at = {name: header.index(name) for name in _COLUMNS}
        series = self.source_of(file, market)
        problems = ProblemList()
        stamps = StampReader()
        raw = [(reader.line_num, cells) for cells in reader if cells]
        prices = self._prices(raw, at, problems)
        closes = [values[3] for _, _, values in prices]
        refuse_wrong_unit(file.name, closes, market.contract)
        jumps = (
            unit_jumps(closes)
            if any(not 0 < close < market.contract.plausible_price_high * 2 for close in closes)
            else set()
        )
        bars: dict[tuple[int, str, int], NormalisedRow] = {}
        nearby: dict[str, int] = {}
        tick = market.contract.tick_size
        bar_seconds = 0
        for index, (number, cells, values) in enumerate(prices):
            symbol = cells[at["symbol"]]
            if symbol not in nearby:
                nearby[symbol] = self._nearby(file.name, symbol, market)
            seconds = market.bar_seconds if market.simulated else self._length(file.name, cells[at["rtype"]])[0]
            if bar_seconds and seconds != bar_seconds:
                raise InputError(f"{file.name}: mixes bars of {bar_seconds} s and {seconds} s; split it by length")
            bar_seconds = seconds
            event_ts = stamps.read(cells[at["ts_event"]])
            if event_ts is None:
                problems.add(number, "ts_event", "not a time", cells)
                continue
            open_, high, low, close = (on_tick(price, tick) for price in values[:4])
            volume = values[4]
            fault = bar_fault(open_, high, low, close, volume, market.contract)
            if fault is None and index in jumps:
                fault = "close", "price jumps by more than 50 times against its neighbours"
            key = (event_ts, cells[at["instrument_id"]], nearby[symbol])
            if fault is None and key in bars:
                fault = "ts_event", "second bar of the same instrument and time"
            if fault is not None:
                problems.add(number, fault[0], fault[1], cells)
                continue
            bars[key] = FuturesBar(
                market=market.market,
                series=series,
                contract=key[1],
                nearby=key[2],
                bar_seconds=seconds,
                event_ts=event_ts,
                known_ts=event_ts + seconds * MICROS_PER_SECOND,
                open=open_,
                high=high,
                low=low,
                close=close,
                volume=volume,
                flags=bar_flags(open_, high, low, close, volume),
            )
        return problems.finish([bars[key] for key in sorted(bars)])

    def _prices(
        self, raw: list[tuple[int, list[str]]], at: dict[str, int], problems: ProblemList
    ) -> list[tuple[int, list[str], tuple[float, ...]]]:
        positions = [at[name] for name in ("open", "high", "low", "close", "volume")]
        needed = max(at.values())
        result = []
        for number, cells in raw:
            if len(cells) <= needed:
                problems.add(number, "row", "row is cut short", cells)
                continue
            try:
                result.append((number, cells, tuple(number_or_nan(cells[position]) for position in positions)))
            except ValueError:
                problems.add(number, "price", "not a number", cells)
        return result

    def _length(self, name: str, rtype: str) -> tuple[int, str]:
        length = _LENGTHS.get(rtype.strip())
        if length is None:
            raise InputError(f"{name}: rtype {rtype} is not a bar (32 second, 33 minute, 34 hour, 35 day)")
        return length

    def _nearby(self, name: str, symbol: str, market: MarketConfig) -> int:
        nearby = nearby_of(symbol, market.contract.root)
        if nearby is None:
            raise InputError(
                f"{name}: holds symbol {symbol}, but market {market.market} trades "
                f"{market.contract.root}; pass the market it belongs to with --market"
            )
        return nearby
