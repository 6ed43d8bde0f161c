"""Historical bars and ticks of Interactive Brokers, as ib_async and ib_insync objects saved one JSON record a line (or
as one list), and bars as a table with a header.

They name no instrument. The market is the one that the file's name or --market says; else the reference market
"unnamed_ib", which keeps the facts and mixes them with no market. Nor do they say which contract they are of: no
contract, `nearby` 0.

Bars begin at their printed time; their length is told nowhere. It is taken from the steps between them: the most
common one (of equals the longest), rounded up to a length that TWS offers, so that a bar may count as known late and
never early; flag "bar_seconds_inferred". A clock without a zone is that of the market; of an unnamed instrument it is
read as UTC and the bar counts as known twelve hours later, when that clock has passed the last zone; flag
"zone_unknown". Ticks are known at their own time. A trade's `sequence` is its place among those of its second.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Final, Literal

from engine.core.records import FuturesBar
from engine.ingestion.calendars.session_calendar import midnight_ts, settlement_known_ts
from engine.ingestion.futures.ib_times import IbTime, read_ib_time
from engine.ingestion.futures.vendor_bars import DAY_SECONDS, BarColumns, VendorRow, bars_of
from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import NormalisedRow, Quote, Trade
from engine.ingestion.market_directory import MarketDirectory, is_reference
from engine.ingestion.parsing.delimited_text import header_of, table_rows
from engine.ingestion.parsing.json_reply import Fields, fields_of, items_of, leading_keys, read_json, refuse_constant
from engine.ingestion.parsing.text_cleaning import one_line
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import MICROS_PER_HOUR, MICROS_PER_SECOND, to_datetime

IB_HISTORY: Final = "ib_history"
UNNAMED_MARKET: Final = "UNNAMED_IB"
LENGTH_INFERRED: Final = "bar_seconds_inferred"
ZONE_UNKNOWN: Final = "zone_unknown"
REPEATED: Final = "repeats a quote of the same second"
_LAST_ZONE_US: Final = 12 * MICROS_PER_HOUR
_BAR_KEYS: Final = frozenset({"date", "open", "high", "low", "close", "volume", "average", "barCount"})
_TABLE_COLUMNS: Final = frozenset({"date", "open", "high", "low", "close", "volume", "average", "barcount"})
_QUOTE_KEYS: Final = frozenset({"time", "priceBid", "priceAsk", "sizeBid", "sizeAsk"})
_TRADE_KEYS: Final = frozenset({"time", "tickAttribLast", "price", "size"})
_CELLS: Final = ("open", "high", "low", "close", "volume")
_COLUMNS: Final = BarColumns(close=3, open=0, high=1, low=2, volume=4)
# Bar sizes of reqHistoricalData (https://interactivebrokers.github.io/tws-api/historical_bars.html#hd_barsize).
_LENGTHS: Final = {
    1: "1s", 5: "5s", 10: "10s", 15: "15s", 30: "30s", 60: "1m", 120: "2m", 180: "3m", 300: "5m", 600: "10m",
    900: "15m", 1_200: "20m", 1_800: "30m", 3_600: "1h", 7_200: "2h", 10_800: "3h", 14_400: "4h", 28_800: "8h",
    DAY_SECONDS: "1d",
}  # fmt: skip
_Kind = Literal["bars", "table", "quotes", "trades", ""]


@dataclass(frozen=True, slots=True)
class PrintedBar:
    """One bar as TWS gave it: its place in the file, its time and the texts of open, high, low, close and volume."""

    number: int
    time: IbTime
    cells: tuple[str, ...]


class IbHistoryPipeline(SourcePipeline):
    """Historical bars and ticks; source "ib_history", series "ib_1m" and the like."""

    name = IB_HISTORY
    title = "historical bars and ticks of Interactive Brokers (JSON, CSV)"

    def recognises(self, file: InputFile) -> bool:
        """Records of BarData, HistoricalTickBidAsk or HistoricalTickLast, or a table of the first."""
        return _kind(file) != ""

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The market of the file's name, else the one of unnamed instruments."""
        return super().markets_in(file, directory) or (directory.by_root(UNNAMED_MARKET),)

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Bars in order of time, ticks in the file's order; InputError where the length of a bar cannot be told."""
        problems = ProblemList()
        kind = _kind(file)
        if kind in ("bars", "table"):
            return problems.finish([*self._bars(file, market, problems)])
        rows: list[NormalisedRow] = []
        places: Counter[int] = Counter()
        quotes: set[Quote] = set()
        for number, entry in _records(file, problems):
            time = read_ib_time(entry.get("time"), market.session.timezone)
            if time is None or time.day is not None:
                problems.add(number, "time", "not a moment", repr(entry))
            elif kind == "quotes":
                quote = _quote(number, entry, time.ts, market, problems)
                if quote is not None and quote in quotes:
                    problems.ignore(REPEATED)
                elif quote is not None:
                    quotes.add(quote)
                    rows.append(quote)
            elif (trade := _trade(number, entry, time.ts, places[time.ts], market, problems)) is not None:
                places[time.ts] += 1
                rows.append(trade)
        return problems.finish(rows)

    def _bars(self, file: InputFile, market: MarketConfig, problems: ProblemList) -> list[FuturesBar]:
        records = _table_records(file, problems) if _kind(file) == "table" else _records(file, problems)
        printed = []
        for number, entry in records:
            bar = printed_bar(number, entry, market, problems)
            if bar is not None:
                printed.append(bar)
        return ib_bars(file.name, printed, market, problems)


