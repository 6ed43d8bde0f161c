"""Option chains as CBOE's quote table: blank line, two descriptive lines, header, calls and puts side by side.

One file may hold several snapshots, each a whole table. The moment stands only in the second descriptive line, in
several spellings; `event_ts` = `known_ts` = that moment. A price of 0 means there is none. Series that had expired at
the snapshot are still listed by the vendor and are kept out. "Last" of the first descriptive line becomes
`underlying_price` where the chain is written on the market's own futures; under an index or a share it is the cash
price, not the future of the expiry, and the underlying price stays missing.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from engine.core.records import ExerciseStyle, OptionChain, OptionQuote, OptionRight
from engine.ingestion.contract_calendar import ContractCalendar
from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import NormalisedRow
from engine.ingestion.session_calendar import session_close_ts
from engine.ingestion.snapshot_time import MONTHS, snapshot_ts
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

_HEADER_START: Final = "Expiration Date,Calls,"
_SIDE_COLUMNS: Final = ("Last Sale", "Bid", "Ask", "Volume", "Open Interest")
_LAST: Final = re.compile(r"Last:\s*([-+0-9.,]+)")
_SYMBOL: Final = re.compile(r"^([A-Z0-9]+?)\d{6}[CP]\d{8}$")

# Roots whose underlying is a cash index or a share, with their exercise style (CBOE and OCC product specifications).
_CASH_ROOTS: Final[dict[str, ExerciseStyle]] = {
    "SPX": "european",
    "SPXW": "european",
    "XSP": "european",
    "VIX": "european",
    "SPY": "american",
}


@dataclass(frozen=True, slots=True)
class _Layout:
    strike: int
    call_symbol: int
    calls: tuple[int, ...]
    puts: tuple[int, ...]
    width: int


@dataclass(slots=True)
class _Table:
    """One snapshot: its moment, the underlying's last price and the row number of its first quote line."""

    event_ts: int
    last: float
    first_row: int
    lines: list[list[str]]


class CboeQuotesPipeline(SourcePipeline):
    """CBOE quote table; source "cboe_quotes"."""

    name = "cboe_quotes"
    title = "option chains (CBOE quote table)"

    def recognises(self, file: InputFile) -> bool:
        """The header of the table within the first six lines."""
        return any(line.startswith(_HEADER_START) for line in file.head(6))

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """One OptionChain per snapshot and expiry, quotes in file order (call, then put of each strike)."""
        problems = ProblemList()
        lines = file.text().splitlines()
        layout, tables = self._tables(file.name, lines)
        root = self._root(file.name, tables, layout, market)
        style = _CASH_ROOTS.get(root, market.contract.option_style)
        calendar = None if market.simulated or root in _CASH_ROOTS else ContractCalendar.of(market)
        expiries: dict[str, tuple[date, int] | None] = {}
        chains: list[NormalisedRow] = []
        for table in tables:
            quotes: dict[str, list[OptionQuote]] = {}
            for number, cells in enumerate(table.lines, table.first_row):
                if not cells:
                    continue
                if len(cells) < layout.width:
                    problems.add(number, "row", "row is cut short", cells)
                    continue
                text = cells[0]
                if text not in expiries:
                    expiries[text] = _expiry(text, market)
                expiry = expiries[text]
                if expiry is None:
                    problems.add(number, "Expiration Date", "not a date", cells)
                elif expiry[1] <= table.event_ts:
                    problems.add(number, "Expiration Date", "expired series", cells)
                else:
                    _add_quotes(number, cells, layout, quotes.setdefault(text, []), problems)
            for text, chain in quotes.items():
                expiry = expiries[text]
                if expiry is not None and chain:
                    chains.append(
                        OptionChain(
                            market=market.market,
                            source=self.name,
                            contract=calendar.contract_for_expiry(expiry[0]) if calendar else None,
                            style=style,
                            event_ts=table.event_ts,
                            known_ts=table.event_ts,
                            expiry_ts=expiry[1],
                            underlying_price=math.nan if root in _CASH_ROOTS else table.last,
                            quotes=tuple(chain),
                        )
                    )
        return problems.finish(chains)

    def _tables(self, name: str, lines: list[str]) -> tuple[_Layout, list[_Table]]:
        starts = [index for index, line in enumerate(lines) if line.startswith(_HEADER_START)]
        if not starts or starts[0] < 2:
            raise InputError(f"{name}: the two descriptive lines above the quote table are missing")
        layout = _layout(name, next(csv.reader([lines[starts[0]]])))
        tables = []
        for position, start in enumerate(starts):
            end = starts[position + 1] - 2 if position + 1 < len(starts) else len(lines)
            moment = snapshot_ts(lines[start - 1])
            if moment is None:
                raise InputError(f"{name}: line {start}: no snapshot time in '{lines[start - 1][:60]}'")
            found = _LAST.search(lines[start - 2])
            last = _price(found.group(1)) if found else math.nan
            tables.append(_Table(moment, last, start + 2, list(csv.reader(lines[start + 1 : end]))))
        return layout, tables

    def _root(self, name: str, tables: Sequence[_Table], layout: _Layout, market: MarketConfig) -> str:
        symbol = next(
            (cells[layout.call_symbol] for table in tables for cells in table.lines if len(cells) >= layout.width), ""
        )
        found = _SYMBOL.match(symbol.strip())
        wanted = market.contract.root
        if found is None or found.group(1) not in (wanted, f"{wanted}W"):
            holds = found.group(1) if found else symbol or "none"
            raise InputError(
                f"{name}: holds options on {holds}, but market {market.market} trades {wanted}; "
                "pass the market it belongs to with --market"
            )
        return found.group(1)


