"""Quotes, trades, depth and orders of a DBN file.

`event_ts` is the matching engine's time, `known_ts` when Databento received the message (never before the event).
A sampled quote ("bbo-1s", "bbo-1m") is the book at the end of its interval, which is `ts_recv`; its `ts_event` is the
time of the last trade, which the vendor carries forward from interval to interval. Such a trade is not stored as a
trade, because a sampled tape would look like a whole one, but once as the statistics "last_trade_price" and
"last_trade_size". The quote beside a trade ("tbbo") is the book just before the trade (Databento's schema pages).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from engine.ingestion.dbn.dbn_file import TRADES, counts, micros, prices, texts
from engine.ingestion.dbn.dbn_markets import MarketRecords
from engine.ingestion.futures.databento_symbols import contract_name
from engine.ingestion.lake_rows import BookLevel, BookOrder, FlatRow, Quote, Statistic, Trade
from engine.ingestion.source_pipeline import ProblemList
from engine.kernel.timestamps import MICROS_PER_DAY

if TYPE_CHECKING:
    import numpy as np

_NO_RANGE: Final = (math.nan,) * 6
_LEVELS: Final = 10
_TRADE: Final = "T"
# "Ask" is a sell aggressor and "Bid" a buy aggressor of a trade (Databento's schema pages).
_AGGRESSORS: Final = {"A": "S", "B": "B"}


def contracts_of(part: MarketRecords, event_times: list[int]) -> list[str]:
    """The contract of every record: its symbol on that day, else the instrument id."""
    known: dict[tuple[str, int], str] = {}
    contracts = []
    for symbol, instrument, event_ts in zip(
        part.symbols, part.array["instrument_id"].tolist(), event_times, strict=True
    ):
        if not symbol:
            contracts.append(str(instrument))
            continue
        key = (symbol, event_ts // MICROS_PER_DAY)
        if key not in known:
            known[key] = contract_name(symbol, part.market, key[1])
        contracts.append(known[key])
    return contracts


def times_of(array: np.ndarray[Any, Any]) -> tuple[list[int], list[int]]:
    """Event and known times; an undefined event is as of its receipt, 0 where both are undefined."""
    events, received = micros(array["ts_event"]), micros(array["ts_recv"])
    events = [event or receipt for event, receipt in zip(events, received, strict=True)]
    return events, [max(event, receipt) for event, receipt in zip(events, received, strict=True)]


def trade_rows(part: MarketRecords, source: str, problems: ProblemList) -> list[FlatRow]:
    """The records that are trades, in file order. Equal trades of one message stay apart by their conditions."""
    array = part.array
    events, known = times_of(array)
    repeats: Counter[tuple[object, ...]] = Counter()
    rows: list[FlatRow] = []
    columns = zip(
        part.numbers,
        texts(array["action"]),
        contracts_of(part, events),
        events,
        known,
        _sequences(array),
        prices(array["price"]),
        counts(array["size"]),
        texts(array["side"]),
        strict=True,
    )
    for number, action, contract, event_ts, known_ts, sequence, price, size, side in columns:
        if action != _TRADE:
            continue
        if not event_ts or math.isnan(price):
            if event_ts or part.rtype == TRADES:  # a record without a time was refused as a quote already
                fault = ("price", "price missing") if event_ts else ("ts_event", "not a time")
                problems.add(number, *fault, (contract, event_ts, price, size))
            continue
        key = (contract, event_ts, known_ts, sequence, price, size, side)
        repeated = repeats[key]
        repeats[key] += 1
        rows.append(
            Trade(
                part.market.market,
                source,
                contract,
                event_ts,
                known_ts,
                sequence,
                price,
                size,
                _AGGRESSORS.get(side, ""),
                f"repeat {repeated}" if repeated else "",
            )
        )
    return rows


def quote_rows(part: MarketRecords, source: str, problems: ProblemList) -> list[FlatRow]:
    """Best bid and ask of every record, and the trade where the record is one."""
    events, known = times_of(part.array)
    return [*_quotes(part, source, events, known, problems), *trade_rows(part, source, problems)]


def sampled_quote_rows(part: MarketRecords, source: str, problems: ProblemList) -> list[FlatRow]:
    """The book at the end of each interval, and each last trade once."""
    array = part.array
    ends = micros(array["ts_recv"])
    rows: list[FlatRow] = [*_quotes(part, source, ends, ends, problems)]
    traded = micros(array["ts_event"])
    seen: dict[str, tuple[int, float, float]] = {}
    market = part.market
    columns = zip(contracts_of(part, ends), ends, traded, prices(array["price"]), counts(array["size"]), strict=True)
    for contract, end_ts, event_ts, price, size in columns:
        trade = (event_ts, price, size)
        if not event_ts or not end_ts or math.isnan(price) or seen.get(contract) == trade:
            continue
        seen[contract] = trade
        known_ts = max(event_ts, end_ts)
        for name, unit, value in (
            ("last_trade_price", market.contract.price_unit, price),
            ("last_trade_size", "lots", size),
        ):
            rows.append(Statistic(market.market, source, contract, name, unit, event_ts, known_ts, value))
    return rows


def depth_rows(part: MarketRecords, source: str, problems: ProblemList) -> list[FlatRow]:
    """Ten levels of every record, level 0 the best, NaN prices where the book is not that deep; and the trades."""
    array = part.array
    events, known = times_of(array)
    contracts = contracts_of(part, events)
    sequences = _sequences(array)
    levels = [
        list(
            zip(
                prices(array[f"bid_px_{level:02d}"]),
                counts(array[f"bid_sz_{level:02d}"]),
                counts(array[f"bid_ct_{level:02d}"]),
                prices(array[f"ask_px_{level:02d}"]),
                counts(array[f"ask_sz_{level:02d}"]),
                counts(array[f"ask_ct_{level:02d}"]),
                strict=True,
            )
        )
        for level in range(_LEVELS)
    ]
    rows: list[FlatRow] = []
    for index, (number, contract, event_ts, known_ts, sequence) in enumerate(
        zip(part.numbers, contracts, events, known, sequences, strict=True)
    ):
        if not event_ts:
            problems.add(number, "ts_event", "not a time", contract)
            continue
        head = (part.market.market, source, contract, event_ts, known_ts, sequence)
        rows.extend(BookLevel(*head, level, *levels[level][index]) for level in range(_LEVELS))
    return rows + trade_rows(part, source, problems)


def order_rows(part: MarketRecords, source: str, problems: ProblemList) -> list[FlatRow]:
    """Every event of the order book in file order; `number` counts the events of one message and moment."""
    array = part.array
    events, known = times_of(array)
    places: Counter[tuple[str, int, int]] = Counter()
    rows: list[FlatRow] = []
    columns = zip(
        part.numbers,
        contracts_of(part, events),
        events,
        known,
        _sequences(array),
        array["order_id"].tolist(),
        texts(array["action"]),
        texts(array["side"]),
        prices(array["price"]),
        counts(array["size"]),
        strict=True,
    )
    for number, contract, event_ts, known_ts, sequence, order_id, action, side, price, size in columns:
        if not event_ts:
            problems.add(number, "ts_event", "not a time", (contract, order_id))
            continue
        key = (contract, event_ts, sequence)
        place = places[key]
        places[key] += 1
        head = (part.market.market, source, contract, event_ts, known_ts, sequence, place)
        rows.append(BookOrder(*head, str(order_id), action, side, price, size))
    return rows


def _sequences(array: np.ndarray[Any, Any]) -> list[int]:
    """The vendor's sequence numbers; consolidated records have none."""
    if "sequence" not in (array.dtype.names or ()):
        return [0] * len(array)
    return array["sequence"].tolist()  # type: ignore[no-any-return]


def _quotes(
    part: MarketRecords, source: str, events: list[int], known: list[int], problems: ProblemList
) -> Iterator[Quote]:
    array = part.array
    columns = zip(
        part.numbers,
        contracts_of(part, events),
        events,
        known,
        prices(array["bid_px_00"]),
        counts(array["bid_sz_00"]),
        prices(array["ask_px_00"]),
        counts(array["ask_sz_00"]),
        strict=True,
    )
    for number, contract, event_ts, known_ts, bid, bid_size, ask, ask_size in columns:
        if not event_ts:
            problems.add(number, "ts_recv", "not a time", contract)
            continue
        flags = ("crossed",) if bid > ask else ("locked",) if bid == ask else ()
        head = (part.market.market, source, contract, 0, event_ts, known_ts)
        yield Quote(*head, bid, bid_size, ask, ask_size, *_NO_RANGE, flags)
