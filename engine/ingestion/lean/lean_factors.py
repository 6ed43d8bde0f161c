"""Roll factors of a continuous future as QuantConnect's LEAN keeps them: one JSON object per line.

Each line is a roll of one mapping mode, with a factor for each of the contracts behind the mapped one (offset 0, 1, 2).
A factor becomes a statistic whose name says scaling, mode and offset: "backwards_ratio.open_interest.0" (LEAN's
DataMappingMode: 0 last trading day, 1 first day of the month, 2 open interest, 3 open interest of a year). It is about
the stretch that ends at the line's date.

Backward factors contain every later roll: whoever uses that of 2009 knows the rolls of 2023. All factors of a file are
therefore known from its last dated roll on and no earlier. The line of 2050-12-31 stands for "until the next roll": it
is stamped the day after its mode's last roll and flagged "until_next_roll". The market is named by the file's name.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from engine.ingestion.calendars.session_calendar import midnight_ts
from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import NormalisedRow, Statistic
from engine.ingestion.lean.lean_margins import refuse_other_root, root_in_name
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig

MAPPING_MODES: Final = {
    0: "last_trading_day",
    1: "first_day_month",
    2: "open_interest",
    3: "open_interest_annual",
}
OPEN_ENDED: Final = date(2050, 12, 31)
_SCALINGS: Final = {
    "BackwardsRatioScale": ("backwards_ratio", "ratio"),
    "BackwardsPanamaCanalScale": ("backwards_panama", "price"),
    "ForwardPanamaCanalScale": ("forward_panama", "price"),
}
_KEYS: Final = {"Date", "DataMappingMode", *_SCALINGS}
_YEARS: Final = range(1950, 2051)


@dataclass(frozen=True, slots=True)
class _Roll:
    day: date
    mode: int
    factors: tuple[tuple[str, tuple[float, ...]], ...]


class LeanFactorsPipeline(SourcePipeline):
    """LEAN factor file of a future; source "lean_factors"."""

    name = "lean_factors"
    title = "roll factors of a continuous future (LEAN JSON lines)"

    def recognises(self, file: InputFile) -> bool:
        """A first line that is an object with the five fields of the layout."""
        head = file.head(1)
        row = _object(head[0]) if head else None
        return row is not None and set(row) >= _KEYS

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The market of the root that the file is named after."""
        root = root_in_name(file.name)
        return () if root is None else (directory.by_root(root),)

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """All factors in file order."""
        refuse_other_root(file.name, market)
        problems = ProblemList()
        rolls: list[_Roll] = []
        for number, line in enumerate(file.text().splitlines(), 1):
            if not line.strip():
                continue
            roll = _roll(_object(line))
            if roll is None:
                problems.add(number, "line", "not a line of roll factors", line)
            elif any((roll.day, roll.mode) == (other.day, other.mode) for other in rolls):
                problems.add(number, "Date", "second line for the same roll", line)
            else:
                rolls.append(roll)
        dated = [roll.day for roll in rolls if roll.day != OPEN_ENDED]
        if not dated:
            return problems.finish([])
        known_day = max(dated) + timedelta(days=1)
        known_ts = midnight_ts(known_day, market.session)
        rows: list[NormalisedRow] = []
        for roll in rolls:
            day, flags = roll.day, tuple[str, ...]()
            if day == OPEN_ENDED:
                ends = [other.day for other in rolls if other.mode == roll.mode and other.day != OPEN_ENDED]
                day, flags = (max(ends) if ends else max(dated)) + timedelta(days=1), ("until_next_roll",)
            event_ts = midnight_ts(day, market.session)
            rows.extend(
                Statistic(
                    market=market.market,
                    source=self.name,
                    contract=None,
                    name=f"{_SCALINGS[scaling][0]}.{MAPPING_MODES[roll.mode]}.{offset}",
                    unit="ratio" if _SCALINGS[scaling][1] == "ratio" else market.contract.price_unit,
                    event_ts=event_ts,
                    known_ts=known_ts,
                    value=factor,
                    flags=flags,
                )
                for scaling, factors in roll.factors
                for offset, factor in enumerate(factors)
            )
        return problems.finish(rows)


def _object(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _roll(row: dict[str, Any] | None) -> _Roll | None:
    if row is None or not set(row) >= _KEYS or row["DataMappingMode"] not in list(MAPPING_MODES):
        return None
    try:
        day = datetime.fromisoformat(row["Date"]).date()
        factors = tuple((scaling, tuple(float(factor) for factor in row[scaling])) for scaling in _SCALINGS)
    except (TypeError, ValueError, OverflowError):
        return None
    if day.year not in _YEARS or not all(math.isfinite(factor) for _, values in factors for factor in values):
        return None
    return _Roll(day, row["DataMappingMode"], factors)
