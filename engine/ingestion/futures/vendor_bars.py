"""From rows of a vendor's table to bars: the checks, flags and times that daily and intraday tables share.

A daily bar: `event_ts` = midnight of the session day in the exchange's zone, `known_ts` = that day's settlement. A row
of a day without a session on which nothing traded is a vendor's placeholder and kept out.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from engine.core.records import FuturesBar
from engine.ingestion.calendars.contract_calendar import ContractCalendar
from engine.ingestion.calendars.session_calendar import is_session_day, midnight_ts, settlement_known_ts
from engine.ingestion.futures.bar_checks import NOT_A_SESSION_DAY, bar_fault, bar_flags, refuse_wrong_unit, unit_jumps
from engine.ingestion.input_file import InputFile
from engine.ingestion.market_directory import is_reference
from engine.ingestion.parsing.delimited_text import delimiter_of
from engine.ingestion.parsing.numbers import number_or_nan, on_tick, quantity_or_nan
from engine.ingestion.parsing.vendor_days import read_days
from engine.ingestion.source_pipeline import ProblemList
from engine.kernel.config_models import MarketConfig, SessionConfig
from engine.kernel.errors import InputError

DAY_SECONDS: Final = 86_400
FLOAT32_TAIL: Final = 1e-4
Line = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class BarColumns:
    """Positions of a layout's cells; a table of settlements alone has a close and nothing else."""

    close: int
    open: int | None = None
    high: int | None = None
    low: int | None = None
    volume: int | None = None


@dataclass(frozen=True, slots=True)
class VendorRow:
    """One row with its place and times (UTC microseconds); `day` is the trading day, `contract` None if unknown."""

    number: int
    cells: Sequence[str]
    day: date
    event_ts: int
    known_ts: int
    contract: str | None = None
    nearby: int = 1
    bar_seconds: int = DAY_SECONDS


def lines_of(file: InputFile) -> list[Line]:
    """Non-empty lines with their 1-based numbers; InputError where the text is no CSV at all."""
    reader = csv.reader(file.text().splitlines(), delimiter=delimiter_of(file))
    try:
        return [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error as error:
        raise InputError(f"{file.name}: line {reader.line_num} is no CSV: {error}") from error


def settled_rows(
    table: Sequence[Line], day_column: int, session: SessionConfig, problems: ProblemList
) -> list[VendorRow]:
    """Rows of a daily table, its header first, with the times of a settled session; a row without a date or with fewer
    cells than the header is kept out."""
    width = len(table[0][1])
    whole = []
    for number, cells in table[1:]:
        if len(cells) < width:
            problems.add(number, "row", "row is cut short", cells)
        else:
            whole.append((number, cells))
    rows = []
    for (number, cells), day in zip(whole, read_days([cells[day_column] for _, cells in whole]), strict=True):
        if day is None:
            problems.add(number, "Date", "not a date", cells)
        else:
            known_ts = settlement_known_ts(day, session)
            rows.append(VendorRow(number, cells, day, midnight_ts(day, session), known_ts))
    return rows


def continuous_contract(market: MarketConfig, day: date) -> str | None:
    """The contract that a calendar-rolled series shows on a day; None where nothing is known of contract ends."""
    return None if is_reference(market) else ContractCalendar.of(market).vendor_contract(day)


def bars_of(
    name: str,
    series: str,
    rows: Sequence[VendorRow],
    columns: BarColumns,
    market: MarketConfig,
    problems: ProblemList,
    *,
    rounding: float = FLOAT32_TAIL,
) -> list[FuturesBar]:
    """Bars in order of time and nearby; bad rows go to `problems`. `rounding` is the largest error of a printed price:
    a price that close to a tick is the tick. InputError where most prices are not this market's."""
    parsed = [(row, values) for row in rows if (values := _values(row, columns, problems)) is not None]
    closes = [values[3] for _, values in parsed]
    refuse_wrong_unit(name, closes, market.contract)
    jumps = unit_jumps(closes)
    bars: dict[tuple[int, int, str], FuturesBar] = {}
    for index, (row, values) in enumerate(parsed):
        key = (row.event_ts, row.nearby, row.contract or "")
        if index in jumps:
            problems.add(row.number, "Close", "price jumps by more than 50 times against its neighbours", row.cells)
        elif key in bars:
            problems.add(row.number, "Date", "second row for the same time and contract", row.cells)
        elif (bar := _bar(series, row, values, columns.open is None, market, problems, rounding)) is not None:
            bars[key] = bar
    return [bars[key] for key in sorted(bars)]


def _values(
    row: VendorRow, columns: BarColumns, problems: ProblemList
) -> tuple[float, float, float, float, float] | None:
    def cell(position: int | None) -> str:
        return "" if position is None else row.cells[position]

    try:
        open_, high, low, close = (
            number_or_nan(cell(position)) for position in (columns.open, columns.high, columns.low, columns.close)
        )
        return open_, high, low, close, quantity_or_nan(cell(columns.volume))
    except ValueError:
        problems.add(row.number, "price", "not a number", row.cells)
    return None


def _bar(
    series: str,
    row: VendorRow,
    values: tuple[float, float, float, float, float],
    settlement_only: bool,
    market: MarketConfig,
    problems: ProblemList,
    rounding: float,
) -> FuturesBar | None:
    open_, high, low, close = (on_tick(price, market.contract.tick_size, rounding) for price in values[:4])
    volume = values[4]
    shown = (close, close, close) if settlement_only else (open_, high, low)
    fault = bar_fault(*shown, close, volume, market.contract)
    flags = list(bar_flags(*shown, close, volume))
    if row.bar_seconds >= DAY_SECONDS and not is_session_day(row.day, market.session.calendar):
        flags.append(NOT_A_SESSION_DAY)
        if fault is None and (math.isnan(volume) or volume == 0) and shown[1] == shown[2]:
            fault = "date", "no session on this day and nothing traded"
    if fault is not None:
        problems.add(row.number, fault[0].capitalize(), fault[1], row.cells)
        return None
    return FuturesBar(
        market=market.market,
        series=series,
        contract=row.contract,
        nearby=row.nearby,
        bar_seconds=row.bar_seconds,
        event_ts=row.event_ts,
        known_ts=row.known_ts,
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=volume,
        flags=tuple(sorted(flags)),
    )
