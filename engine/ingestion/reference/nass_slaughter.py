"""USDA NASS "Livestock Slaughter", the monthly text release: national figures of hogs and cattle.

Taken, for each month that a table shows (this one, the one before, the same of last year): commercial and federally
inspected production of pork and beef; head slaughtered and average live weight (federally inspected, other,
commercial); total live weight of commercial slaughter; federally inspected head by class; dressed weights by class.
Units as printed. `event_ts` = first midnight of the month in the market's zone. `known_ts` = 15:00 Eastern of the
release date, when NASS publishes livestock reports (its notice of 2013-01-08: "The time for livestock reports
currently released at 3:00 p.m. will not change"). A revised month is another figure of the same month in a later
release.

All other figures are counted as ignored by reason: other species, states, regions, percentages and sums since January,
and what another table says already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Final

from engine.ingestion.calendars.session_calendar import midnight_ts
from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import NormalisedRow, Statistic
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.reference.slaughter_tables import Line, Table, tables_of
from engine.ingestion.source_pipeline import OTHER_MARKET, ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts

_RELEASED: Final = re.compile(r"\bReleased ([A-Z][a-z]{2,8} \d{1,2}, \d{4}), by the National Agricultural Statistics")
_HEAD_LINES: Final = 30
_ROOTS: Final = {"Hogs": "HE", "Cattle": "LE"}
_SPECIES: Final = frozenset({"Cattle", "Calves", "Hogs", "Sheep", "Sheep and lambs", "Goats", "Bison", "Equine"})
_MEATS: Final = {"Pork": "HE", "Beef": "LE"}
_NOUNS: Final = {"HE": "hog", "LE": "cattle"}
_COMMERCIAL_MEAT: Final = "Commercial Red Meat Production - United States"
_INSPECTED_MEAT: Final = "Federally Inspected Red Meat Production - United States"
_HEAD_AND_WEIGHT: Final = "Livestock Slaughter and Average Live Weight - United States"
_HOGS_BY_STATE: Final = "Commercial Hog Slaughter - States and United States"
_CATTLE_BY_STATE: Final = "Commercial Cattle Slaughter - States and United States"
_HEAD_BY_CLASS: Final = "Livestock Slaughtered Under Federal Inspection by Class - United States"
_WEIGHT_BY_CLASS: Final = "Federally Inspected Slaughter Average Dressed Weight by Class - United States"
_TABLES: Final = (
    _COMMERCIAL_MEAT, _INSPECTED_MEAT, _HEAD_AND_WEIGHT, _HOGS_BY_STATE, _CATTLE_BY_STATE, _HEAD_BY_CLASS,
    _WEIGHT_BY_CLASS,
)  # fmt: skip
_OTHER_SPECIES: Final = "figure of another species"
_STATES: Final = "figure of states or regions"
_DERIVED: Final = "percentage or sum since January"
_REPEATED: Final = "figure that another table says"
_OTHER_TABLE: Final = "figure of another table"
_WITHHELD: Final = "withheld figure"
_MEASURES: Final = {"Number of head": ("slaughter", "1,000", "1,000 head"),
                    "Average live weight": ("average_live_weight", "pounds", "pounds")}  # fmt: skip
_INSPECTIONS: Final = {"Federally inspected": "federally_inspected", "Other": "other", "Commercial": "commercial"}
_CLASSES: Final = {
    "Steers": "LE", "Heifers": "LE", "All cows": "LE", "Dairy cows": "LE", "Other cows": "LE", "Bulls": "LE",
    "Barrows and gilts": "HE", "Sows": "HE", "Boars": "HE",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Figure:
    root: str
    name: str
    unit: str
    month: date
    value: float


class NassSlaughterPipeline(SourcePipeline):
    """NASS Livestock Slaughter; source "nass_slaughter"."""

    name = "nass_slaughter"
    title = "NASS Livestock Slaughter (text)"

    def recognises(self, file: InputFile) -> bool:
        """The report's name and the line of its release near the beginning."""
        head = "\n".join(file.head(_HEAD_LINES))
        return "Livestock Slaughter" in head and _RELEASED.search(head) is not None

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """Hogs and cattle."""
        return tuple(directory.by_root(root) for root in _ROOTS.values())

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Statistics of this market in the tables' order; InputError for a market that is neither hogs nor cattle."""
        return next(parsed for _, parsed in self._parts(file, [market], alone=True))

    def parse_markets(
        self, file: InputFile, markets: Sequence[MarketConfig], directory: MarketDirectory
    ) -> Iterable[tuple[MarketConfig, ParsedInput]]:
        """Both markets' figures; problems and what was ignored with the last."""
        return self._parts(file, markets, alone=False)

    def _parts(
        self, file: InputFile, markets: Sequence[MarketConfig], *, alone: bool
    ) -> Iterator[tuple[MarketConfig, ParsedInput]]:
        known_ts, month_limit = _release(file)
        problems = ProblemList()
        figures = _figures(file, problems, month_limit)
        for market in markets:
            roots = {market.contract.root, *market.roots}
            mine = [figure for figure in figures if figure.root in roots]
            if not roots & set(_NOUNS):
                raise InputError(f"{file.name}: holds figures of hogs and cattle, not of market {market.market}")
            if alone:
                problems.ignore(OTHER_MARKET, len(figures) - len(mine))
            rows: list[NormalisedRow] = [
                Statistic(
                    market.market, self.name, None, figure.name, figure.unit,
                    midnight_ts(figure.month, market.session), known_ts, figure.value,
                )
                for figure in mine
            ]  # fmt: skip
            last = market is markets[-1]
            yield market, problems.finish(rows) if last else ParsedInput(tuple(rows))


