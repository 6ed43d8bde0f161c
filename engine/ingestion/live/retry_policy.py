"""How long to wait before a request is tried again: exponential with jitter, and what the source itself asks for.

Sources: RFC 9110 section 10.2.3 (Retry-After: seconds or an HTTP date). Reddit tells the seconds to the end of its
period in X-Ratelimit-Reset (github.com/reddit-archive/reddit/wiki/API), StockTwits a UNIX time in a header of the same
name (api.stocktwits.com/developers/docs/rate_limiting); both are read only where Retry-After is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from engine.kernel.config_models import LiveHttpConfig
from engine.kernel.timestamps import MICROS_PER_SECOND, to_ts

_LONGEST_NUMBER: Final = 12
_SURELY_AN_EPOCH: Final = 1_000_000_000.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Tries of one request and the waits between them, in seconds."""

    max_tries: int
    first_wait_seconds: float
    longest_wait_seconds: float
    longest_retry_after_seconds: float

    @classmethod
    def of(cls, settings: LiveHttpConfig) -> RetryPolicy:
        """The policy that the settings describe."""
        return cls(
            settings.max_tries,
            settings.first_wait_seconds,
            settings.longest_wait_seconds,
            settings.longest_retry_after_seconds,
        )

    def wait_seconds(self, tries: int, chance: float) -> float:
        """Wait after `tries` failed tries; `chance` in [0, 1) spreads it over half to the whole of the doubled wait."""
        doubled = self.first_wait_seconds * 2.0 ** min(tries - 1, 60)
        return min(self.longest_wait_seconds, doubled) * (0.5 + chance / 2.0)


def asked_pause_seconds(headers: Mapping[str, str], now_ts: int) -> float | None:
    """The pause that a reply asks for, never negative; None where it asks for none that can be read."""
    asked = headers.get("retry-after", "").strip()
    if asked:
        if asked.isdecimal() and asked.isascii() and len(asked) <= _LONGEST_NUMBER:
            return float(asked)
        try:
            moment = parsedate_to_datetime(asked)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return max(0.0, (to_ts(moment) - now_ts) / MICROS_PER_SECOND)
    reset = headers.get("x-ratelimit-reset", "").strip()
    if not reset.isascii() or not reset.replace(".", "", 1).isdecimal() or len(reset) > _LONGEST_NUMBER + 8:
        return None
    number = float(reset)
    return max(0.0, number - now_ts / MICROS_PER_SECOND) if number >= _SURELY_AN_EPOCH else number
