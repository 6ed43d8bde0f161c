"""A day's list of options with prices and, for shares, volatility and greeks, as LEAN keeps it ("universes").

The content names neither underlying nor day: the day is the file's name (20140605.csv) and the underlying the folder
after "universes" (universes/twx/, universes/es/202003/), so a file that was taken out of its folders needs --market.
The first row is the underlying, the others are options; `close` becomes the quote's last (a day without a trade prints
the middle of the quotes there, with volume 0). Zeros and blanks are missing; an option without any figure is only
listed and is counted, not stored. The underlying's row is kept as statistics "underlying_open" to "underlying_volume".

Days. Lists of options on shares, which have volatility and greeks, hold the trades of the day in their name: known at
that day's end in New York. Lists of options on futures hold those of the NEXT session (the list of 2020-01-06 has the
range of ESH20 of 01-07, that of Friday 2020-01-03 the quotes of Sunday evening): they are stamped and known at the end
of the weekday after the one in their name, or they would look into the future.

Corporate actions. The list of AAPL of 2014-06-06 is already in the terms of the 7:1 split of 06-09 (underlying 92.69
after 649.56, strikes like 70.71 that no exchange lists) with no price and no open interest: no chain comes of it, and
its statistics carry the flag "adjusted_strikes". Where strikes are adjusted, chains of the days before are in other
terms and must not be compared with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from engine.core.records import OptionQuote
from engine.ingestion.calendars.session_calendar import midnight_ts
from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import Statistic
from engine.ingestion.lean.lean_times import end_of, lean_day, lean_zone
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.options.option_collector import (
    CUT_SHORT,
    GREEKS,
    NO_FIGURES,
    RIGHTS,
    ChainCollector,
    ChainKey,
    VendorMark,
    price_or_nan,
)
from engine.ingestion.options.option_roots import NEW_YORK, OptionRoot
from engine.ingestion.parsing.delimited_text import header_of, table_rows
from engine.ingestion.parsing.numbers import number_or_nan
from engine.ingestion.source_pipeline import ParsedInput, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts

ADJUSTED_STRIKES: Final = "adjusted_strikes"
_COLUMNS: Final = ("#expiry", "strike", "right", "open", "high", "low", "close", "volume", "open_interest")
_FIGURES: Final = ("close", "volume", "open_interest", "implied_volatility", *GREEKS)
_UNDERLYING: Final = ("open", "high", "low", "close", "volume")
_FOLDER: Final = "universes"
_CLOSE: Final = (16, 0)
_FRIDAY: Final = 4


@dataclass(frozen=True, slots=True)
class _Day:
    """The day in the file's name and the times of its figures."""

    day: date
    event_ts: int
    known_ts: int


