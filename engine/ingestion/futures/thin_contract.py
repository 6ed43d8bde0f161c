"""Bars of a contract that hardly trades: after the April expiry a calendar-rolled series shows the dead May contract.

Rule, with nothing but volumes known at the bar's own settlement: a bar is thin if the median volume of the contract's
last five bars (this one included) is below a quarter of the median volume of the 250 bars before it. Volumes that a
vendor prints of another contract (last trade days) and missing ones are left out of both. Before 20 earlier bars the
rule is silent. Lean hogs 2006-2023: 368 of 371 May bars are flagged and 18 of 4,156 others.
"""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left, insort
from collections import deque
from dataclasses import replace
from typing import Final

from engine.core.records import FuturesBar
from engine.ingestion.futures.yahoo_daily import VOLUME_OF_NEXT_CONTRACT

THIN_CONTRACT: Final = "thin_contract"
THIN_SHARE: Final = 0.25
MARKET_WINDOW_BARS: Final = 250
CONTRACT_WINDOW_BARS: Final = 5
LEAST_HISTORY_BARS: Final = 20


class ThinContractRule:
    """State of the rule for one daily series; feed it bars in order of known time."""

    def __init__(self) -> None:
        self._window: deque[float] = deque()
        self._sorted: list[float] = []
        self._contract: str | None = None
        self._contract_volumes: deque[float] = deque(maxlen=CONTRACT_WINDOW_BARS)
        self._last_event_ts = -1

    def apply(self, bar: FuturesBar) -> FuturesBar:
        """The bar, flagged "thin_contract" where it is; a revision of an older bar passes unchanged."""
        if bar.event_ts <= self._last_event_ts:
            return bar
        self._last_event_ts = bar.event_ts
        if bar.contract != self._contract:
            self._contract = bar.contract
            self._contract_volumes.clear()
        usable = not math.isnan(bar.volume) and VOLUME_OF_NEXT_CONTRACT not in bar.flags
        if usable:
            self._contract_volumes.append(bar.volume)
        thin = self._is_thin()
        if usable:
            self._remember(bar.volume)
        return replace(bar, flags=tuple(sorted({*bar.flags, THIN_CONTRACT}))) if thin else bar

    def _is_thin(self) -> bool:
        if len(self._sorted) < LEAST_HISTORY_BARS or not self._contract_volumes:
            return False
        middle = len(self._sorted) // 2
        typical = self._sorted[middle] if len(self._sorted) % 2 else sum(self._sorted[middle - 1 : middle + 1]) / 2
        return statistics.median(self._contract_volumes) < THIN_SHARE * typical

    def _remember(self, volume: float) -> None:
        self._window.append(volume)
        insort(self._sorted, volume)
        if len(self._window) > MARKET_WINDOW_BARS:
            oldest = self._window.popleft()
            del self._sorted[bisect_left(self._sorted, oldest)]
