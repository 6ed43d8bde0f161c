"""Margins of a future as QuantConnect's LEAN keeps them: a CSV of dates from which initial and maintenance margin held.

USD per lot, the currency of the file's own notes ("Values are converted from SEK to USD"). Lines that begin with "#"
are notes about sources. The market is named by the file's name alone, its exchange root ("HE.csv"). A margin is stamped
with the midnight of its first day in the exchange's zone and known then: the exchange announces it days before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from engine.ingestion.calendars.session_calendar import midnight_ts
from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import NormalisedRow, Statistic
from engine.ingestion.lean.lean_times import lean_day
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.parsing.numbers import number_or_nan
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

_HEADER: Final = "date,initial,maintenance"
_NAMES: Final = ("initial_margin", "maintenance_margin")
_ROOT: Final = re.compile(r"[A-Z0-9]{1,4}", re.ASCII)
_NOTE_LINES: Final = 20


class LeanMarginsPipeline(SourcePipeline):
    """LEAN margin history; source "lean_margins"."""

    name = "lean_margins"
    title = "margins of a future by date (LEAN CSV)"

    def recognises(self, file: InputFile) -> bool:
        """The three columns in the first line that is no note."""
        lines = (line.strip().lower() for line in file.head(_NOTE_LINES))
        return next((line for line in lines if line and not line.startswith("#")), "") == _HEADER

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The market of the root that the file is named after."""
        root = root_in_name(file.name)
        return () if root is None else (directory.by_root(root),)

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Two statistics per date, "initial_margin" and "maintenance_margin", in order of time."""
        refuse_other_root(file.name, market)
        problems = ProblemList()
        days: dict[date, tuple[float, ...]] = {}
        for number, line in enumerate(file.text().splitlines(), 1):
            text = line.strip()
            if not text or text.startswith("#") or text.lower() == _HEADER:
                continue
            cells = text.split(",")
            if len(cells) < 3:
                problems.add(number, "row", "row is cut short", cells)
                continue
            day = lean_day(cells[0])
            try:
                margins = tuple(number_or_nan(cell) for cell in cells[1:3])
            except ValueError:
                problems.add(number, "margin", "not a number", cells)
                continue
            if day is None:
                problems.add(number, "date", "not a date", cells)
            elif not all(margin > 0 for margin in margins):
                problems.add(number, "margin", "margin missing or not positive", cells)
            elif margins[0] < margins[1]:
                problems.add(number, "initial", "initial margin below maintenance margin", cells)
            elif day in days:
                problems.add(number, "date", "second row for the same day", cells)
            else:
                days[day] = margins
        rows: list[NormalisedRow] = [
            Statistic(market.market, self.name, None, name, "USD/lot", since_ts, since_ts, margin)
            for day in sorted(days)
            for since_ts in (midnight_ts(day, market.session),)
            for name, margin in zip(_NAMES, days[day], strict=True)
        ]
        return problems.finish(rows)


def root_in_name(name: str) -> str | None:
    """The exchange root that a LEAN file is named after ("HE.csv", "es.csv"), None where the name is something else."""
    stem = name.split(".", maxsplit=1)[0].upper()
    return stem if _ROOT.fullmatch(stem) else None


def refuse_other_root(name: str, market: MarketConfig) -> None:
    """InputError where a file is named after the root of another market."""
    root = root_in_name(name)
    if root is not None and root not in (market.contract.root, *market.roots):
        raise InputError(
            f"{name}: is named after root {root}, but market {market.market} trades {market.contract.root}; "
            "pass the market it belongs to with --market"
        )
