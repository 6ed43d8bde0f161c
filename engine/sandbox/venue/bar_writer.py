"""Futures bars in the CSV layout of Databento: fixed nine decimals, ISO stamps with nanoseconds and Z.

The traded contract carries the continuous symbol `HE.v.0`, the deferred one `HE.v.1`, as the vendor writes them; the
instrument id names the listed contract. `ts_event` is the start of the bar. The vendor has no record type for five
minutes, so the rows carry that of minute bars (33) and the distance of the stamps is the bar's length.
"""

from __future__ import annotations

from engine.kernel.timestamps import to_datetime
from engine.sandbox.venue.market_facts import DEFERRED_INSTRUMENT_ID, TRADED_INSTRUMENT_ID
from engine.sandbox.venue.price_path import Bars
from engine.sandbox.venue.world import MarketWorld

HEADER = "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol"
RECORD_TYPE = 33
PUBLISHER_ID = 1
TRADED_SYMBOL = "HE.v.0"
DEFERRED_SYMBOL = "HE.v.1"


def bars_text(world: MarketWorld, first: int, last: int) -> str:
    """The traded and the deferred bar of bars `first` to `last` (included), in order of time."""
    lines = [HEADER]
    for bar in range(first, last + 1):
        stamp = f"{to_datetime(int(world.times.start_ts[bar])):%Y-%m-%dT%H:%M:%S}.000000000Z"
        source = int(world.rules.deferred_source[bar])
        lines.append(_row(stamp, world.traded, bar, TRADED_INSTRUMENT_ID, TRADED_SYMBOL))
        lines.append(_row(stamp, world.deferred, source, DEFERRED_INSTRUMENT_ID, DEFERRED_SYMBOL))
    return "\n".join(lines) + "\n"


def _row(stamp: str, bars: Bars, bar: int, instrument_id: int, symbol: str) -> str:
    prices = ",".join(f"{series[bar]:.9f}" for series in (bars.open, bars.high, bars.low, bars.close))
    return f"{stamp},{RECORD_TYPE},{PUBLISHER_ID},{instrument_id},{prices},{int(bars.volume[bar])},{symbol}"
