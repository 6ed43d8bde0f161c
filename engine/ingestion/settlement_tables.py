"""Daily tables of exchange settlements: with range and volume ("Settle"), or one price a day ("Nearby").

`close` is the settlement; `known_ts` is when the day's settlement is known. Both are continuous series of one nearby
contract whose roll rule the files do not tell, so the contract of a row is unknown (None) and no return is taken
between rows. Open interest, which these tables print a day late, has no place in a bar and is not stored.
"""

from __future__ import annotations

from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.ingestion.vendor_bars import BarColumns, bars_of, header_of, lines_of, settled_rows
from engine.kernel.config_models import MarketConfig

_COLUMNS: Final = ("Date", "Open", "High", "Low", "Settle", "Volume")


class SettlementTablePipeline(SourcePipeline):
    """CSV with open, high, low, settlement, volume and the previous day's open interest; series "settlement"."""

    name = "settlement"
    title = "daily settlements with open interest (CSV)"

    def recognises(self, file: InputFile) -> bool:
        """A header with the columns of the layout and one that ends in "Open Interest"."""
        header = header_of(file)
        return set(_COLUMNS) <= set(header) and any(cell.endswith("Open Interest") for cell in header)

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Bars of every session in the file, oldest first."""
        header = header_of(file)
        day, open_, high, low, settle, volume = (header.index(column) for column in _COLUMNS)
        problems = ProblemList()
        rows = settled_rows(lines_of(file), day, market.session, problems)
        columns = BarColumns(settle, open_, high, low, volume)
        return problems.finish([*bars_of(file.name, self.name, rows, columns, market, problems)])


class NearbySettlementPipeline(SourcePipeline):
    """CSV with a day and the settlement of the nearby contract; series "nearby_settlement", no open, high, low."""

    name = "nearby_settlement"
    title = "daily nearby settlements (CSV)"

    def recognises(self, file: InputFile) -> bool:
        """The two columns "Index" and "Nearby"."""
        return header_of(file) == ["Index", "Nearby"]

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Bars with a close alone, oldest first."""
        problems = ProblemList()
        rows = settled_rows(lines_of(file), 0, market.session, problems)
        return problems.finish([*bars_of(file.name, self.name, rows, BarColumns(1), market, problems)])