def printed_bar(number: int, entry: Fields, market: MarketConfig, problems: ProblemList) -> PrintedBar | None:
    """The bar of the fields of a BarData; None with a problem where its time or its numbers are missing."""
    time = read_ib_time(entry.get("date"), market.session.timezone)
    cells = tuple(_text_of(name, entry.get(name)) for name in _CELLS)
    if time is None:
        problems.add(number, "date", "not a time", repr(entry))
        return None
    return PrintedBar(number, time, cells)


def ib_bars(name: str, printed: Sequence[PrintedBar], market: MarketConfig, problems: ProblemList) -> list[FuturesBar]:
    """Bars of one request to TWS; InputError where their length cannot be told or days and moments are mixed."""
    if not printed:
        return []
    days = [bar.time.day for bar in printed if bar.time.day is not None]
    if days and len(days) < len(printed):
        raise InputError(f"{name}: mixes days and moments as the times of its bars; split it by the length of bars")
    seconds = _day_length(name, days) if days else bar_seconds_of(name, [bar.time.ts for bar in printed])
    rows = [_vendor_row(bar, seconds, market) for bar in printed]
    bars = bars_of(name, f"ib_{_LENGTHS[seconds]}", rows, _COLUMNS, market, problems)
    uncertain = {row.event_ts for row, bar in zip(rows, printed, strict=True) if _is_uncertain(bar, market)}
    return [_flagged(bar, () if days else (LENGTH_INFERRED,), bar.event_ts in uncertain) for bar in bars]


