"""Which contract a continuous future of QuantConnect's LEAN means when: "20091130,es uik2f7cj4v0h,CME,1".

A line says that in one mapping mode (see `lean_factors.py`) the symbol meant the contract up to and including the day.
A stretch begins when the one before it in its mode ends; of the first, the beginning is not said, and it is kept as
its last day alone. The line of 2050-12-31 stands for "until the next roll".

The contract is LEAN's security identifier: a number in base 36 whose digits from 10^14 up, modulo 10^5, are the last
trade day in days since 1899-12-30; all 55 of ES decode to third Fridays of March, June, September and December, when
trading of the E-mini S&P 500 ends (CME rulebook chapter 358). A future is named like any listed contract where its
month can be told: by the contract calendar of its market, or where contracts end in their delivery month. Otherwise it
keeps LEAN's identifier.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from engine.ingestion.calendars.contract_calendar import MONTH_CODES, ContractCalendar
from engine.ingestion.calendars.session_calendar import midnight_ts
from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import NormalisedRow, RollSpan
from engine.ingestion.lean.lean_factors import MAPPING_MODES, OPEN_ENDED
from engine.ingestion.lean.lean_times import lean_day
from engine.ingestion.market_directory import MarketDirectory, is_reference
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import ConfigError, InputError

_ROW: Final = re.compile(r"(\d{8}),([a-z0-9]{1,6}) ([a-z0-9]{8,16}),([a-z]+),([0-3])", re.ASCII | re.IGNORECASE)
_FIRST: Final = re.compile(r"(\d{8}),([a-z0-9]{1,6}),([a-z]+)", re.ASCII | re.IGNORECASE)
_OLE_EPOCH: Final = date(1899, 12, 30)
_DAYS_OFFSET: Final = 10**14
_DAYS_WIDTH: Final = 10**5
# CME rulebook chapter 358: trading of the E-mini S&P 500 ends on the third Friday of the contract month.
_ENDS_IN_DELIVERY_MONTH: Final = frozenset({"ES"})
_NEARBY_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class _Line:
    day: date
    contract: str
    mode: int


class LeanMapsPipeline(SourcePipeline):
    """LEAN map file of a future; source "lean_maps"."""

    name = "lean_maps"
    title = "contracts behind a continuous future (LEAN map file)"

    def recognises(self, file: InputFile) -> bool:
        """A symbol alone in the first line, a symbol with an identifier and a mapping mode in the second."""
        head = [line.strip() for line in file.head(2)]
        return len(head) == 2 and bool(_FIRST.fullmatch(head[0])) and bool(_ROW.fullmatch(head[1]))

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The market of the symbol in the first line."""
        return (directory.by_root(_root(file)),)

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Spans of the series "lean.ES.open_interest" and the other modes, in order of mode and time."""
        root = _root(file)
        if root not in (market.contract.root, *market.roots):
            raise InputError(
                f"{file.name}: holds symbol {root}, but market {market.market} trades {market.contract.root}; "
                "pass the market it belongs to with --market"
            )
        problems = ProblemList()
        modes: dict[int, dict[date, _Line]] = {mode: {} for mode in MAPPING_MODES}
        for number, text in enumerate(file.text().splitlines()[1:], 2):
            if not text.strip():
                continue
            match = _ROW.fullmatch(text.strip())
            day = lean_day(match[1]) if match else None
            if match is None or day is None:
                problems.add(number, "row", "not a line of a map file", text)
            elif match[2].upper() != root:
                problems.add(number, "symbol", f"not symbol {root}", text)
            elif day in modes[int(match[5])]:
                problems.add(number, "date", "second line for the same day and mode", text)
            else:
                line = _Line(day, _contract(root, match[3], market), int(match[5]))
                modes[line.mode][day] = line
        rows: list[NormalisedRow] = []
        for mode, lines in modes.items():
            begins: date | None = None
            for day in sorted(lines):
                start_ts = midnight_ts(
                    begins or (day if day != OPEN_ENDED else day - timedelta(days=1)), market.session
                )
                end = day + timedelta(days=1)
                rows.append(
                    RollSpan(
                        market=market.market,
                        series=f"lean.{root}.{MAPPING_MODES[mode]}",
                        event_ts=start_ts,
                        known_ts=start_ts,
                        end_ts=midnight_ts(end, market.session),
                        contract=lines[day].contract,
                    )
                )
                begins = end
        return problems.finish(rows)


def _root(file: InputFile) -> str:
    match = _FIRST.fullmatch(file.head(1)[0].strip())
    if match is None:
        raise InputError(f"{file.name}: the first line names no symbol; fetch the file again")
    return match[2].upper()


def last_trade_day(identifier: str) -> date | None:
    """The day inside LEAN's security identifier of a future, None where it holds none of the years 1950 to 2099."""
    day = _OLE_EPOCH + timedelta(days=int(identifier, 36) // _DAYS_OFFSET % _DAYS_WIDTH)
    return day if 1950 <= day.year < 2100 else None


def _contract(root: str, identifier: str, market: MarketConfig) -> str:
    """The listed contract of an identifier ("ESZ09"), or the identifier itself where its month cannot be told."""
    ends = last_trade_day(identifier)
    if ends is None:
        return f"{root} {identifier}"
    if is_reference(market):
        if root not in _ENDS_IN_DELIVERY_MONTH:
            return f"{root} {identifier}"
        return f"{root}{MONTH_CODES[ends.month - 1]}{ends.year % 100:02d}"
    try:
        calendar = ContractCalendar.of(market)
        front = calendar.front_contract(ends - timedelta(days=_NEARBY_DAYS))
        near = abs((calendar.expiry_of(front) - ends).days) <= _NEARBY_DAYS
    except (InputError, ConfigError):
        return f"{root} {identifier}"
    return front if near else f"{root} {identifier}"
