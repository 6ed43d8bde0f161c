"""Daily bars of one contract as Barchart writes them: newest row first, a closing note with the time of download.

Barchart writes the contract into the name of the file and nowhere else ("hez25_price-history-10-03-2025.csv"), so the
name is read as the vendor's symbology, never to recognise the file: without a contract in it the file is refused, and
rows after that contract's last trade day are kept out (where one is known). In some downloads volume and open interest
are the whole market's: bars that never left one price, far from expiry, with a million lots. A file most of whose
motionless bars have a volume is of that kind; the volumes of its bars are unknown (NaN) and flagged, and its open
interest is the market's (contract None).

Open interest becomes a statistic of its day, known with the settlement of the session after: a file made after the
close of its last day (zcz25, 2025-10-03) has 0 there, which says that it was not out yet and is missing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from engine.core.records import FuturesBar
from engine.ingestion.calendars.contract_calendar import ContractCalendar
from engine.ingestion.calendars.session_calendar import next_session_day, settlement_known_ts
from engine.ingestion.futures.vendor_bars import BarColumns, Line, VendorRow, bars_of, lines_of, settled_rows
from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import Statistic
from engine.ingestion.market_directory import MarketDirectory, is_reference
from engine.ingestion.parsing.delimited_text import header_of
from engine.ingestion.parsing.numbers import number_or_nan
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts

VOLUME_OF_WHOLE_MARKET: Final = "volume_of_whole_market"
_COLUMNS: Final = ("time", "open", "high", "low", "last", "volume", "open int")
_SYMBOL: Final = re.compile(r"([a-z0-9]{1,3})([fghjkmnquvxz])(\d\d)_", re.IGNORECASE)
_NOTE: Final = "Downloaded"
_NOTE_TIME: Final = re.compile(r"as of (\d\d-\d\d-\d{4} \d\d:\d\d[ap]m) C[SD]T")
_MOTIONLESS_LEAST: Final = 20


class BarchartContractPipeline(SourcePipeline):
    """Barchart price history of one contract; series and source "barchart"."""

    name = "barchart"
    title = "daily bars of one contract (Barchart CSV)"

    def recognises(self, file: InputFile) -> bool:
        """A header with Time, Open, High, Low, Last, Volume and "Open Int"."""
        return set(_COLUMNS) <= set(header_of(file))

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The market of the contract in the file's name."""
        match = _SYMBOL.match(file.name)
        return super().markets_in(file, directory) if match is None else (directory.by_root(match[1].upper()),)

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Bars of the contract, oldest first, then its open interest; `nearby` is its place among the listed contracts
        of that day, 0 where nothing is known of their ends."""
        header = header_of(file)
        day, open_, high, low, close, volume, interest = (header.index(column) for column in _COLUMNS)
        calendar = ContractCalendar.of(market)
        contract = _contract(file.name, market, calendar)
        expiry = None if is_reference(market) else calendar.expiry_of(contract)
        lines = lines_of(file)
        notes = [cells[0] for _, cells in lines if cells[0].startswith(_NOTE)]
        downloaded_ts = _downloaded_ts(notes)
        problems = ProblemList()
        rows: list[VendorRow] = []
        for row in settled_rows(_without_notes(lines), day, market.session, problems):
            if expiry is not None and row.day > expiry:
                problems.add(row.number, "Time", f"after the last trade day of {contract}", row.cells)
            elif not is_reference(market) and downloaded_ts is not None and row.known_ts > downloaded_ts:
                problems.add(row.number, "Time", "bar was still forming when the file was downloaded", row.cells)
            else:
                nearby = 0 if expiry is None else calendar.nearby(contract, row.day)
                rows.append(replace(row, contract=contract, nearby=nearby))
        columns = BarColumns(close, open_, high, low, volume)
        bars = bars_of(file.name, self.name, rows, columns, market, problems)
        own = _volumes_are_own(bars)
        kept = {bar.event_ts for bar in bars}
        settled = [row for row in rows if row.event_ts in kept]
        figures = _open_interest(settled, interest, contract if own else None, self.name, market, problems)
        return problems.finish([*(bars if own else map(_without_volume, bars)), *figures])


def _contract(name: str, market: MarketConfig, calendar: ContractCalendar) -> str:
    match = _SYMBOL.match(name)
    if match is None:
        raise InputError(
            f"{name}: Barchart names the contract in the file's name alone (like hez25_price-history-10-03-2025.csv) "
            "and this name holds none; give the file its original name"
        )
    root, code, year = (part.upper() for part in match.groups())
    if root not in (calendar.root, *market.roots) or code not in calendar.months:
        raise InputError(
            f"{name}: holds contract {root}{code}{year}, but market {market.market} trades {calendar.root} with months "
            f"{calendar.months}; pass the market it belongs to with --market"
        )
    return f"{calendar.root}{code}{year}"


def _without_notes(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if not line[1][0].startswith(_NOTE)]


def _downloaded_ts(notes: Sequence[str]) -> int | None:
    """When the file was made, UTC microseconds; Barchart's clock is Chicago's. None without a readable note."""
    match = _NOTE_TIME.search(notes[-1]) if notes else None
    try:
        moment = datetime.strptime(match[1], "%m-%d-%Y %I:%M%p") if match else None  # noqa: DTZ007
    except ValueError:
        return None
    if moment is None:
        return None
    return local_ts(moment.year, moment.month, moment.day, moment.hour, moment.minute, "America/Chicago")


def _volumes_are_own(bars: Sequence[FuturesBar]) -> bool:
    motionless = [bar for bar in bars if bar.high == bar.low]
    with_volume = sum(1 for bar in motionless if bar.volume > 0)
    return len(motionless) < _MOTIONLESS_LEAST or with_volume * 2 <= len(motionless)


def _without_volume(bar: FuturesBar) -> FuturesBar:
    return replace(bar, volume=math.nan, flags=tuple(sorted({*bar.flags, VOLUME_OF_WHOLE_MARKET})))


def _open_interest(
    rows: Sequence[VendorRow],
    column: int,
    contract: str | None,
    source: str,
    market: MarketConfig,
    problems: ProblemList,
) -> list[Statistic]:
    figures: dict[int, Statistic] = {}
    newest = max((row.day for row in rows), default=None)
    for row in rows:
        try:
            lots = number_or_nan(row.cells[column])
        except ValueError:
            problems.add(row.number, "Open Int", "not a number", row.cells)
            continue
        if math.isnan(lots) or (lots == 0 and row.day == newest):
            continue
        if lots < 0:
            problems.add(row.number, "Open Int", "negative open interest", row.cells)
            continue
        known_ts = settlement_known_ts(next_session_day(row.day, market.session.calendar), market.session)
        figures.setdefault(
            row.event_ts,
            Statistic(market.market, source, contract, "open_interest", "lots", row.event_ts, known_ts, lots),
        )
    return [figures[event_ts] for event_ts in sorted(figures)]
