"""Bars and rolls of a DBN file: the very rows that the same content gives as CSV (`databento_bars.py`)."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.records import FuturesBar
from engine.ingestion.dbn.dbn_file import SymbolSpan, counts, micros, prices
from engine.ingestion.dbn.dbn_markets import MarketRecords
from engine.ingestion.futures.databento_series import RawBar, length_of, series_bars
from engine.ingestion.futures.databento_symbols import belongs, place_of, rank_of, root_of
from engine.ingestion.lake_rows import RollSpan
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.source_pipeline import ProblemList
from engine.kernel.config_models import MarketConfig
from engine.kernel.timestamps import MICROS_PER_DAY


def bar_rows(name: str, part: MarketRecords, series: str, problems: ProblemList) -> list[FuturesBar]:
    """Bars of one market and one length in order of time; bad ones go to `problems`."""
    array = part.array
    rows: list[RawBar] = []
    places: dict[tuple[str, str, int], tuple[str, int]] = {}
    columns = zip(
        part.numbers,
        part.symbols,
        array["instrument_id"].tolist(),
        micros(array["ts_event"]),
        prices(array["open"]),
        prices(array["high"]),
        prices(array["low"]),
        prices(array["close"]),
        counts(array["volume"]),
        strict=True,
    )
    for number, symbol, instrument, event_ts, open_, high, low, close, volume in columns:
        if not event_ts:
            problems.add(number, "ts_event", "not a time", (symbol, instrument))
            continue
        key = symbol, instrument, event_ts // MICROS_PER_DAY
        place = places.get(key)
        if place is None:
            place = places[key] = place_of(symbol, str(instrument), part.market, key[2])
        raw = (symbol, instrument, event_ts, open_, high, low, close, volume)
        rows.append((number, event_ts, place[0], place[1], open_, high, low, close, volume, raw))
    return series_bars(name, rows, length_of(name, part.rtype), series, part.market, problems)


def roll_rows(spans: Sequence[SymbolSpan], market: MarketConfig, directory: MarketDirectory | None) -> list[RollSpan]:
    """What each continuous symbol of the market meant, in the header's order. Mappings of raw and parent symbols are no
    rolls. Without a `directory` the market's own roots decide."""
    rows = []
    for span in spans:
        if rank_of(span.symbol) is None or span.end_ts <= span.start_ts:
            continue
        root = root_of(span.symbol)
        ours = belongs(root, market) if directory is None else directory.by_root(root).market == market.market
        if ours:
            contract = str(span.instrument)
            rows.append(RollSpan(market.market, span.symbol, span.start_ts, span.start_ts, span.end_ts, contract))
    return rows
