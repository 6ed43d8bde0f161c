"""Time that tests move: sleeping advances it, and each look at the monotonic clock may cost some."""

from __future__ import annotations

import random

from engine.ingestion.live.http_fetch import FetchTime
from engine.kernel.clock import ManualClock
from engine.kernel.timestamps import MICROS_PER_SECOND, parse_iso

NOW = parse_iso("2026-11-20T12:00Z")


class FakeTime:
    """`waits` lists every sleep in seconds; `tick` is what each look at the monotonic clock costs, in seconds."""

    def __init__(self, now_ts: int = NOW, tick: float = 0.0) -> None:
        self.clock = ManualClock(now_ts)
        self.waits: list[float] = []
        self.tick = tick
        self._seconds = 0.0

    def monotonic(self) -> float:
        self._seconds += self.tick
        return self._seconds

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._seconds += seconds
        self.clock.advance_to(self.clock.now_ts() + round(seconds * MICROS_PER_SECOND))

    def pass_by(self, seconds: float) -> None:
        """Time goes on without anybody waiting for it."""
        self._seconds += seconds
        self.clock.advance_to(self.clock.now_ts() + round(seconds * MICROS_PER_SECOND))

    def as_fetch_time(self) -> FetchTime:
        return FetchTime(self.clock, self.monotonic, self.sleep, random.Random(7))
