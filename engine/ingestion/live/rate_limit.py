"""A token bucket: how long to wait before the next request, in terms of a clock that comes from outside."""

from __future__ import annotations

from engine.kernel.timestamps import MICROS_PER_MINUTE, MICROS_PER_SECOND


class TokenBucket:
    """`per_minute` requests a minute on average, at most `burst` at once."""

    def __init__(self, per_minute: float, burst: int = 1) -> None:
        if not per_minute > 0 or burst < 1:
            raise ValueError("a token bucket needs a rate above zero and room for one token")
        self._per_microsecond = per_minute / MICROS_PER_MINUTE
        self._burst = float(burst)
        self._tokens = float(burst)
        self._last_ts: int | None = None

    def reserve(self, now_ts: int) -> float:
        """Take one token and say how many seconds to wait until it is there; 0 where it is. A clock that runs
        backwards gives no tokens."""
        if self._last_ts is not None and now_ts > self._last_ts:
            self._tokens = min(self._burst, self._tokens + (now_ts - self._last_ts) * self._per_microsecond)
        self._last_ts = now_ts if self._last_ts is None else max(now_ts, self._last_ts)
        self._tokens -= 1.0
        return max(0.0, -self._tokens / self._per_microsecond / MICROS_PER_SECOND)

    def give_back(self) -> None:
        """Return a token that was not used."""
        self._tokens = min(self._burst, self._tokens + 1.0)
