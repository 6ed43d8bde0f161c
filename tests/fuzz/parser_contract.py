"""What must hold of every parser whatever bytes it meets: rows that can be stored, or one clear sentence.

A number that was damaged cannot be told from a good one unless it leaves its limits. So every row is held to the limits
of its kind: what lies outside must have been kept out or flagged.
"""

from __future__ import annotations

import math
from functools import cache

from engine.core.records import CotReport, FuturesBar, Headline, OptionChain
from engine.ingestion.ingest import markets_of
from engine.ingestion.input_file import unpack
from engine.ingestion.lake_rows import (
    UNDATED_TS,
    BookLevel,
    Instrument,
    NormalisedRow,
    OptionMark,
    Quote,
    Statistic,
    Trade,
    TrainingText,
)
from engine.ingestion.market_directory import MarketDirectory, is_reference, shipped_markets
from engine.ingestion.record_tables import tables_from_rows
from engine.ingestion.source_pipeline import ParsedInput, SourcePipeline
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import MarketConfig
from engine.kernel.configuration import load_config
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso
from storage.datasets import normalised_table, table_row_hashes

_FIRST_TS, _LAST_TS = parse_iso("1900-01-01"), parse_iso("2200-01-01")


@cache
def directory() -> MarketDirectory:
    """All shipped markets, lean hogs at home."""
    return MarketDirectory(load_config("lean_hogs", environment={}).config.market, shipped_markets())


def check_bytes(name: str, content: bytes, pipeline: SourcePipeline | None = None) -> int:
    """Parse `content` as a file of that name, with its own pipeline or the one given; the number of rows that came of
    it. AssertionError where a row breaks the limits of its kind; any exception but InputError passes through."""
    try:
        file = unpack(name, content)
        found = pipeline or recognise_input(file)
        markets = markets_of(found, file, directory().home, directory())
        parts = list(found.parse_markets(file, markets, directory()))
    except InputError as error:
        assert error.message.isprintable(), error.message
        assert len(error.message) < 3_000, error.message
        return 0
    return sum(check_parsed(market, parsed) for market, parsed in parts)


def check_parsed(market: MarketConfig, parsed: ParsedInput) -> int:
    """Hold what a parser gave for one market to the limits of its kinds of rows; the number of rows."""
    for row in parsed.rows:
        assert row.market == market.market, (row, market.market)
        _check_row(row, market)
    for problem in parsed.problems:
        assert problem.reason and problem.row_number >= 0, problem
        problem.raw_text.encode()
    for dataset, table in tables_from_rows(parsed.rows).items():
        table_row_hashes(dataset, normalised_table(dataset, table))
    return len(parsed.rows)


def _check_row(row: NormalisedRow, market: MarketConfig) -> None:
    undated = row.event_ts == UNDATED_TS and row.known_ts == UNDATED_TS
    assert row.known_ts >= row.event_ts, row
    assert undated or _FIRST_TS < row.event_ts < _LAST_TS, row
    assert undated or _FIRST_TS < row.known_ts < _LAST_TS, row
    if isinstance(row, FuturesBar):
        _check_bar(row, market)
    elif isinstance(row, OptionChain):
        for quote in row.quotes:
            assert quote.strike > 0 and quote.right in ("C", "P"), quote
            assert all(_missing_or(number >= 0, number) for number in (quote.bid, quote.ask, quote.volume)), quote
            assert _missing_or(quote.open_interest >= 0, quote.open_interest), quote
            assert not any(map(math.isinf, (quote.strike, quote.bid, quote.ask, quote.last))), quote
    elif isinstance(row, CotReport):
        assert row.known_ts > row.event_ts, row
        assert math.isfinite(row.open_interest) and row.open_interest >= 0, row
        for position in row.positions:
            for number in (position.long, position.short, position.spreading):
                assert _missing_or(0 <= number < math.inf, number), row
    elif isinstance(row, Headline):
        assert row.title and row.title.encode() and "\n" not in row.title and "\x1b" not in row.title, row
    elif isinstance(row, Statistic):
        assert not math.isinf(row.value) and row.name and row.unit, row
    elif isinstance(row, (Quote, BookLevel)):
        assert not any(map(math.isinf, (row.bid, row.ask, row.bid_size, row.ask_size))), row
        assert all(_missing_or(size >= 0, size) for size in (row.bid_size, row.ask_size)), row
    elif isinstance(row, Trade):
        assert not math.isinf(row.price) and _missing_or(0 <= row.size < math.inf, row.size), row
    elif isinstance(row, OptionMark):
        assert row.strike > 0 and _missing_or(0 <= row.implied_volatility < math.inf, row.implied_volatility), row
    elif isinstance(row, TrainingText):
        assert row.text and _missing_or(-1 <= row.tone <= 1, row.tone), row
    elif isinstance(row, Instrument):
        assert not math.isinf(row.strike) and not math.isinf(row.multiplier) and not math.isinf(row.tick_size), row


def _check_bar(bar: FuturesBar, market: MarketConfig) -> None:
    prices = (bar.open, bar.high, bar.low, bar.close)
    contract = market.contract
    settled_alone = math.isnan(bar.open) and math.isnan(bar.high) and math.isnan(bar.low)
    assert math.isfinite(bar.close), bar
    assert settled_alone or all(map(math.isfinite, prices)), bar
    assert all(
        math.isnan(price) or contract.plausible_price_low <= price <= contract.plausible_price_high for price in prices
    ), bar
    assert settled_alone or bar.high >= bar.low, bar
    assert settled_alone or bar.low <= bar.close <= bar.high or "close_outside_range" in bar.flags, bar
    assert settled_alone or bar.low <= bar.open <= bar.high or "open_outside_range" in bar.flags, bar
    assert (
        not is_reference(market)
        or min(price for price in prices if price == price) >= 0
        or ("negative_price" in bar.flags)
    ), bar
    assert _missing_or(0 <= bar.volume < math.inf, bar.volume), bar
    assert bar.known_ts > bar.event_ts and bar.bar_seconds > 0, bar


def _missing_or(holds: bool, number: float) -> bool:
    return holds or math.isnan(number)
