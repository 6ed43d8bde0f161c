"""Open interest of futures as QuantConnect's LEAN stores it: a zip with one table per contract month, no header.

A row is a time and the contract's open interest in lots. It is stamped with its day and counts as known when that day
is over: the figures of a Sunday (ESZ13, 2013-10-06) show that a day's row is what had been published by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import NormalisedRow, Statistic
from engine.ingestion.lean.lean_bars import lean_markets, lean_rows
from engine.ingestion.lean.lean_entries import lean_kind
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.parsing.numbers import number_or_nan
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig

OPEN_INTEREST: Final = "open_interest"
_WIDTH: Final = 2


class LeanOpenInterestPipeline(SourcePipeline):
    """LEAN futures zip of open interest; source "lean_openinterest"."""

    name = "lean_openinterest"
    title = "open interest of futures (LEAN zip)"

    def recognises(self, file: InputFile) -> bool:
        """Every table is named and begins as LEAN's futures tables do, the first as one of open interest."""
        return lean_kind(file) == "openinterest"

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The market of the root in the tables' names."""
        return lean_markets(file, directory)

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """One statistic "open_interest" per contract and day, in order of time."""
        problems = ProblemList()
        found: dict[tuple[int, str], Statistic] = {}
        for row in lean_rows(file, market, _WIDTH, problems):
            raw = [row.contract, *row.cells]
            try:
                lots = number_or_nan(row.cells[1])
            except ValueError:
                problems.add(row.number, OPEN_INTEREST, "not a number", raw)
                continue
            if not lots >= 0:
                problems.add(row.number, OPEN_INTEREST, "negative or missing", raw)
            elif (row.event_ts, row.contract or "") in found:
                problems.add(row.number, "time", "second row for the same time and contract", raw)
            else:
                found[row.event_ts, row.contract or ""] = Statistic(
                    market=market.market,
                    source=self.name,
                    contract=row.contract,
                    name=OPEN_INTEREST,
                    unit="lots",
                    event_ts=row.event_ts,
                    known_ts=row.known_ts,
                    value=lots,
                )
        rows: list[NormalisedRow] = [found[key] for key in sorted(found)]
        return problems.finish(rows)
