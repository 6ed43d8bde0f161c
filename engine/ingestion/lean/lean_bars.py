"""Trade bars of futures as QuantConnect's LEAN stores them: a zip with one table per contract month, no header.

Prices of futures are stored as quoted: only equities and options are scaled by 10,000 there. A row is a time, open,
high, low, close, volume. Intraday times are UTC, milliseconds since midnight of the day in the table's name; a bar is
known at its end. A daily row holds a calendar day and not a session (Sunday evenings have rows of their own), in a
zone that the file does not say, so it is known at the end of that day in the exchange's zone, the latest candidate,
and not at the settlement. Quotes and open interest: `lean_quotes.py`, `lean_open_interest.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from engine.ingestion.calendars.contract_calendar import ContractCalendar
from engine.ingestion.calendars.session_calendar import midnight_ts
from engine.ingestion.futures.vendor_bars import DAY_SECONDS, BarColumns, VendorRow, bars_of
from engine.ingestion.input_file import InputFile
from engine.ingestion.lean.lean_entries import LeanEntry, lean_entries, lean_kind
from engine.ingestion.market_directory import MarketDirectory, is_reference
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_MINUTE, MICROS_PER_SECOND

_COLUMNS: Final = BarColumns(close=4, open=1, high=2, low=3, volume=5)
_WIDTH: Final = 6
_EPOCH_DAY: Final = date(1970, 1, 1)
_YEARS: Final = range(1950, 2100)


@dataclass(frozen=True, slots=True)
class LeanLength:
    """Name and seconds of a bar."""

    name: str
    seconds: int


_DAILY: Final = LeanLength("1d", DAY_SECONDS)
_HOURLY: Final = LeanLength("1h", 3_600)
_INTRADAY: Final = {"minute": LeanLength("1m", 60), "second": LeanLength("1s", 1)}


class LeanBarsPipeline(SourcePipeline):
    """LEAN futures zip; series and source "lean_1d", "lean_1h", "lean_1m" or "lean_1s"."""

    name = "lean"
    title = "futures trade bars (LEAN zip)"

    def recognises(self, file: InputFile) -> bool:
        """Every table is named and begins as LEAN's futures tables do, the first as one of trades; the zip's own name
        does not matter."""
        return lean_kind(file) == "trade"

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The market of the root in the tables' names."""
        return lean_markets(file, directory)

    def source_of(self, file: InputFile, market: MarketConfig) -> str:
        """The series, by the length of the bars."""
        return f"{self.name}_{lean_length(lean_entries(file)).name}"

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Bars of all contracts in order of time and nearby; row numbers of problems count inside a contract's table,
        whose contract begins the raw text."""
        problems = ProblemList()
        rows = lean_rows(file, market, _WIDTH, problems)
        series = self.source_of(file, market)
        return problems.finish([*bars_of(file.name, series, rows, _COLUMNS, market, problems)])


def lean_markets(file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
    """The markets of the roots in the tables' names of a LEAN futures zip."""
    roots = dict.fromkeys(entry.root for entry in lean_entries(file))
    return tuple({market.market: market for market in map(directory.by_root, roots)}.values())


def lean_rows(file: InputFile, market: MarketConfig, width: int, problems: ProblemList) -> list[VendorRow]:
    """Rows of all tables of a LEAN futures zip with their contracts and times; InputError where the zip is not of this
    market or mixes kinds. Where nothing is known of when contracts end, none is too late and the nearby is 0."""
    entries = lean_entries(file)
    _refuse_other(file.name, entries, market)
    length = lean_length(entries)
    calendar = ContractCalendar.of(market)
    return [row for entry in entries for row in _rows(entry, width, length, calendar, market, problems)]


def _refuse_other(name: str, entries: Sequence[LeanEntry], market: MarketConfig) -> None:
    root = market.contract.root
    for entry in entries:
        if entry.root not in (root, *market.roots):
            raise InputError(
                f"{name}: holds symbol {entry.root}, but market {market.market} trades {root}; "
                "pass the market it belongs to with --market"
            )
        if entry.resolution == "tick":
            raise InputError(f"{name}: holds single ticks, which are no bars; take LEAN's daily or minute file instead")
    if len({(entry.kind, entry.resolution, entry.day) for entry in entries}) > 1:
        raise InputError(f"{name}: mixes bars of different kinds, lengths or days; LEAN keeps one of each in a zip")


def lean_length(entries: Sequence[LeanEntry]) -> LeanLength:
    """Bars of a table with a time of day other than midnight are hourly, the others daily."""
    if entries[0].resolution:
        return _INTRADAY.get(entries[0].resolution, _INTRADAY["second"])
    starts = (line[9:14] for entry in entries for line in entry.content.splitlines())
    return _HOURLY if any(start not in (b"", b"00:00") for start in starts) else _DAILY


def _rows(
    entry: LeanEntry,
    width: int,
    length: LeanLength,
    calendar: ContractCalendar,
    market: MarketConfig,
    problems: ProblemList,
) -> list[VendorRow]:
    try:
        contract = calendar.contract_of(entry.year, entry.month)
    except InputError as error:
        problems.add(0, "contract", "contract month is not listed", error.message)
        return []
    expiry = None if is_reference(market) else calendar.expiry_of(contract)
    rows = []
    for number, line in enumerate(entry.content.decode("utf-8", errors="replace").splitlines(), 1):
        if not line.strip():
            continue
        cells = line.split(",")
        raw = [contract, *cells]
        if len(cells) < width:
            problems.add(number, "row", "row is cut short", raw)
        elif (start := _start(cells[0], entry)) is None:
            problems.add(number, "time", "not a time", raw)
        elif expiry is not None and start[0] > expiry:
            problems.add(number, "time", "after the contract's last trade day", raw)
        else:
            rows.append(_row(number, cells, start, length, contract, calendar, market))
    return rows


def _row(
    number: int,
    cells: list[str],
    start: tuple[date, int],
    length: LeanLength,
    contract: str,
    calendar: ContractCalendar,
    market: MarketConfig,
) -> VendorRow:
    day, event_ts = start
    known_ts = event_ts + length.seconds * MICROS_PER_SECOND
    if length.seconds >= DAY_SECONDS:
        event_ts = midnight_ts(day, market.session)
        known_ts = midnight_ts(day + timedelta(days=1), market.session)
    nearby = 0 if is_reference(market) else calendar.nearby(contract, day)
    return VendorRow(number, cells, day, event_ts, known_ts, contract, nearby, length.seconds)


def _start(text: str, entry: LeanEntry) -> tuple[date, int] | None:
    """(day, UTC microseconds) of a row's time, read as UTC; None where it is no time."""
    try:
        if entry.day is not None:
            day, micros = entry.day, int(text) * 1_000
        else:
            moment = datetime.strptime(text.strip(), "%Y%m%d %H:%M")  # noqa: DTZ007
            day, micros = moment.date(), (moment.hour * 60 + moment.minute) * MICROS_PER_MINUTE
    except ValueError:
        return None
    if day.year not in _YEARS or not 0 <= micros < MICROS_PER_DAY:
        return None
    return day, (day - _EPOCH_DAY).days * MICROS_PER_DAY + micros
