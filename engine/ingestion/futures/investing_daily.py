"""Daily bars as Investing.com writes them: one continuous front-month series, newest row first, "9.87K" volumes.

Prices are printed to the hundredth: one within half a hundredth of a tick is that tick. The series rolls as Yahoo's
does: of 1,700 common days of lean hogs 2016-2022 it shows another contract on the two listed below and departs by
more than its rounding on one more (2016-02-12). Volumes of a last trade day are now the expiring contract's, now the
next one's, and the file does not say which; "0.00K" says fewer than five lots. "Change %" follows from the prices and
is not stored.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

from engine.ingestion.futures.vendor_bars import BarColumns, bars_of, continuous_contract, lines_of, settled_rows
from engine.ingestion.input_file import InputFile
from engine.ingestion.parsing.delimited_text import header_of
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig

_COLUMNS: Final = ("date", "price", "open", "high", "low", "vol.")
_HALF_A_HUNDREDTH: Final = 0.005 + 1e-6

# Last trade days on which the series shows the next contract already: (root, day) -> contract. On 2017-10-13 it
# prints 61.52-62.40 where HEV17 traded 60.25-60.975 and HEZ17 opened the next session at 62.50; on 2018-04-13 it
# prints 69.70 where HEJ18 settled at 53.825 and HEK18 opened the next session at 69.20.
_EARLY_ROLLS: Final = {("HE", date(2017, 10, 13)): "HEZ17", ("HE", date(2018, 4, 13)): "HEK18"}


class InvestingDailyPipeline(SourcePipeline):
    """Investing.com "Historical Data" CSV; series and source "investing"."""

    name = "investing"
    title = "daily bars (Investing.com CSV)"

    def recognises(self, file: InputFile) -> bool:
        """A header with Date, Price, Open, High, Low and "Vol."."""
        return set(_COLUMNS) <= set(header_of(file))

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Bars of every session in the file, oldest first; an empty volume is missing."""
        header = header_of(file)
        day, close, open_, high, low, volume = (header.index(column) for column in _COLUMNS)
        problems = ProblemList()
        root = market.contract.root
        rows = [
            replace(row, contract=_EARLY_ROLLS.get((root, row.day)) or continuous_contract(market, row.day))
            for row in settled_rows(lines_of(file), day, market.session, problems)
        ]
        columns = BarColumns(close, open_, high, low, volume)
        bars = bars_of(file.name, self.name, rows, columns, market, problems, rounding=_HALF_A_HUNDREDTH)
        return problems.finish([*bars])
