"""What a healing trader sees of one bar: nothing else reaches it, live, in replay or in a benchmark."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MarketBar:
    """The moment before a position is decided, at `ts` (UTC microseconds).

    `values` are features as delivered (NaN missing) with the moment each is about; `stale` says whether the store calls
    it too old. `realised_return` is the log return of the bar that just closed, `volume` its volume; `spread` is the
    half spread quoted now, in units of return.
    """

    ts: int
    values: tuple[float, ...]
    event_ts_by_feature: tuple[int, ...]
    stale: tuple[bool, ...]
    realised_return: float
    spread: float
    volume: float
