"""Option chains as a plain table, one row per option, under the column names that vendors and libraries use.

The names are listed in `option_columns.py`. The moment of the quotes comes from a column, or else from the file's name
("GOOGL_2026-01-09_20260101_113944.csv", "..._asof_20260101.csv", New York time); a file that says neither is refused,
because a chain without its moment is worth nothing. A moment without a time of day means the end of that day: the chain
is stamped with the close and known when the day is over in New York (the market's own zone for options on futures).
A price of 0 is no price, a volatility of 0 none computed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from engine.core.records import OptionQuote, OptionRight
from engine.ingestion.calendars.session_calendar import session_close_ts
from engine.ingestion.input_file import InputFile
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.options.option_collector import (
    CUT_SHORT,
    GREEKS,
    RIGHTS,
    ChainCollector,
    ChainKey,
    VendorMark,
    price_or_nan,
    told_once,
)
from engine.ingestion.options.option_columns import OptionColumns, option_columns
from engine.ingestion.options.option_roots import NEW_YORK, OptionRoot
from engine.ingestion.parsing.delimited_text import header_of, table_rows
from engine.ingestion.parsing.numbers import number_or_nan
from engine.ingestion.source_pipeline import OTHER_MARKET, ParsedInput, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts, to_ts

_SYMBOL: Final = re.compile(r"^\s*([A-Z0-9.]{1,6}?)\s*(\d{2})(\d{2})(\d{2})([CP])(\d{8})\s*$")
_MOMENT: Final = re.compile(r"(?<!\d)(20\d\d)-?([01]\d)-?([0-3]\d)(?:[_T -]+([0-2]\d)-?([0-5]\d)-?([0-5]\d)?)?(?!-?\d)")
_CLOSE: Final = (16, 0)
_YEARS: Final = range(1950, 2100)


@dataclass(frozen=True, slots=True)
class _Moment:
    """When quotes are of: a day, and a time where one is said (UTC microseconds)."""

    day: date
    ts: int | None


class OptionTablePipeline(SourcePipeline):
    """Table of options; source "option_table"."""

    name = "option_table"
    title = "option chains (CSV, one row per option)"

    def recognises(self, file: InputFile) -> bool:
        """A header with strike, bid and ask, and what tells expiry and right."""
        return option_columns(header_of(file)) is not None

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The markets of the underlyings in the rows, or what the file's name says."""
        columns = _columns(file)
        roots = dict.fromkeys(_underlying(columns, named) for _, named, _ in table_rows(file) if named is not None)
        markets = [directory.by_root(root) for root in roots if root]
        return tuple({one.market: one for one in markets}.values()) or super().markets_in(file, directory)

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Chains by moment and expiry, then the vendor's marks; options on other underlyings are counted."""
        columns = _columns(file)
        named_moment = None if columns.moment else _named_moment(file.name)
        if columns.moment is None and named_moment is None:
            raise InputError(
                f"{file.name}: neither a column nor the file's name says when the quotes were taken; add a column "
                "quote_date or put the moment into the name, like GOOGL_20260101_113944.csv"
            )
        reader = _Reader(columns, named_moment, market, ChainCollector(market, self.name))
        wanted, others = {market.contract.root, f"{market.contract.root}W", *market.roots}, 0
        seen, other = 0, ""
        for number, named, cells in table_rows(file):
            if named is None:
                reader.collector.problems.add(number + 1, "row", CUT_SHORT, cells)
                continue
            seen += 1
            underlying = _underlying(columns, named)
            if underlying and underlying not in wanted:
                others, other = others + 1, underlying
            else:
                reader.read(number + 1, named, cells)
        if others and others == seen:
            raise InputError(
                f"{file.name}: holds options on {other}, but market {market.market} trades {market.contract.root}; "
                "pass the market it belongs to with --market"
            )
        if others:
            reader.collector.problems.ignore(OTHER_MARKET, others)
        return reader.collector.finish()

    def parse_markets(
        self, file: InputFile, markets: Sequence[MarketConfig], directory: MarketDirectory
    ) -> Iterable[tuple[MarketConfig, ParsedInput]]:
        """Each market's chains; rows that cannot be read are told with the first market."""
        return [(one, told_once(self.parse(file, one), first=one is markets[0])) for one in markets]


