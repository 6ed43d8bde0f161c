"""Daily bars of one contract as Barchart writes them: newest row first, a closing note with the time of download.

Barchart writes the contract into the name of the file and nowhere else ("hez25_price-history-10-03-2025.csv"), so the
name is read as the vendor's symbology, never to recognise the file: without a contract in it the file is refused, and
rows after that contract's last trade day are kept out. In some downloads the volume is the whole market's: bars that
never left one price, far from expiry, with a million lots. A file most of whose motionless bars have a volume is of
that kind; its volumes are unknown (NaN) and flagged. Open interest has no place in a bar and is not stored.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from engine.core.records import FuturesBar
from engine.ingestion.contract_calendar import ContractCalendar
from engine.ingestion.input_file import InputFile
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.ingestion.vendor_bars import BarColumns, Line, VendorRow, bars_of, header_of, lines_of, settled_rows
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts

VOLUME_OF_WHOLE_MARKET: Final = "volume_of_whole_market"
_COLUMNS: Final = ("Time", "Open", "High", "Low", "Last", "Volume", "Open Int")
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

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Bars of the contract, oldest first; `nearby` is its place among the listed contracts of that day."""
        header = header_of(file)
        day, open_, high, low, close, volume = (header.index(column) for column in _COLUMNS[:6])
        calendar = ContractCalendar.of(market)
        contract = _contract(file.name, market, calendar)
        expiry = calendar.expiry_of(contract)
        lines = lines_of(file)
        notes = [cells[0] for _, cells in lines if cells[0].startswith(_NOTE)]
        downloaded_ts = _downloaded_ts(notes)
        problems = ProblemList()
        rows: list[VendorRow] = []
        for row in settled_rows(_without_notes(lines), day, market.session, problems):
            if row.day > expiry:
                problems.add(row.number, "Time", f"after the last trade day of {contract}", row.cells)
            elif downloaded_ts is not None and row.known_ts > downloaded_ts:
                problems.add(row.number, "Time", "bar was still forming when the file was downloaded", row.cells)
            else:
                rows.append(replace(row, contract=contract, nearby=calendar.nearby(contract, row.day)))
        columns = BarColumns(close, open_, high, low, volume)
        bars = bars_of(file.name, self.name, rows, columns, market, problems)
        return problems.finish([*_own_volumes(bars)])


def _contract(name: str, market: MarketConfig, calendar: ContractCalendar) -> str:
    match = _SYMBOL.match(name)
    if match is None:
        raise InputError(
            f"{name}: Barchart names the contract in the file's name alone (like hez25_price-history-10-03-2025.csv) "
            "and this name holds none; give the file its original name"
        )
    root, code, year = (part.upper() for part in match.groups())
    if root != calendar.root or code not in calendar.months:
        raise InputError(
            f"{name}: holds contract {root}{code}{year}, but market {market.market} trades {calendar.root} with months "
            f"{calendar.months}; pass the market it belongs to with --market"
        )
    return f"{root}{code}{year}"


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


def _own_volumes(bars: list[FuturesBar]) -> list[FuturesBar]:
    """The bars, their volumes missing where the file gives the whole market's."""
    motionless = [bar for bar in bars if bar.high == bar.low]
    with_volume = sum(1 for bar in motionless if bar.volume > 0)
    if len(motionless) < _MOTIONLESS_LEAST or with_volume * 2 <= len(motionless):
        return bars
    return [replace(bar, volume=math.nan, flags=tuple(sorted({*bar.flags, VOLUME_OF_WHOLE_MARKET}))) for bar in bars]
