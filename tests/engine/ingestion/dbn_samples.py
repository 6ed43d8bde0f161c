"""Small DBN files, written by Databento's own library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import databento_dbn as dbn
import pyarrow as pa

from engine.ingestion.input_file import InputFile, unpack
from engine.ingestion.market_directory import MarketDirectory, shipped_markets
from engine.kernel.config_models import MarketConfig
from engine.kernel.timestamps import parse_iso

Spans = Sequence[tuple[str, str, int]]


@dataclass(frozen=True)
class _Interval:
    start_date: date
    end_date: date
    symbol: str


@dataclass(frozen=True)
class _Mapping:
    raw_symbol: str
    intervals: Sequence[_Interval]


def header(
    schema: str | None, symbols: Mapping[str, Spans], *, stype_in: str = "raw_symbol", dataset: str = "GLBX.MDP3",
    requested: Sequence[str] | None = None, ts_out: bool = False,
) -> bytes:  # fmt: skip
    """A version 3 header; `symbols` gives (first day, end day, instrument id) of each symbol."""
    mappings = [
        _Mapping(symbol, [_Interval(date.fromisoformat(a), date.fromisoformat(b), str(i)) for a, b, i in spans])
        for symbol, spans in symbols.items()
    ]
    return bytes(
        dbn.Metadata(
            dataset=dataset, start=ns("2023-03-15"), stype_in=dbn.SType.from_str(stype_in),
            stype_out=dbn.SType.from_str("instrument_id"), schema=dbn.Schema.from_str(schema) if schema else None,
            symbols=list(requested or symbols), mappings=mappings, ts_out=ts_out,
        )
    )  # fmt: skip


def ns(text: str) -> int:
    """Nanoseconds since the epoch."""
    return parse_iso(text) * 1_000


def px(price: float) -> int:
    """A price in units of 1e-9."""
    return round(price * 1_000_000_000)


def bar(stamp: str, instrument: int, open_: float, high: float, low: float, close: float, volume: int,
        rtype: int = 34) -> bytes:  # fmt: skip
    message = dbn.OHLCVMsg(rtype, 1, instrument, ns(stamp), px(open_), px(high), px(low), px(close), volume)
    return bytes(message)


def file_of(*parts: bytes, name: str = "x.dbn") -> InputFile:
    return unpack(name, b"".join(parts))


def zstd(content: bytes) -> bytes:
    packed: Any = pa.compress(content, codec="zstd", asbytes=True)
    return bytes(packed)


@cache
def shipped() -> tuple[MarketConfig, ...]:
    """The shipped markets, read once for all tests."""
    return shipped_markets()


def directory(home: MarketConfig) -> MarketDirectory:
    """A directory at home in a market."""
    return MarketDirectory(home, shipped())


HE_DAYS = {"HE.v.0": [("2023-03-15", "2023-03-16", 350), ("2023-03-16", "2023-03-17", 8488)]}
HE_BARS = (
    bar("2023-03-15T14:00Z", 350, 79.725, 79.725, 78.4, 78.425, 6765),
    bar("2023-03-16T14:00Z", 8488, 90.1, 90.2, 90.0, 90.1, 10),
)


def he_hours() -> bytes:
    """Two hourly bars of the volume-rolled lean-hog symbol, a roll between them."""
    return header("ohlcv-1h", HE_DAYS, stype_in="continuous") + b"".join(HE_BARS)


def every_kind() -> list[bytes]:
    """One record of every kind that is stored, all of instrument 350 on 2023-03-15."""
    at = ns("2023-03-15T14:00Z")
    add, side, pair = dbn.Action.from_str("T"), dbn.Side.from_str("B"), dbn.BidAskPair(px(79), px(80), 1, 2, 1, 1)
    records = [
        dbn.TradeMsg(1, 350, at, px(79.5), 2, add, side, 0, at),
        dbn.MBP1Msg(1, 350, at, px(79.5), 2, add, side, 0, at, levels=pair),
        dbn.MBP10Msg(1, 350, at, px(79.5), 2, add, side, 0, at, levels=[pair] * 10),
        dbn.BBOMsg(196, 1, 350, at, px(79.5), 2, side, at, levels=pair),
        dbn.MBOMsg(1, 350, at, 77, px(79.5), 2, add, side, at),
        dbn.StatMsg(1, 350, at, at, at, px(79.5), 3, dbn.StatType.SETTLEMENT_PRICE, stat_flags=3),
        dbn.StatusMsg(1, 350, at, at),
        dbn.InstrumentDefMsg(1, 350, at, at, px(0.025), px(0.001), "HEJ3", "HE", "FUT",
                             dbn.InstrumentClass.from_str("F"), dbn.SecurityUpdateAction.from_str("A")),
    ]  # fmt: skip
    return [bar("2023-03-15T14:00Z", 350, 79, 80, 78, 79, 5), *map(bytes, records)]
