"""Every file in Databento's binary encoding: bars, quotes, trades, depth, orders, definitions, statistics, states.

One file holds one schema of one dataset for any number of instruments; each instrument's rows go to the market of its
root. Files are read once, whatever the number of markets in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from engine.ingestion.dbn import dbn_file as dbn
from engine.ingestion.dbn.dbn_bars import bar_rows, roll_rows
from engine.ingestion.dbn.dbn_file import DbnFile, is_dbn, read_dbn, schema_of
from engine.ingestion.dbn.dbn_markets import MarketRecords, by_market
from engine.ingestion.dbn.dbn_quotes import depth_rows, order_rows, quote_rows, sampled_quote_rows, trade_rows
from engine.ingestion.dbn.dbn_reference import instrument_rows, statistic_rows, status_rows
from engine.ingestion.futures.databento_series import SOURCE
from engine.ingestion.futures.databento_symbols import belongs, rank_of, root_of
from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import FlatRow, NormalisedRow
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.source_pipeline import OTHER_MARKET, ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

Reader = Callable[[MarketRecords, str, ProblemList], Sequence[FlatRow]]
_READERS: Final[dict[int, Reader]] = {
    dbn.TRADES: trade_rows,
    **dict.fromkeys((dbn.MBP_1, dbn.CMBP_1, dbn.TCBBO), quote_rows),
    **dict.fromkeys((dbn.BBO_1S, dbn.BBO_1M, dbn.CBBO_1S, dbn.CBBO_1M), sampled_quote_rows),
    dbn.MBP_10: depth_rows,
    dbn.MBO: order_rows,
    dbn.DEFINITION: instrument_rows,
    dbn.STATISTICS: statistic_rows,
    dbn.STATUS: status_rows,
}
# Records about the stream itself, and auction imbalances, for which the lake has no place.
_NOT_STORED: Final = {
    dbn.ERROR: "gateway messages",
    dbn.SYSTEM: "gateway messages",
    dbn.SYMBOL_MAPPING: "symbol mappings",
    dbn.IMBALANCE: "auction imbalances",
}
_BAR_SCHEMA: Final = "ohlcv-"
NO_SYMBOL: Final = "instrument id for want of a symbol"


class DbnPipeline(SourcePipeline):
    """DBN of versions 1 to 3; source "databento_" and the schema ("databento_1h" for hourly bars, as their CSV)."""

    name = "databento_dbn"
    title = "market data (Databento DBN)"

    def recognises(self, file: InputFile) -> bool:
        """The header's first word, a legacy file's, or records without any header; the last two are refused."""
        return is_dbn(file.content)

    def source_of(self, file: InputFile, market: MarketConfig) -> str:
        """By the schema in the header; "databento_live" for a recorded stream, which has none."""
        schema = schema_of(file.content) or "live"
        return f"{SOURCE}_{schema.removeprefix(_BAR_SCHEMA).replace('-', '_')}"

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The markets of the instruments' roots, in the order of their first records; then those that the header maps
        continuous symbols of, though the file has no record of them."""
        content = _usable(file)
        parts, _ = by_market(content, _chooser(content, directory))
        mapped = (directory.by_root(root_of(span.symbol)) for span in content.spans if rank_of(span.symbol) is not None)
        return tuple({market.market: market for market in (*(part.market for part in parts), *mapped)}.values())

    def parse_markets(
        self, file: InputFile, markets: Sequence[MarketConfig], directory: MarketDirectory
    ) -> Iterable[tuple[MarketConfig, ParsedInput]]:
        """Rows by market, each with the rolls of its continuous symbols; damaged records with the first market."""
        content = _usable(file)
        parts, _ = by_market(content, _chooser(content, directory))
        for place, market in enumerate(markets):
            ours = [part for part in parts if part.market.market == market.market]
            parsed = self._parsed(file, content, market, ours, directory, 0)
            damage = content.damage if place == 0 else ()
            yield market, replace(parsed, problems=(*parsed.problems, *damage))

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Rows of one market. Instruments without any symbol are taken to be the market's; InputError where every
        symbol is of another market."""
        content = _usable(file)
        if market.simulated:
            raise InputError(
                f"{file.name}: holds data of a real exchange, and market {market.market} is simulated; "
                "pass a real market with --market"
            )
        parts, others = by_market(content, lambda root: market if not root or belongs(root, market) else None)
        if not parts:
            named = next((span.symbol for span in content.spans), next(iter(content.requested), content.dataset))
            raise InputError(
                f"{file.name}: holds symbol {named}, but market {market.market} trades {market.contract.root}; "
                "pass the market it belongs to with --market"
            )
        parsed = self._parsed(file, content, market, parts, None, others)
        return replace(parsed, problems=(*parsed.problems, *content.damage))

    def _parsed(
        self,
        file: InputFile,
        content: DbnFile,
        market: MarketConfig,
        parts: Sequence[MarketRecords],
        directory: MarketDirectory | None,
        others: int,
    ) -> ParsedInput:
        problems = ProblemList()
        source = self.source_of(file, market)
        rows: list[NormalisedRow] = [*roll_rows(content.spans, market, directory)]
        for part in parts:
            if part.rtype in dbn.BARS:
                rows.extend(bar_rows(file.name, part, source, problems))
            elif part.rtype in _READERS:
                rows.extend(_READERS[part.rtype](part, source, problems))
            else:
                problems.ignore(_NOT_STORED[part.rtype], len(part.array))
        if others:
            problems.ignore(OTHER_MARKET, others)
        unnamed = sum(part.symbols.count("") for part in parts)
        return problems.finish(rows, {NO_SYMBOL: unnamed} if unnamed else None)


def _chooser(content: DbnFile, directory: MarketDirectory) -> Callable[[str], MarketConfig]:
    """Markets by root; what has no symbol goes to a market of the dataset's own name."""
    return lambda root: directory.by_root(root or content.dataset)


def _usable(file: InputFile) -> DbnFile:
    content = read_dbn(file)
    if content.records:
        if all(records.rtype in _NOT_STORED for records in content.records):
            held = " and ".join(sorted({_NOT_STORED[records.rtype] for records in content.records}))
            raise InputError(f"{file.name}: holds nothing but {held}, which are not stored")
        return content
    if content.damage:
        raise InputError(f"{file.name}: no record can be read: {content.damage[0].reason}; fetch the file again")
    what = "bars" if content.schema.startswith(_BAR_SCHEMA) else "records"
    raise InputError(f"{file.name}: holds no {what}; the vendor had none for this period")
