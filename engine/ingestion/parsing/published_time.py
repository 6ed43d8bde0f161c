"""When a text was published, read so that it is never known earlier than it can have been.

All results are UTC microseconds. A wall-clock time without a zone, or with the name of a zone that means several, is
taken in the last zone of the earth to reach it (UTC-12); a date alone is the end of that day there. Nothing is read
outside 1970..2099: such stamps are defaults or damage.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Final

from engine.kernel.timestamps import MICROS_PER_SECOND, to_ts

_LAST_ZONE: Final = timezone(timedelta(hours=-12))
_EARLIEST_TS: Final = to_ts(datetime(1970, 1, 2, tzinfo=UTC))
_LATEST_TS: Final = to_ts(datetime(2100, 1, 1, tzinfo=UTC))
_LONGEST: Final = 64
_DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_ISO: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)? ?(?:Z|[+-]\d{2}:?\d{2})?", re.ASCII
)
_MAIL: Final = re.compile(
    r"(?:[A-Z]{3,9},? +)?\d{1,2}[ -][A-Z]{3,9}[ -](?:\d{2}|\d{4}) +"
    r"\d{1,2}:\d{2}(?::\d{2})?(?: *[A-Z]{1,5}| *[+-]\d{4})?",
    re.ASCII,
)
_MAIL_DAY: Final = re.compile(r"(?:[A-Z]{3,9},? +)?\d{1,2} [A-Z]{3,9} \d{4}", re.ASCII)


def published_ts(value: object) -> int | None:
    """Latest moment that an ISO 8601, RFC 3339 or RFC 822 stamp can mean; None where it is no such text."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    text = " ".join(value.split()).upper()
    for ending in (" UTC", " GMT"):
        if text.endswith(ending) and text[:4].isdigit():
            text = f"{text.removesuffix(ending)}Z"
    try:
        if _DAY.fullmatch(text):
            return end_of_day_ts(date.fromisoformat(text))
        if _ISO.fullmatch(text):
            return _in_range(_aware(datetime.fromisoformat(text.replace(",", ".").replace(" Z", "Z"))))
        if _MAIL.fullmatch(text):
            return _in_range(_aware(parsedate_to_datetime(text.replace("-0000", "+0000"))))
        if _MAIL_DAY.fullmatch(text):
            return end_of_day_ts(parsedate_to_datetime(f"{text} 00:00").date())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return None


def epoch_ts(value: object) -> int | None:
    """The moment of a number (or its text) of seconds since 1970 UTC; None where it is no such number."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(seconds) or abs(seconds) > _LATEST_TS:
        return None
    return _checked(round(seconds * MICROS_PER_SECOND))


def end_of_day_ts(day: date) -> int | None:
    """The end of a calendar day where it ends last: noon UTC of the next day."""
    if not 1970 <= day.year < 2100:
        return None
    return _checked(to_ts(datetime(day.year, day.month, day.day, tzinfo=_LAST_ZONE) + timedelta(days=1)))


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=_LAST_ZONE)


def _in_range(moment: datetime) -> int | None:
    return _checked(to_ts(moment))


def _checked(ts: int) -> int | None:
    return ts if _EARLIEST_TS <= ts < _LATEST_TS else None