class _Reader:
    """Reads the rows of one table, remembering the moments and expiries it has seen."""

    def __init__(
        self, columns: OptionColumns, moment: _Moment | None, market: MarketConfig, collector: ChainCollector
    ) -> None:
        self.collector = collector
        self._columns = columns
        self._moment = moment
        self._market = market
        self._keys: dict[tuple[str, str, str], ChainKey] = {}

    def read(self, number: int, named: Mapping[str, str], cells: Sequence[str]) -> None:
        """One row, numbered in the file."""
        columns, problems = self._columns, self.collector.problems
        symbol = _SYMBOL.match(named[columns.symbol]) if columns.symbol else None
        moment = self._moment or _moment(named[columns.moment or ""])
        if moment is None:
            problems.add(number, columns.moment or "name", "not a time", cells)
            return
        expiry = _expiry(columns, named, symbol)
        if expiry is None:
            problems.add(number, columns.expiry or columns.symbol or "expiry", "not a date", cells)
            return
        right = _right(columns, named, symbol)
        if right is None:
            problems.add(number, columns.right or columns.symbol or "right", "neither call nor put", cells)
            return
        try:
            numbers = {field: number_or_nan(named[column]) for field, column in columns.numbers.items()}
        except ValueError:
            problems.add(number, "row", "not a number", cells)
            return
        underlying = price_or_nan(numbers.get("underlying_price", math.nan))
        root = OptionRoot.of(symbol[1] if symbol else _underlying(columns, named) or self._root, self._market)
        bid, ask, last = (price_or_nan(numbers.get(field, math.nan)) for field in ("bid", "ask", "last"))
        volume, interest = (numbers.get(field, math.nan) for field in ("volume", "open_interest"))
        quote = OptionQuote(numbers["strike"], right, bid, ask, last, volume, interest)
        mark = VendorMark(
            underlying,
            numbers.get("implied_volatility", math.nan),
            *(numbers.get(greek, math.nan) for greek in GREEKS),
        )
        self.collector.add(number, cells, self._key(root, moment, expiry, underlying), quote, mark)

    @property
    def _root(self) -> str:
        return self._market.contract.root

    def _key(self, root: OptionRoot, moment: _Moment, expiry: date, underlying: float) -> ChainKey:
        place = (root.root, f"{moment.day} {moment.ts}", str(expiry))
        if place not in self._keys:
            event_ts, known_ts = (moment.ts, moment.ts) if moment.ts is not None else _day_times(root, moment.day)
            self._keys[place] = ChainKey(
                contract=root.future_under(expiry),
                style=root.style,
                event_ts=event_ts,
                known_ts=known_ts,
                expiry_ts=root.expiry_ts(expiry),
                underlying_price=math.nan if root.on_cash or math.isnan(underlying) else underlying,
            )
        return self._keys[place]


def _columns(file: InputFile) -> OptionColumns:
    columns = option_columns(header_of(file))
    if columns is None:
        raise InputError(f"{file.name}: the table of options lacks a column among strike, bid, ask, expiry and right")
    return columns


def _underlying(columns: OptionColumns, named: Mapping[str, str]) -> str:
    text = named[columns.underlying].strip() if columns.underlying else ""
    symbol = _SYMBOL.match(named[columns.symbol]) if columns.symbol and not text else None
    return (symbol[1] if symbol else text).removeprefix("^").removesuffix("=F").upper()


def _expiry(columns: OptionColumns, named: Mapping[str, str], symbol: re.Match[str] | None) -> date | None:
    if columns.expiry:
        moment = _moment(named[columns.expiry])
        return moment.day if moment else None
    if symbol is None:
        return None
    try:
        return date(2000 + int(symbol[2]), int(symbol[3]), int(symbol[4]))
    except ValueError:
        return None


def _right(columns: OptionColumns, named: Mapping[str, str], symbol: re.Match[str] | None) -> OptionRight | None:
    if columns.right:
        return RIGHTS.get(named[columns.right].strip().lower())
    return RIGHTS[symbol[5].lower()] if symbol else None


def _moment(text: str) -> _Moment | None:
    """An ISO day or time, compact or not; a time without zone is New York's. None for anything else."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.year not in _YEARS:
        return None
    if len(text.strip()) <= len("2026-01-01"):
        return _Moment(moment.date(), None)
    zoned = moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(NEW_YORK))
    return _Moment(moment.date(), to_ts(zoned))


def _named_moment(name: str) -> _Moment | None:
    """The moment in a file's name: one with a time of day, else the day after "asof", else the earlier of two days,
    because quotes are never later than their expiry. None where the only day may be the expiry."""
    found = list(_MOMENT.finditer(name))
    timed = [match for match in found if match[4]]
    asof = name.lower().find("asof")
    after = [match for match in found if asof >= 0 and match.start() > asof]
    if timed or after:
        year, month, day, hour, minute, second = (timed or after)[0].groups()
        return _moment(f"{year}-{month}-{day}" + (f"T{hour}:{minute}:{second or '00'}" if hour else ""))
    days = [moment for match in found if (moment := _moment(f"{match[1]}-{match[2]}-{match[3]}")) is not None]
    return min(days, key=lambda moment: moment.day) if len(days) > 1 else None


def _day_times(root: OptionRoot, day: date) -> tuple[int, int]:
    """(event, known) of quotes of which only the day is known: the close, and the end of the day."""
    after = day + timedelta(days=1)
    if root.on_cash:
        return (
            local_ts(day.year, day.month, day.day, *_CLOSE, NEW_YORK),
            local_ts(after.year, after.month, after.day, 0, 0, NEW_YORK),
        )
    session = root.market.session
    return session_close_ts(day, session), local_ts(after.year, after.month, after.day, 0, 0, session.timezone)