def bar_seconds_of(name: str, starts: Sequence[int]) -> int:
    """The length of bars that begin at `starts` (UTC microseconds), as the module says; InputError for a single bar or
    steps longer than a day."""
    steps = Counter((later - earlier) // MICROS_PER_SECOND for earlier, later in pairwise(sorted(set(starts))))
    if not steps:
        raise InputError(f"{name}: the length of a single bar cannot be told; fetch at least two bars")
    step = max(steps, key=lambda seconds: (steps[seconds], seconds))
    length = next((length for length in _LENGTHS if length >= step), None)
    if length is None:
        raise InputError(f"{name}: the bars lie more than a day apart, so their length cannot be told")
    return length


def _day_length(name: str, days: Sequence[date]) -> int:
    steps = Counter((later - earlier).days for earlier, later in pairwise(sorted(set(days))))
    if steps and max(steps, key=lambda count: (steps[count], count)) > 5:
        raise InputError(f"{name}: the bars are longer than a day; fetch daily bars or shorter ones")
    return DAY_SECONDS


def _vendor_row(bar: PrintedBar, seconds: int, market: MarketConfig) -> VendorRow:
    if bar.time.day is not None:
        day = bar.time.day
        event_ts, known_ts = midnight_ts(day, market.session), settlement_known_ts(day, market.session)
        return VendorRow(bar.number, bar.cells, day, event_ts, known_ts, None, 0, seconds)
    event_ts = bar.time.ts
    late_us = _LAST_ZONE_US if _is_uncertain(bar, market) else 0
    known_ts = event_ts + seconds * MICROS_PER_SECOND + late_us
    return VendorRow(bar.number, bar.cells, to_datetime(event_ts).date(), event_ts, known_ts, None, 0, seconds)


def _is_uncertain(bar: PrintedBar, market: MarketConfig) -> bool:
    return not bar.time.zone_stated and is_reference(market)


def _flagged(bar: FuturesBar, always: tuple[str, ...], zone_unknown: bool) -> FuturesBar:
    found = {*bar.flags, *always}
    if zone_unknown:
        found.add(ZONE_UNKNOWN)
    if bar.low < 0:
        found.add("negative_price")
    return replace(bar, flags=tuple(sorted(found)))


def _quote(number: int, entry: Fields, ts: int, market: MarketConfig, problems: ProblemList) -> Quote | None:
    numbers = [_number_of(entry.get(name)) for name in ("priceBid", "sizeBid", "priceAsk", "sizeAsk")]
    if None in numbers:
        problems.add(number, "price", "a price or size is no number", repr(entry))
        return None
    bid, bid_size, ask, ask_size = (math.nan if value is None else value for value in numbers)
    if bid_size < 0 or ask_size < 0:
        problems.add(number, "size", "negative size", repr(entry))
        return None
    # TWS gives 0 or -1 without size where there is no bid or no offer.
    bid, ask = _price_or_nan(bid, bid_size), _price_or_nan(ask, ask_size)
    attributes = fields_of(entry.get("tickAttribBidAsk")) or {}
    names = {"bidPastLow": "bid_past_low", "askPastHigh": "ask_past_high"}
    flags = {flag for name, flag in names.items() if attributes.get(name) is True}
    if bid > ask:
        flags.add("crossed")
    absent = (math.nan,) * 6
    return Quote(
        market.market, IB_HISTORY, None, 0, ts, ts, bid, bid_size, ask, ask_size, *absent, tuple(sorted(flags))
    )


def _trade(
    number: int, entry: Fields, ts: int, place: int, market: MarketConfig, problems: ProblemList
) -> Trade | None:
    price, size = _number_of(entry.get("price")), _number_of(entry.get("size"))
    if price is None or size is None or size < 0:
        problems.add(number, "price", "price or size is no number, or the size is negative", repr(entry))
        return None
    attributes = fields_of(entry.get("tickAttribLast")) or {}
    conditions = [
        *(one_line(entry[name]) for name in ("specialConditions", "exchange") if entry.get(name)),
        *(word for name, word in (("pastLimit", "past_limit"), ("unreported", "unreported")) if attributes.get(name)),
    ]
    return Trade(market.market, IB_HISTORY, None, ts, ts, place, price, size, "", ",".join(conditions))


def _price_or_nan(price: float, size: float) -> float:
    return math.nan if size == 0 and price in (0.0, -1.0) else price


def _number_of(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _text_of(name: str, value: object) -> str:
    """A number as text; nothing where it is missing. TWS says -1 for a volume that it does not have."""
    if value is None or (name == "volume" and value in (-1, "-1")):
        return ""
    return value if isinstance(value, str) else repr(value)


def _kind(file: InputFile) -> _Kind:
    keys = leading_keys(file)
    if keys >= _BAR_KEYS:
        return "bars"
    if keys >= _QUOTE_KEYS:
        return "quotes"
    if keys >= _TRADE_KEYS:
        return "trades"
    return "table" if set(header_of(file)) >= _TABLE_COLUMNS else ""


def _table_records(file: InputFile, problems: ProblemList) -> Iterator[tuple[int, Fields]]:
    for number, row, cells in table_rows(file):
        if row is None:
            problems.add(number, "row", "not as many cells as the header", cells)
        else:
            yield number, {**row, "barCount": row["barcount"]}


def _records(file: InputFile, problems: ProblemList) -> Iterator[tuple[int, Fields]]:
    if file.content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"["):
        for number, entry in enumerate(items_of(read_json(file)), 1):
            fields = fields_of(entry)
            if fields is None:
                problems.add(number, "entry", "not a record of fields", repr(entry))
            else:
                yield number, fields
        return
    for number, line in enumerate(file.text().splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = fields_of(json.loads(line, parse_constant=refuse_constant))
        except (ValueError, RecursionError):
            record = None
        if record is None:
            problems.add(number, "line", "not a JSON record", line)
        else:
            yield number, record
