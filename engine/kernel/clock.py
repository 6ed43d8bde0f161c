"""Clocks: the only place where time enters. Decisions receive a time stamp as a value, never a clock."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """A source of the present moment in microseconds since the epoch, UTC."""

    def now_ts(self) -> int:
        """The present moment."""
        ...


class SystemClock:
    """The machine's clock, used by the shell of a live engine."""

    def now_ts(self) -> int:
        """The machine's present moment."""
        return time.time_ns() // 1_000


class ManualClock:
    """A clock that stands where it was put: simulated venues and tests move it. It never runs backwards."""

    def __init__(self, start_ts: int = 0) -> None:
        self._now_ts = start_ts
        self._lock = threading.Lock()

    def now_ts(self) -> int:
        """The moment last set."""
        return self._now_ts

    def advance_to(self, ts: int) -> None:
        """Move forward to `ts`; an earlier moment is ignored, since simulated time never goes back."""
        with self._lock:
            self._now_ts = max(self._now_ts, ts)
