"""Balances of the USDA's monthly report WASDE as a table: one row a report, one column a line of the balance.

A row is about the report of its day and known when that came out: at noon in Washington, since 2013-01-11 (notice of
the Agricultural Statistics Board, 2013-01-08); before that it came at 8:30, so that older rows are known late and
never early. The table does not say the marketing year: from the report of May on it is the next one.

Units are those of the report's tables "U.S. Feed Grain and Corn Supply and Use" and "World Corn Supply and Use". A
single comma with one or two figures behind it is a decimal comma, and "01.06" is 1.06: so read, beginning stocks,
production and imports less use and exports give the ending stocks in all 138 balances of a country that hold such a
cell; read as 1.6, none of them closes better. Columns that a collector added beside the report (a price, its changes)
are counted as ignored.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import NormalisedRow, Statistic
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.parsing.delimited_text import header_of, table_rows
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts

_CORN: Final = "ZC"
_CORN_ALONE: Final = "ethanol"
_BUSHELS: Final = "million bushels"
_NATIONAL: Final = {
    "area planted": "million acres", "area harvested": "million acres", "yield": "bushels/acre",
    "beginning stocks": _BUSHELS, "production": _BUSHELS, "imports": _BUSHELS, "total supply": _BUSHELS,
    "feed and residual": _BUSHELS, "fsi": _BUSHELS, "ethanol": _BUSHELS, "total domestic": _BUSHELS,
    "exports": _BUSHELS, "total use": _BUSHELS, "ending stocks": _BUSHELS,
}  # fmt: skip
_NEEDED: Final = frozenset({"date", "area planted", "area harvested", "yield", "beginning stocks", "ending stocks"})
_REGIONAL: Final = re.compile(
    r"([a-z][a-z ]*?) (beginning ?stocks|production|imports|domestic ?feed|domestic ?total|exports|ending ?stocks)"
)
_REGIONAL_UNIT: Final = "million metric tons"
_SPLIT: Final = re.compile(r"^(beginning|domestic|ending) ?(stocks|feed|total)$")
_DECIMAL_COMMA: Final = re.compile(r"\d+,\d{1,2}", re.ASCII)
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_NOT_OF_THE_REPORT: Final = "column beside the report"
_EMPTY: Final = "empty cell"


class WasdeTablePipeline(SourcePipeline):
    """WASDE balances; source "wasde", one statistic a cell ("ending_stocks", "world_ending_stocks")."""

    name = "wasde"
    title = "WASDE balances (CSV)"

    def recognises(self, file: InputFile) -> bool:
        """A date, areas, yield and stocks."""
        return set(header_of(file)) >= _NEEDED

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """Corn where the use for ethanol is a line of its own, as in no other balance; else by the file's name."""
        if _CORN_ALONE in header_of(file):
            return (directory.by_root(_CORN),)
        return super().markets_in(file, directory)

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Statistics of every report, in the table's order; a second row of a day is kept out. InputError where the
        balance is corn's and the market is another."""
        if _CORN_ALONE in header_of(file) and _CORN not in (market.contract.root, *market.roots):
            raise InputError(f"{file.name}: holds the balance of corn, not of market {market.market}")
        problems = ProblemList()
        lines = {column: _line_of(column) for column in header_of(file) if column != "date"}
        rows: list[NormalisedRow] = []
        seen: set[int] = set()
        for number, row, cells in table_rows(file):
            if row is None:
                problems.add(number, "row", "not as many cells as the header", cells)
                continue
            released_ts = _released_ts(row["date"].strip())
            if released_ts is None or released_ts in seen:
                reason = "not a date" if released_ts is None else "second row of the same report"
                problems.add(number, "date", reason, cells)
                continue
            seen.add(released_ts)
            for column, line in lines.items():
                text = row[column].strip()
                if line is None:
                    problems.ignore(_NOT_OF_THE_REPORT)
                elif not text:
                    problems.ignore(_EMPTY)
                elif (value := _number(text)) is None:
                    problems.add(number, column, "not a number", text)
                else:
                    name, unit = line
                    rows.append(Statistic(market.market, self.name, None, name, unit, released_ts, released_ts, value))
        return problems.finish(rows)


def _line_of(column: str) -> tuple[str, str] | None:
    unit = _NATIONAL.get(column)
    if unit is not None:
        return column.replace(" ", "_"), unit
    regional = _REGIONAL.fullmatch(column)
    if regional is None:
        return None
    line = _SPLIT.sub(r"\1_\2", regional[2])
    return f"{regional[1].replace(' ', '_')}_{line}", _REGIONAL_UNIT


def _number(text: str) -> float | None:
    if _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    number = float(text) if _NUMBER.fullmatch(text) else math.inf
    return number if math.isfinite(number) else None


def _released_ts(text: str) -> int | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return local_ts(day.year, day.month, day.day, 12, 0, "America/New_York") if 1970 <= day.year < 2100 else None
