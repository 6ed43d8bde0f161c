"""Symbology of a Databento continuous symbol: which instrument "HE.v.0" meant from one day to the next.

Rows are half-open spans of UTC days. Bars carry their instrument id themselves, so this table is a record of the
vendor's rolls and not needed to read them. A volume roll is decided on data of the day before: `known_ts` = `event_ts`.
"""

from __future__ import annotations

import csv
from datetime import date
from typing import Final

from engine.ingestion.databento_bars import nearby_of
from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import NormalisedRow, RollSpan
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso

_HEADER: Final = ["symbol", "start_date", "end_date", "instrument_id"]


class DatabentoRollsPipeline(SourcePipeline):
    """Symbology CSV (symbol, start_date, end_date, instrument_id)."""

    name = "databento_rolls"
    title = "roll table (Databento symbology CSV)"

    def recognises(self, file: InputFile) -> bool:
        """The four columns of the layout, in order."""
        head = file.head(1)
        return bool(head) and head[0].strip().split(",") == _HEADER

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Spans in file order; a span that ends before it begins is kept out."""
        problems = ProblemList()
        spans: list[NormalisedRow] = []
        for number, cells in enumerate(csv.reader(file.text().splitlines()[1:]), 2):
            if not cells:
                continue
            if len(cells) < len(_HEADER):
                problems.add(number, "row", "row is cut short", cells)
                continue
            symbol, start, end, instrument = (cell.strip() for cell in cells[:4])
            if nearby_of(symbol, market.contract.root) is None:
                raise InputError(
                    f"{file.name}: holds symbol {symbol}, but market {market.market} trades "
                    f"{market.contract.root}; pass the market it belongs to with --market"
                )
            try:
                first, last = date.fromisoformat(start), date.fromisoformat(end)
            except ValueError:
                problems.add(number, "start_date", "not a date", cells)
                continue
            if last <= first or not instrument:
                problems.add(number, "end_date", "span is empty", cells)
                continue
            begins = parse_iso(start)
            spans.append(RollSpan(market.market, symbol, begins, begins, parse_iso(end), instrument))
        return problems.finish(spans)
