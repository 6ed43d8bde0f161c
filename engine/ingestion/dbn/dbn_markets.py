"""Which market and symbol each DBN record is of: by the header's symbology on the record's day, or by the definition
itself. Records whose instrument has no symbol belong to the parent that was asked for, or to the dataset as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from engine.ingestion.dbn.dbn_file import DEFINITION, DbnFile, DbnRecords, SymbolSpan, micros, texts
from engine.ingestion.futures.databento_symbols import FUTURES_DATASETS, is_symbol, root_of
from engine.kernel.config_models import MarketConfig

if TYPE_CHECKING:
    import numpy as np

# Instrument classes of Databento's library: call, put; strategies of futures, of options, of both.
_OPTION_CLASSES: Final = frozenset({"C", "P"})
_SPREAD_CLASSES: Final = frozenset({"S", "M", "T"})


@dataclass(frozen=True, slots=True)
class MarketRecords:
    """Records of one type and one market in file order; `symbols` beside them, "" where there is none."""

    market: MarketConfig
    rtype: int
    array: np.ndarray[Any, Any]
    numbers: tuple[int, ...]
    symbols: tuple[str, ...]


def by_market(file: DbnFile, market_of: Callable[[str], MarketConfig | None]) -> tuple[list[MarketRecords], int]:
    """Records by type and market, in the order of their first records, and how many are of no market. `market_of` is
    asked once for each root; "" asks for records without any symbol."""
    import numpy as np

    parts: list[MarketRecords] = []
    left_out = 0
    markets: dict[str, MarketConfig | None] = {}
    for records in file.records:
        symbols = symbols_of(file, records)
        roots = roots_of(file, records, symbols)
        found: dict[str, tuple[int, MarketConfig]] = {}
        places: dict[str, int] = {}
        for root in dict.fromkeys(roots):
            if root not in markets:
                markets[root] = market_of(root)
            market = markets[root]
            places[root] = -1 if market is None else found.setdefault(market.market, (len(found), market))[0]
        index = np.asarray([places[root] for root in roots])
        left_out += int((index < 0).sum())
        for place, market in found.values():
            chosen = np.flatnonzero(index == place)
            parts.append(
                MarketRecords(
                    market,
                    records.rtype,
                    records.array[chosen],
                    tuple(records.numbers[chosen].tolist()),
                    tuple(symbols[number] for number in chosen.tolist()),
                )
            )
    return parts, left_out


def symbols_of(file: DbnFile, records: DbnRecords) -> list[str]:
    """The symbol of every record on its day, "" where the header maps none. A record is looked up by the time at which
    it was received, as Databento files it, else by its event."""
    import numpy as np

    array = records.array
    if records.rtype == DEFINITION:
        return [symbol if is_symbol(symbol) else "" for symbol in texts(array["raw_symbol"])]
    moments = np.asarray(micros(array["ts_event"]))
    if "ts_recv" in (array.dtype.names or ()):
        received = np.asarray(micros(array["ts_recv"]))
        moments = np.where(received > 0, received, moments)
    spans: dict[int, list[SymbolSpan]] = {}
    for span in file.spans:
        if is_symbol(span.symbol):
            spans.setdefault(span.instrument, []).append(span)
    choices = [""]
    chosen = np.zeros(len(array), np.int64)
    instruments = array["instrument_id"]
    for instrument in np.unique(instruments).tolist():
        places = np.flatnonzero(instruments == instrument)
        when = moments[places]
        for span in reversed(spans.get(instrument, ())):  # the first listed is written last and holds
            inside = places[(when >= span.start_ts) & (when < span.end_ts)]
            if inside.size:
                choices.append(span.symbol)
                chosen[inside] = len(choices) - 1
    return [choices[place] for place in chosen.tolist()]


def roots_of(file: DbnFile, records: DbnRecords, symbols: Sequence[str]) -> list[str]:
    """The root of every record; "" where nothing says it."""
    if records.rtype == DEFINITION:
        return _definition_roots(file, records)
    parents = {root_of(symbol, file.dataset) for symbol in file.requested if file.symbology == "parent"}
    fallback = next(iter(parents)) if len(parents) == 1 else ""
    any_day: dict[int, str] = {}
    for span in file.spans:
        if is_symbol(span.symbol):
            any_day.setdefault(span.instrument, span.symbol)
    known: dict[tuple[str, int], str] = {}
    roots = []
    for symbol, instrument in zip(symbols, records.array["instrument_id"].tolist(), strict=True):
        key = (symbol, 0 if symbol else instrument)
        if key not in known:
            known[key] = root_of(symbol or any_day.get(instrument, ""), file.dataset) or fallback
        roots.append(known[key])
    return roots


def _definition_roots(file: DbnFile, records: DbnRecords) -> list[str]:
    array = records.array
    legs = texts(array["leg_raw_symbol"]) if "leg_raw_symbol" in (array.dtype.names or ()) else [""] * len(array)
    fields = zip(
        texts(array["instrument_class"]),
        texts(array["raw_symbol"]),
        texts(array["asset"]),
        texts(array["underlying"]),
        legs,
        strict=True,
    )
    roots = []
    for kind, symbol, asset, underlying, leg in fields:
        named = [asset, symbol]
        if kind in _OPTION_CLASSES:
            named = [underlying, asset, symbol]
        elif kind in _SPREAD_CLASSES:
            named = [symbol, leg, asset] if "-" in symbol else [leg, asset, symbol]
        if file.dataset not in FUTURES_DATASETS:
            named = [underlying, symbol] if kind in _OPTION_CLASSES else [symbol]
        roots.append(next((root for text in named if is_symbol(text) and (root := root_of(text, file.dataset))), ""))
    return roots