def _release(file: InputFile) -> tuple[int, date]:
    """When the report came out, and its day."""
    found = _RELEASED.search("\n".join(file.head(_HEAD_LINES)))
    try:
        day = datetime.strptime(found[1], "%B %d, %Y").date() if found else None  # noqa: DTZ007
    except ValueError:
        day = None
    if day is None or not 1970 <= day.year < 2100:
        raise InputError(f"{file.name}: the release date cannot be read, so nothing in it has a time of knowing")
    return local_ts(day.year, day.month, day.day, 15, 0, "America/New_York"), day


def _figures(file: InputFile, problems: ProblemList, released: date) -> list[_Figure]:
    figures: dict[tuple[str, str, date], _Figure] = {}
    tables = tables_of(file.text())
    for start in _TABLES:
        if not any(table.title.startswith(start) for table in tables):
            problems.add(1, "table", "a table of this report is missing or its frame is damaged", start)
    for table in tables:
        for line in table.lines:
            if line.damaged:
                problems.add(line.number, "line", "a cell is no figure", line.text)
        whole = replace(table, lines=tuple(line for line in table.lines if not line.damaged))
        for number, figure in _figures_of(whole, problems):
            key = (figure.root, figure.name, figure.month)
            if figure.month >= released:
                problems.add(number, "month", "a month after the release", table.title)
            elif figures.setdefault(key, figure) is not figure:
                problems.add(number, "month", "second figure of the same month", table.title)
    return list(figures.values())


def _figures_of(table: Table, problems: ProblemList) -> Iterator[tuple[int, _Figure]]:
    title = table.title
    if title == _COMMERCIAL_MEAT:
        yield from _production(table, "commercial", problems)
    elif title == _INSPECTED_MEAT:
        yield from _production(table, "federally_inspected", problems)
    elif title == _HEAD_AND_WEIGHT:
        yield from _slaughter(table, problems)
    elif title.startswith((_HOGS_BY_STATE, _CATTLE_BY_STATE)):
        yield from _live_weight(table, "HE" if title.startswith(_HOGS_BY_STATE) else "LE", problems)
    elif title == _HEAD_BY_CLASS:
        yield from _by_class(table, 10, "federally_inspected_{}_slaughter", "1,000 head", problems)
    elif title == _WEIGHT_BY_CLASS:
        yield from _by_class(table, 5, "{}_average_dressed_weight", "pounds", problems)
    else:
        reason = _STATES if "States and" in title or "Regions" in title else _OTHER_TABLE
        for line in table.lines:
            problems.ignore(reason, len(line.cells))


def _production(table: Table, inspection: str, problems: ProblemList) -> Iterator[tuple[int, _Figure]]:
    for line in table.lines:
        root = _MEATS.get(line.label)
        if root is None:
            problems.ignore(_OTHER_SPECIES, len(line.cells))
            continue
        name = f"{inspection}_{line.label.lower()}_production"
        yield from _monthly(table, line, 8, root, name, "million pounds", problems)


def _slaughter(table: Table, problems: ProblemList) -> Iterator[tuple[int, _Figure]]:
    species = measure = ""
    for line in table.lines:
        if not line.cells:
            species = line.label if line.label in _SPECIES else species
            measure = line.label if line.label in _MEASURES else measure
            continue
        root, inspection = _ROOTS.get(species), _INSPECTIONS.get(line.label)
        if root is None:
            problems.ignore(_OTHER_SPECIES, len(line.cells))
        elif inspection is None or not measure or line.unit != _MEASURES[measure][1]:
            problems.add(line.number, "line", "not a line of this table", line.text)
        else:
            what, _, unit = _MEASURES[measure]
            yield from _monthly(table, line, 7, root, f"{inspection}_{_NOUNS[root]}_{what}", unit, problems)


def _live_weight(table: Table, root: str, problems: ProblemList) -> Iterator[tuple[int, _Figure]]:
    months = table.title_months
    for line in table.lines:
        if line.label != "United States":
            problems.ignore(_STATES, len(line.cells))
        elif len(line.cells) != 6 or len(months) != 2:
            problems.add(line.number, "line", "not the six figures of two months", line.text)
        else:
            problems.ignore(_REPEATED, 4)
            for month, value in zip(months, line.cells[2:4], strict=True):
                if value is None:
                    problems.ignore(_WITHHELD)
                else:
                    name = f"commercial_{_NOUNS[root]}_total_live_weight"
                    yield line.number, _Figure(root, name, "1,000 pounds", month, value)


def _by_class(table: Table, width: int, name: str, unit: str, problems: ProblemList) -> Iterator[tuple[int, _Figure]]:
    before = [None, *table.lines]
    for previous, line in pairwise(before):
        if line is None or not line.cells:
            continue
        joined = previous is not None and not previous.cells and line.indent
        label = f"{previous.label} {line.label}" if joined and previous is not None else line.label
        root = _ROOTS.get(label) or _CLASSES.get(label)
        if label == "Total":
            problems.ignore(_REPEATED, len(line.cells))
        elif root is None:
            problems.ignore(_OTHER_SPECIES, len(line.cells))
        else:
            noun = _NOUNS[root] if label in _ROOTS else label.lower().replace(" ", "_")
            yield from _monthly(table, line, width, root, name.format(noun), unit, problems)


def _monthly(
    table: Table, line: Line, width: int, root: str, name: str, unit: str, problems: ProblemList
) -> Iterator[tuple[int, _Figure]]:
    months = table.months
    if len(line.cells) != width or len(months) != 3:
        problems.add(line.number, "line", f"not {width} figures, three of them of months", line.text)
        return
    problems.ignore(_DERIVED, width - 3)
    for month, value in zip(months, line.cells[:3], strict=True):
        if value is None:
            problems.ignore(_WITHHELD)
        else:
            yield line.number, _Figure(root, name, unit, month, value)