class LeanOptionUniversePipeline(SourcePipeline):
    """LEAN option universe; source "lean_option_universe"."""

    name = "lean_option_universe"
    title = "a day's list of options (LEAN universe CSV)"

    def recognises(self, file: InputFile) -> bool:
        """The header of the layout, with or without volatility and greeks."""
        return header_of(file)[: len(_COLUMNS)] == _COLUMNS

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The market of the folder that is named after the underlying."""
        root = _root_of(file)
        return () if root is None else (directory.by_root(root),)

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Chains by expiry, marks and the underlying's statistics."""
        named = _root_of(file)
        if named is not None and named not in (market.contract.root, *market.roots):
            raise InputError(
                f"{file.name}: lies in the folder of {named}, but market {market.market} trades "
                f"{market.contract.root}; pass the market it belongs to with --market"
            )
        on_future = "implied_volatility" not in header_of(file)
        root = OptionRoot.of(named or market.contract.root, market, on_future=on_future)
        times = _times(file.name, root, on_future=on_future)
        collector = ChainCollector(market, self.name)
        underlying: dict[str, float] = {}
        keys: dict[str, ChainKey | None] = {}
        strikes: list[float] = []
        for number, named_cells, cells in table_rows(file):
            if named_cells is None:
                collector.problems.add(number + 1, "row", CUT_SHORT, cells)
                continue
            try:
                figures = {column: number_or_nan(named_cells.get(column, "")) for column in ("strike", *_FIGURES)}
                if not named_cells["#expiry"].strip():
                    underlying.update({field: number_or_nan(named_cells[field]) for field in _UNDERLYING})
                    if not any(value > 0 for value in underlying.values()):
                        collector.problems.ignore(NO_FIGURES)
                    continue
            except ValueError:
                collector.problems.add(number + 1, "row", "not a number", cells)
                continue
            text = named_cells["#expiry"]
            if text not in keys:
                keys[text] = _key(text, root, times, underlying.get("close", math.nan) if on_future else math.nan)
            key, right = keys[text], RIGHTS.get(named_cells["right"].strip().lower())
            if key is None or right is None:
                field = "#expiry" if key is None else "right"
                collector.problems.add(number + 1, field, "not a date" if key is None else "not a right", cells)
                continue
            if math.isfinite(figures["strike"]):
                strikes.append(figures["strike"])
            if all(math.isnan(figures[column]) or figures[column] == 0 for column in _FIGURES):
                collector.problems.ignore(NO_FIGURES)
                continue
            last = price_or_nan(figures["close"])
            quote = OptionQuote(
                figures["strike"], right, math.nan, math.nan, last, figures["volume"], figures["open_interest"]
            )
            greeks = (figures[greek] for greek in GREEKS)
            price = price_or_nan(underlying.get("close", math.nan))
            mark = VendorMark(price, figures["implied_volatility"], *greeks)
            collector.add(number + 1, cells, key, quote, mark)
        return collector.finish(*_statistics(market, self.name, root, times, underlying, strikes, on_future=on_future))


def _root_of(file: InputFile) -> str | None:
    folders = [folder.lower() for folder in file.folders]
    if _FOLDER not in folders[:-1]:
        return None
    return folders[folders.index(_FOLDER) + 1].upper()


def _times(name: str, root: OptionRoot, *, on_future: bool) -> _Day:
    day = lean_day(name.split(".", maxsplit=1)[0])
    if day is None:
        raise InputError(
            f"{name}: LEAN names the day of a list of options in the file's name alone (like 20140605.csv) and this "
            "name holds none; give the file its original name"
        )
    if on_future:
        following = day + timedelta(days=1 if day.weekday() < _FRIDAY else 7 - day.weekday())
        known_ts = end_of(following, lean_zone(root, on_future=True))
        return _Day(day, known_ts, known_ts)
    return _Day(day, local_ts(day.year, day.month, day.day, *_CLOSE, NEW_YORK), end_of(day, NEW_YORK))


def _key(text: str, root: OptionRoot, times: _Day, underlying: float) -> ChainKey | None:
    expiry = lean_day(text)
    if expiry is None:
        return None
    price = math.nan if math.isnan(underlying) or underlying == 0 else underlying
    contract, expiry_ts = root.future_under(expiry), root.expiry_ts(expiry)
    return ChainKey(contract, root.style, times.event_ts, times.known_ts, expiry_ts, price)


def _statistics(
    market: MarketConfig,
    source: str,
    root: OptionRoot,
    times: _Day,
    underlying: dict[str, float],
    strikes: Sequence[float],
    *,
    on_future: bool,
) -> list[Statistic]:
    off_grid = sum(1 for strike in strikes if abs(strike * 2 - round(strike * 2)) > 1e-9)
    flags = (ADJUSTED_STRIKES,) if off_grid * 2 > len(strikes) else ()
    zone = market.session.model_copy(update={"timezone": lean_zone(root, on_future=on_future)})
    return [
        Statistic(
            market=market.market,
            source=source,
            contract=None,
            name=f"underlying_{field}",
            unit="lots" if field == "volume" else market.contract.price_unit,
            event_ts=midnight_ts(times.day, zone) if not on_future else times.event_ts,
            known_ts=times.known_ts,
            value=value,
            flags=flags,
        )
        for field, value in underlying.items()
        if value != 0 and not math.isnan(value)
    ]
