"""Daily tables of exchange settlements: with range and volume ("Settle"), or one price a day ("Nearby").

`close` is the settlement; `known_ts` is when the day's settlement is known. Both are continuous series of one nearby
contract whose roll rule the files do not tell, so the contract of a row is unknown (None) and no return is taken
between rows. These tables print the open interest of the session before: it becomes a statistic of that session, known
with the row that carries it. It is that of the unnamed contract and not of the whole market, hence its name
"nearby_open_interest" (119,545 lots of live cattle late in 2014, when the Commitments of Traders count over 200,000).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from engine.ingestion.calendars.session_calendar import midnight_ts, session_days
from engine.ingestion.futures.vendor_bars import BarColumns, VendorRow, bars_of, lines_of, settled_rows
from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import Statistic
from engine.ingestion.parsing.delimited_text import header_of
from engine.ingestion.parsing.numbers import number_or_nan
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig, SessionConfig

NEARBY_OPEN_INTEREST: Final = "nearby_open_interest"
_COLUMNS: Final = ("date", "open", "high", "low", "settle", "volume")
_INTEREST: Final = "open interest"
_LONGEST_BREAK: Final = timedelta(days=10)


class SettlementTablePipeline(SourcePipeline):
    """CSV with open, high, low, settlement, volume and the previous day's open interest; series "settlement"."""

    name = "settlement"
    title = "daily settlements with open interest (CSV)"

    def recognises(self, file: InputFile) -> bool:
        """A header with the columns of the layout and one that ends in "Open Interest"."""
        header = header_of(file)
        return set(_COLUMNS) <= set(header) and any(cell.endswith(_INTEREST) for cell in header)

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Bars of every session in the file, oldest first, then the open interest of the sessions before."""
        header = header_of(file)
        day, open_, high, low, settle, volume = (header.index(column) for column in _COLUMNS)
        interest = next(place for place, cell in enumerate(header) if cell.endswith(_INTEREST))
        problems = ProblemList()
        rows = settled_rows(lines_of(file), day, market.session, problems)
        columns = BarColumns(settle, open_, high, low, volume)
        bars = bars_of(file.name, self.name, rows, columns, market, problems)
        kept = {bar.event_ts for bar in bars}
        figures = _open_interest([row for row in rows if row.event_ts in kept], interest, self.name, market, problems)
        return problems.finish([*bars, *figures])


class NearbySettlementPipeline(SourcePipeline):
    """CSV with a day and the settlement of the nearby contract; series "nearby_settlement", no open, high, low."""

    name = "nearby_settlement"
    title = "daily nearby settlements (CSV)"

    def recognises(self, file: InputFile) -> bool:
        """The two columns "Index" and "Nearby"."""
        return header_of(file) == ("index", "nearby")

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Bars with a close alone, oldest first."""
        problems = ProblemList()
        rows = settled_rows(lines_of(file), 0, market.session, problems)
        return problems.finish([*bars_of(file.name, self.name, rows, BarColumns(1), market, problems)])


def _open_interest(
    rows: Sequence[VendorRow], column: int, source: str, market: MarketConfig, problems: ProblemList
) -> list[Statistic]:
    """The printed open interest, each of the session before its row; blanks are missing and leave no statistic."""
    found: dict[int, Statistic] = {}
    for row in rows:
        try:
            lots = number_or_nan(row.cells[column])
        except ValueError:
            problems.add(row.number, _INTEREST, "not a number", row.cells)
            continue
        before = _session_before(row.day, market.session)
        if before is None or math.isnan(lots):
            continue
        if lots < 0:
            problems.add(row.number, _INTEREST, "negative open interest", row.cells)
            continue
        event_ts = midnight_ts(before, market.session)
        found.setdefault(
            event_ts,
            Statistic(market.market, source, None, NEARBY_OPEN_INTEREST, "lots", event_ts, row.known_ts, lots),
        )
    return [found[event_ts] for event_ts in sorted(found)]


def _session_before(day: date, session: SessionConfig) -> date | None:
    days = list(session_days(day - _LONGEST_BREAK, day - timedelta(days=1), session.calendar))
    return days[-1] if days else None
