"""Intraday bars of vendors whose tables hold a stamp, four prices and a volume and nothing else.

FirstRate Data stamps the start of a bar in New York time without saying so ("timestamp"): in its ES samples the first
bar after the daily break is 18:00, the opening of CME Globex in that zone. The minute bars that NautilusTrader keeps
("timestamp_utc") are stamped with their end: after a break the first is 23:01 and never 23:00 UTC, the last 22:00.
Neither table names its symbol, so the file's name must ("ES_1hour_sample.csv", "6EH4.XCME_1min_bars.csv"). The length
of a bar is the longest usual one that divides the steps between stamps.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from engine.ingestion.futures.databento_symbols import belongs, place_of, root_of
from engine.ingestion.futures.vendor_bars import BarColumns, Line, VendorRow, bars_of, lines_of
from engine.ingestion.input_file import InputFile
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.parsing.delimited_text import header_of
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_SECOND, to_ts

_COLUMNS: Final = BarColumns(close=4, open=1, high=2, low=3, volume=5)
_WIDTH: Final = 6
SYMBOL_BY_NAME: Final = "symbol by the file's name"
_PRICES: Final = ["open", "high", "low", "close", "volume"]
_SYMBOL_IN_NAME: Final = re.compile(r"^([A-Z0-9]{1,8})[._]")
_LENGTHS: Final = ((3_600, "1h"), (1_800, "30m"), (900, "15m"), (300, "5m"), (60, "1m"), (1, "1s"))
_SHARE_OF_STEPS: Final = 0.99
_YEARS: Final = range(1980, 2100)
_UTC: Final = ZoneInfo("UTC")
_NEW_YORK: Final = ZoneInfo("America/New_York")


class IntradayTablePipeline(SourcePipeline):
    """Base of such tables; series and source are the pipeline's name and the length ("firstrate_1h")."""

    stamp_column: ClassVar[str]
    zone: ClassVar[ZoneInfo]
    stamped_at_end: ClassVar[bool]

    def recognises(self, file: InputFile) -> bool:
        """The exact header."""
        return header_of(file) == (self.stamp_column.lower(), *(name.lower() for name in _PRICES))

    def source_of(self, file: InputFile, market: MarketConfig) -> str:
        """By the length of the bars."""
        stamps = [stamp for line in lines_of(file)[1:] if (stamp := self._stamp(line[1])) is not None]
        return f"{self.name}_{_length(file.name, stamps)[1]}"

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The market of the symbol that begins the file's name, else of an alias in it."""
        symbol = _symbol_in(file.name)
        return (directory.by_root(root_of(symbol)),) if symbol else super().markets_in(file, directory)

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Bars in order of time; rows without a readable stamp are kept out."""
        problems = ProblemList()
        lines = lines_of(file)[1:]
        stamped = self._stamped(lines, problems)
        seconds, name = _length(file.name, [stamp for stamp, _ in stamped])
        length = seconds * MICROS_PER_SECOND
        symbol = _symbol_in(file.name)
        named = symbol if belongs(root_of(symbol), market) else ""
        rows = []
        for stamp, (number, cells) in stamped:
            event_ts = stamp - length if self.stamped_at_end else stamp
            day = datetime.fromtimestamp(event_ts // MICROS_PER_SECOND, tz=UTC).date()
            contract, nearby = self._place(named, market, event_ts)
            rows.append(VendorRow(number, cells, day, event_ts, event_ts + length, contract, nearby, seconds))
        bars = bars_of(file.name, f"{self.name}_{name}", rows, _COLUMNS, market, problems)
        return problems.finish([*bars], {SYMBOL_BY_NAME: len(bars)} if named else None)

    def _place(self, symbol: str, market: MarketConfig, event_ts: int) -> tuple[str | None, int]:
        """A root alone is the vendor's continuous series."""
        if not symbol or symbol == root_of(symbol):
            return None, 1
        return place_of(symbol, symbol, market, event_ts // MICROS_PER_DAY)

    def _stamped(self, lines: Sequence[Line], problems: ProblemList) -> list[tuple[int, Line]]:
        stamped = []
        for number, cells in lines:
            if len(cells) < _WIDTH:
                problems.add(number, "row", "row is cut short", cells)
            elif (stamp := self._stamp(cells)) is None:
                problems.add(number, self.stamp_column, "not a time", cells)
            else:
                stamped.append((stamp, (number, cells)))
        return stamped

    def _stamp(self, cells: Sequence[str]) -> int | None:
        try:
            moment = datetime.fromisoformat(cells[0].strip())
        except ValueError:
            return None
        if moment.year not in _YEARS:
            return None
        return to_ts(moment.replace(tzinfo=self.zone) if moment.tzinfo is None else moment)


class FirstRateBarsPipeline(IntradayTablePipeline):
    """FirstRate Data; series "firstrate_1h", "firstrate_30m", "firstrate_5m", "firstrate_1m"."""

    name = "firstrate"
    title = "intraday bars (FirstRate Data CSV, New York time)"
    stamp_column = "timestamp"
    zone = _NEW_YORK
    stamped_at_end = False


class NautilusBarsPipeline(IntradayTablePipeline):
    """Minute bars as NautilusTrader keeps them; series "nautilus_1m"."""

    name = "nautilus"
    title = "intraday bars (NautilusTrader CSV, UTC)"
    stamp_column = "timestamp_utc"
    zone = _UTC
    stamped_at_end = True


def _symbol_in(name: str) -> str:
    found = _SYMBOL_IN_NAME.match(name)
    return found.group(1) if found else ""


def _length(name: str, stamps: Sequence[int]) -> tuple[int, str]:
    ordered = sorted(set(stamps))
    steps = [later - earlier for earlier, later in pairwise(ordered)]
    for seconds, label in _LENGTHS:
        fitting = sum(1 for step in steps if step % (seconds * MICROS_PER_SECOND) == 0)
        if steps and fitting >= _SHARE_OF_STEPS * len(steps):
            return seconds, label
    raise InputError(f"{name}: the stamps do not say how long a bar is; at least two rows with a time are needed")
