"""Daily bars as yfinance writes them: three header lines (Price, Ticker, Date), one continuous front-month series.

`event_ts` = midnight of the session day in the exchange's zone; `known_ts` = that day's settlement. Float32 tails go
to the tick (at most 1e-4 away), a price off the tick grid stays as it is. The contract comes from the contract
calendar. "Adj Close" equals "Close" for futures and is not stored.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from engine.core.records import FuturesBar
from engine.ingestion.bar_checks import NOT_A_SESSION_DAY, bar_fault, bar_flags, refuse_wrong_unit, unit_jumps
from engine.ingestion.contract_calendar import ContractCalendar
from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import NormalisedRow
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.numbers import number_or_nan, on_tick
from engine.ingestion.session_calendar import is_session_day, midnight_ts, settlement_known_ts
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

VOLUME_OF_NEXT_CONTRACT: Final = "volume_of_next_contract"
_DAY_SECONDS: Final = 86_400
_FIELDS: Final = ("Open", "High", "Low", "Close", "Volume")
_HEADER_LINES: Final = 3


class YahooDailyPipeline(SourcePipeline):
    """yfinance CSV of one continuous future; series and source "yahoo"."""

    name = "yahoo"
    title = "Yahoo daily bars (yfinance CSV)"

    def recognises(self, file: InputFile) -> bool:
        """Three header lines that begin with Price, Ticker and Date."""
        head = file.head(3)
        return len(head) == 3 and [line.split(",")[0].strip() for line in head] == ["Price", "Ticker", "Date"]

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The market of the one ticker; none where the file has several, which `parse` refuses."""
        tickers = {cell.strip() for cell in file.head(2)[1].split(",")[1:] if cell.strip()}
        return [directory.by_root(ticker.removesuffix("=F")) for ticker in tickers] if len(tickers) == 1 else ()

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Bars of every session in the file; rows without prices, implausible or doubled are kept out."""
        lines = list(csv.reader(file.text().splitlines()))
        positions = self._positions(file.name, lines, market)
        rows = [(number, cells) for number, cells in enumerate(lines[_HEADER_LINES:], _HEADER_LINES + 1) if cells]
        problems = ProblemList()
        parsed = [
            (number, cells, values)
            for number, cells in rows
            if (values := self._values(number, cells, positions, problems)) is not None
        ]
        closes = [values["Close"] for _, _, values in parsed]
        refuse_wrong_unit(file.name, closes, market.contract)
        jumps = unit_jumps(closes)
        calendar = ContractCalendar.of(market)
        bars: dict[date, NormalisedRow] = {}
        for index, (number, cells, values) in enumerate(parsed):
            day = self._day(number, cells, problems)
            if day is None:
                continue
            if index in jumps:
                problems.add(number, "Close", "price jumps by more than 50 times against its neighbours", cells)
            elif day in bars:
                problems.add(number, "Date", "second row for the same day", cells)
            elif (bar := self._bar(number, cells, day, values, market, calendar, problems)) is not None:
                bars[day] = bar
        return problems.finish([bars[day] for day in sorted(bars)])

    def _positions(self, name: str, lines: list[list[str]], market: MarketConfig) -> dict[str, int]:
        tickers = {cell.strip() for cell in lines[1][1:] if cell.strip()}
        root = market.contract.root
        if len(tickers) != 1:
            raise InputError(f"{name}: must hold one ticker, it holds {', '.join(sorted(tickers)) or 'none'}")
        ticker = tickers.pop()
        if ticker != f"{root}=F":
            raise InputError(
                f"{name}: holds ticker {ticker}, but market {market.market} trades {root}=F; "
                "pass the market it belongs to with --market"
            )
        header = [cell.strip() for cell in lines[0]]
        missing = [field for field in _FIELDS if field not in header]
        if missing:
            raise InputError(f"{name}: column {missing[0]} is missing")
        return {field: header.index(field) for field in _FIELDS}

    def _values(
        self, number: int, cells: list[str], positions: Mapping[str, int], problems: ProblemList
    ) -> dict[str, float] | None:
        values = {}
        for field, position in positions.items():
            try:
                values[field] = number_or_nan(cells[position])
            except IndexError:
                problems.add(number, field, "row is cut short", cells)
                return None
            except ValueError:
                problems.add(number, field, "not a number", cells)
                return None
        return values

    def _day(self, number: int, cells: list[str], problems: ProblemList) -> date | None:
        try:
            return date.fromisoformat(cells[0].strip()[:10])
        except ValueError:
            problems.add(number, "Date", "not a date", cells)
            return None

    def _bar(
        self,
        number: int,
        cells: list[str],
        day: date,
        values: Mapping[str, float],
        market: MarketConfig,
        calendar: ContractCalendar,
        problems: ProblemList,
    ) -> FuturesBar | None:
        tick = market.contract.tick_size
        open_, high, low, close = (on_tick(values[field], tick) for field in _FIELDS[:4])
        volume = values["Volume"]
        fault = bar_fault(open_, high, low, close, volume, market.contract)
        if fault is not None:
            problems.add(number, fault[0].capitalize(), fault[1], cells)
            return None
        contract = calendar.vendor_contract(day)
        flags = list(bar_flags(open_, high, low, close, volume))
        if calendar.expiry_of(contract) == day and not math.isnan(volume):
            flags.append(VOLUME_OF_NEXT_CONTRACT)
        if not is_session_day(day, market.session.calendar):
            flags.append(NOT_A_SESSION_DAY)
        return FuturesBar(
            market=market.market,
            series=self.name,
            contract=contract,
            nearby=1,
            bar_seconds=_DAY_SECONDS,
            event_ts=midnight_ts(day, market.session),
            known_ts=settlement_known_ts(day, market.session),
            open=open_,
            high=high,
            low=low,
            close=close,
            volume=volume,
            flags=tuple(sorted(flags)),
        )
