"""Time as a value: integers of microseconds since 1970-01-01 UTC, called `*_ts` everywhere.

One integer type for event, known and recorded time keeps comparisons exact, hashes stable and columns compact.
Aware datetimes appear only at borders (files, screens, exchange calendars).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from engine.kernel.errors import InputError

MICROS_PER_SECOND: Final = 1_000_000
MICROS_PER_MINUTE: Final = 60 * MICROS_PER_SECOND
MICROS_PER_HOUR: Final = 60 * MICROS_PER_MINUTE
MICROS_PER_DAY: Final = 24 * MICROS_PER_HOUR
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def to_ts(moment: datetime) -> int:
    """Microseconds since the epoch of an aware datetime; a naive one raises ValueError."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime has no place in time; attach a zone first")
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * MICROS_PER_SECOND + delta.microseconds


def to_datetime(ts: int) -> datetime:
    """The aware UTC datetime of a time stamp in microseconds."""
    seconds, micros = divmod(ts, MICROS_PER_SECOND)
    return datetime.fromtimestamp(seconds, tz=UTC).replace(microsecond=micros)


def to_iso(ts: int) -> str:
    """ISO 8601 in UTC with a Z; fractions only where there are any."""
    moment = to_datetime(ts)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{moment.microsecond:06d}Z" if moment.microsecond else f"{text}Z"


def parse_iso(text: str) -> int:
    """Time stamp of an ISO 8601 text; a date alone means its midnight UTC, a time without zone means UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise InputError(f"'{text}' is not a time; write it like 2021-06-10 or 2021-06-10T12:00Z") from error
    return to_ts(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


def local_ts(year: int, month: int, day: int, hour: int, minute: int, zone: str) -> int:
    """Time stamp of a wall-clock moment in an exchange's zone (daylight saving included)."""
    return to_ts(datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone)))
