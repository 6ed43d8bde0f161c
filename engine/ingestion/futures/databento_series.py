"""Databento's bars as records, the same from CSV and from DBN: checks, flags, times, one bar per instrument and moment.

`event_ts` = start of the bar, `known_ts` = its end; "1d" bars are those of a UTC day. Lengths follow the record type.
A bar over a whole session ("eod") begins with a UTC date and may end after it: it counts as known a day later still.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.core.records import FuturesBar
from engine.ingestion.futures.bar_checks import bar_fault, bar_flags, refuse_wrong_unit, unit_jumps
from engine.ingestion.market_directory import is_reference
from engine.ingestion.parsing.numbers import on_tick
from engine.ingestion.source_pipeline import ProblemList
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import MICROS_PER_SECOND

SOURCE: Final = "databento"
_PRINTED_TICK: Final = 1e-9  # Databento's own resolution of prices: nothing finer is printed
RawBar = tuple[int, int, str, int, float, float, float, float, float, object]
"""Row number, event_ts, contract, nearby, open, high, low, close, volume, raw content for the quarantine."""


@dataclass(frozen=True, slots=True)
class BarLength:
    """Length of a bar and the name of its series; `known_seconds` after its start it is complete."""

    name: str
    seconds: int
    known_seconds: int


LENGTHS: Final = {
    32: BarLength("1s", 1, 1),
    33: BarLength("1m", 60, 60),
    34: BarLength("1h", 3_600, 3_600),
    35: BarLength("1d", 86_400, 86_400),
    36: BarLength("eod", 86_400, 2 * 86_400),
}


def length_of(name: str, rtype: str | int) -> BarLength:
    """The length that a record type stands for; InputError where it is no bar."""
    text = str(rtype).strip()
    length = LENGTHS.get(int(text)) if text.isascii() and text.isdigit() and len(text) < 4 else None
    if length is None:
        raise InputError(f"{name}: rtype {rtype} is not a bar (32 second, 33 minute, 34 hour, 35 day)")
    return length


def series_bars(
    name: str, rows: Sequence[RawBar], length: BarLength, series: str, market: MarketConfig, problems: ProblemList
) -> list[FuturesBar]:
    """Bars of one market in order of time; bad rows go to `problems`. InputError where most prices are not this
    market's. Prices of a reference market are taken as printed, negative ones too."""
    contract = market.contract
    closes = [row[7] for row in rows]
    refuse_wrong_unit(name, closes, contract)
    high_bound, low_bound, tick = contract.plausible_price_high, contract.plausible_price_low, contract.tick_size
    doubtful = not is_reference(market) and any(not 0 < close < high_bound * 2 for close in closes)
    jumps = unit_jumps(closes) if doubtful else set()
    floor = max(0.0, low_bound)
    bars: dict[tuple[int, str, int], FuturesBar] = {}
    known_us = length.known_seconds * MICROS_PER_SECOND
    for index, (number, event_ts, instrument, nearby, *values, volume, raw) in enumerate(rows):
        open_, high, low, close = values if tick <= _PRINTED_TICK else [on_tick(price, tick) for price in values]
        fault, flags = None, ()  # type: tuple[str, str] | None, tuple[str, ...]
        if not (floor <= low <= open_ <= high <= high_bound and low <= close <= high and volume > 0):
            fault = bar_fault(open_, high, low, close, volume, contract)
            flags = bar_flags(open_, high, low, close, volume)
        if fault is None and index in jumps:
            fault = "close", "price jumps by more than 50 times against its neighbours"
        key = (event_ts, instrument, nearby)
        if fault is None and key in bars:
            fault = "ts_event", "second bar of the same instrument and time"
        if fault is not None:
            problems.add(number, fault[0], fault[1], raw)
            continue
        bars[key] = FuturesBar(
            market.market,
            series,
            instrument,
            nearby,
            length.seconds,
            event_ts,
            event_ts + known_us,
            open_,
            high,
            low,
            close,
            volume,
            flags,
        )
    return [bars[key] for key in sorted(bars)]
