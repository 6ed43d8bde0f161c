"""Quote bars of futures as QuantConnect's LEAN stores them: a zip with one table per contract month, no header.

A row is a time, open, high, low, close and size of the bid, then of the ask; one side may be blank all through a bar.
Scaling, zones and known times as in `lean_bars.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import NormalisedRow, Quote
from engine.ingestion.lean.lean_bars import lean_length, lean_markets, lean_rows
from engine.ingestion.lean.lean_entries import lean_entries, lean_kind
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.parsing.numbers import number_or_nan
from engine.ingestion.source_pipeline import ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig

CROSSED: Final = "bid_above_ask"
_WIDTH: Final = 11


class LeanQuotesPipeline(SourcePipeline):
    """LEAN futures zip of quotes; source "lean_quote_1d", "lean_quote_1h", "lean_quote_1m" or "lean_quote_1s"."""

    name = "lean_quote"
    title = "futures quote bars (LEAN zip)"

    def recognises(self, file: InputFile) -> bool:
        """Every table is named and begins as LEAN's futures tables do, the first as one of quotes."""
        return lean_kind(file) == "quote"

    def source_of(self, file: InputFile, market: MarketConfig) -> str:
        """The source, by the length of the bars."""
        return f"{self.name}_{lean_length(lean_entries(file)).name}"

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The market of the root in the tables' names."""
        return lean_markets(file, directory)

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Quote bars of all contracts in order of time; a bar that closes with the bid above the ask is flagged, and
        its price range is checked against the market's plausible one."""
        problems = ProblemList()
        source = self.source_of(file, market)
        contract = market.contract
        quotes: dict[tuple[int, str], Quote] = {}
        for row in lean_rows(file, market, _WIDTH, problems):
            raw = [row.contract, *row.cells]
            try:
                figures = [number_or_nan(cell) for cell in row.cells[1:_WIDTH]]
            except ValueError:
                problems.add(row.number, "price", "not a number", raw)
                continue
            prices = [*figures[:4], *figures[5:9]]
            known = [price for price in prices if not math.isnan(price)]
            if not known:
                problems.add(row.number, "price", "all prices missing", raw)
            elif any(not contract.plausible_price_low <= price <= contract.plausible_price_high for price in known):
                problems.add(row.number, "price", "implausible price", raw)
            elif figures[1] < figures[2] or figures[6] < figures[7]:
                problems.add(row.number, "high", "high below low", raw)
            elif (row.event_ts, row.contract or "") in quotes:
                problems.add(row.number, "time", "second row for the same time and contract", raw)
            else:
                bid_open, bid_high, bid_low, bid, bid_size, ask_open, ask_high, ask_low, ask, ask_size = figures
                quotes[row.event_ts, row.contract or ""] = Quote(
                    market=market.market,
                    source=source,
                    contract=row.contract,
                    bar_seconds=row.bar_seconds,
                    event_ts=row.event_ts,
                    known_ts=row.known_ts,
                    bid=bid,
                    bid_size=math.nan if math.isnan(bid) else bid_size,
                    ask=ask,
                    ask_size=math.nan if math.isnan(ask) else ask_size,
                    bid_open=bid_open,
                    bid_high=bid_high,
                    bid_low=bid_low,
                    ask_open=ask_open,
                    ask_high=ask_high,
                    ask_low=ask_low,
                    flags=(CROSSED,) if bid > ask else (),
                )
        rows: list[NormalisedRow] = [quotes[key] for key in sorted(quotes)]
        return problems.finish(rows)
