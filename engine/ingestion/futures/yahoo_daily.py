"""Daily bars as yfinance writes them: one continuous front-month series in one of two layouts.

Newer files begin with three header lines (Price, Ticker, Date) and name their ticker; older ones have one header line
(Date, Open, High, Low, Close, Adj Close, Volume), hold no ticker and are about the market in the file's name.
`event_ts` = midnight of the session day in the exchange's zone; `known_ts` = that day's settlement. Float32 tails go
to the tick (at most 1e-4 away), a price off the tick grid stays as it is. The contract comes from the contract
calendar. "Adj Close" equals "Close" for futures and is not stored. Days without any price are kept out. A volume of 0
on a day with a range is the vendor's gap (all through the first years) and flagged, not removed. Older files were made
before the volume of their last day was out: all five real ones repeat the volume of the day before there (lean hogs
5,153 lots for 2021-06-09, in truth 5,694). Such a volume is missing and flagged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from engine.core.records import FuturesBar
from engine.ingestion.calendars.contract_calendar import ContractCalendar
from engine.ingestion.futures.vendor_bars import (
    BarColumns,
    Line,
    bars_of,
    continuous_contract,
    lines_of,
    settled_rows,
)
from engine.ingestion.input_file import InputFile
from engine.ingestion.market_directory import MarketDirectory, is_reference
from engine.ingestion.parsing.delimited_text import header_of
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

VOLUME_OF_NEXT_CONTRACT: Final = "volume_of_next_contract"
VOLUME_OF_DAY_BEFORE: Final = "volume_of_day_before"
_FIELDS: Final = ("Close", "Open", "High", "Low", "Volume")
_HEADER_LINES: Final = 3
_OLD_HEADER: Final = ("date", "open", "high", "low", "close", "adj close", "volume")


class YahooDailyPipeline(SourcePipeline):
    """yfinance CSV of one continuous future; series and source "yahoo"."""

    name = "yahoo"
    title = "Yahoo daily bars (yfinance CSV)"

    def recognises(self, file: InputFile) -> bool:
        """Three header lines that begin with Price, Ticker and Date, or the one of the older layout."""
        return _names_ticker(file) or header_of(file) == _OLD_HEADER

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The market of the one ticker; none where the file has several, which `parse` refuses. Without a ticker the
        market that the file's name means."""
        if not _names_ticker(file):
            return super().markets_in(file, directory)
        tickers = {cell.strip() for cell in file.head(2)[1].split(",")[1:] if cell.strip()}
        return [directory.by_root(ticker.removesuffix("=F")) for ticker in tickers] if len(tickers) == 1 else ()

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Bars of every session in the file; rows without prices, implausible or doubled are kept out."""
        table = lines_of(file)
        if _names_ticker(file):
            _refuse_other_ticker(file.name, table, market)
            table = [table[0], *table[_HEADER_LINES:]]
        header = [cell.strip() for cell in table[0][1]]
        missing = [field for field in _FIELDS if field not in header]
        if missing:
            raise InputError(f"{file.name}: column {missing[0]} is missing")
        problems = ProblemList()
        rows = [
            replace(row, contract=continuous_contract(market, row.day))
            for row in settled_rows(table, 0, market.session, problems)
        ]
        columns = BarColumns(*(header.index(field) for field in _FIELDS))
        bars = bars_of(file.name, self.name, rows, columns, market, problems)
        if not _names_ticker(file):
            bars = _without_repeated_volume(bars)
        last_days = {} if is_reference(market) else _last_days({bar.contract for bar in bars}, market)
        known = {row.event_ts: row.day for row in rows}
        return problems.finish([_flagged(bar, known[bar.event_ts], last_days) for bar in bars])


def _names_ticker(file: InputFile) -> bool:
    head = file.head(_HEADER_LINES)
    return [line.split(",")[0].strip() for line in head] == ["Price", "Ticker", "Date"]


def _refuse_other_ticker(name: str, table: Sequence[Line], market: MarketConfig) -> None:
    tickers = {cell.strip() for cell in table[1][1][1:] if cell.strip()}
    contract = market.contract
    if len(tickers) != 1:
        raise InputError(f"{name}: must hold one ticker, it holds {', '.join(sorted(tickers)) or 'none'}")
    ticker = tickers.pop()
    if ticker.removesuffix("=F") not in (contract.root, *market.roots) or not ticker.endswith("=F"):
        raise InputError(
            f"{name}: holds ticker {ticker}, but market {market.market} trades {contract.root}=F; "
            "pass the market it belongs to with --market"
        )


def _without_repeated_volume(bars: Sequence[FuturesBar]) -> list[FuturesBar]:
    if len(bars) < 2 or not bars[-1].volume == bars[-2].volume > 0:
        return list(bars)
    last = bars[-1]
    return [*bars[:-1], replace(last, volume=math.nan, flags=tuple(sorted({*last.flags, VOLUME_OF_DAY_BEFORE})))]


def _last_days(contracts: set[str | None], market: MarketConfig) -> dict[str, date]:
    calendar = ContractCalendar.of(market)
    return {contract: calendar.expiry_of(contract) for contract in contracts if contract is not None}


def _flagged(bar: FuturesBar, day: date, last_days: dict[str, date]) -> FuturesBar:
    """The bar, flagged where it is a last trade day: its volume is then the next contract's."""
    if math.isnan(bar.volume) or last_days.get(bar.contract or "") != day:
        return bar
    return replace(bar, flags=tuple(sorted({*bar.flags, VOLUME_OF_NEXT_CONTRACT})))