def _layout(name: str, header: list[str]) -> _Layout:
    names = [cell.strip() for cell in header]
    try:
        strike, puts = names.index("Strike"), names.index("Puts")
        return _Layout(
            strike=strike,
            call_symbol=names.index("Calls"),
            calls=tuple(names.index(column, 1, strike) for column in _SIDE_COLUMNS),
            puts=tuple(names.index(column, puts) for column in _SIDE_COLUMNS),
            width=len(names),
        )
    except ValueError as error:
        raise InputError(f"{name}: the quote table lacks a column ({error})") from error


def _expiry(text: str, market: MarketConfig) -> tuple[date, int] | None:
    """Expiry day and moment (session close) of "Fri Jun 10 2022"."""
    parts = text.split()
    try:
        day = date(int(parts[3]), MONTHS[parts[1].lower()], int(parts[2]))
    except (IndexError, KeyError, ValueError):
        return None
    return day, session_close_ts(day, market.session)


def _price(text: str) -> float:
    """A price; 0 and blanks are missing."""
    value = _count(text)
    return math.nan if value == 0 else value


def _count(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        stripped = text.strip().replace(",", "")
        return float(stripped) if stripped else math.nan


def _add_quotes(
    number: int, cells: list[str], layout: _Layout, quotes: list[OptionQuote], problems: ProblemList
) -> None:
    try:
        strike = _count(cells[layout.strike])
        sides = [
            [read(cells[position]) for read, position in zip(_READERS, side, strict=True)]
            for side in (layout.calls, layout.puts)
        ]
    except ValueError:
        problems.add(number, "row", "not a number", cells)
        return
    if not strike > 0:
        problems.add(number, "Strike", "strike missing", cells)
        return
    for right, (last, bid, ask, volume, open_interest) in zip(_RIGHTS, sides, strict=True):
        side = "Calls" if right == "C" else "Puts"
        if bid > ask:
            problems.add(number, f"{side} Bid", "bid above ask", cells)
        elif bid < 0 or ask < 0 or last < 0 or volume < 0 or open_interest < 0:
            problems.add(number, side, "negative number", cells)
        else:
            quotes.append(OptionQuote(strike, right, bid, ask, last, volume, open_interest))


_READERS: Final = (_price, _price, _price, _count, _count)
_RIGHTS: Final[tuple[OptionRight, OptionRight]] = ("C", "P")
