"""The session day of a moment: its calendar date in the exchange's zone."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_QUARTER_US: Final = 15 * 60 * 1_000_000


def session_day(ts: int, zone: str) -> str:
    """ISO date of `ts` (UTC microseconds) in an IANA zone. Dates change on quarter hours, so quarters are cached."""
    return _day_of_quarter(ts // _QUARTER_US, zone)


@lru_cache(maxsize=65_536)
def _day_of_quarter(quarter: int, zone: str) -> str:
    return datetime.fromtimestamp(quarter * 900, tz=UTC).astimezone(ZoneInfo(zone)).date().isoformat()
