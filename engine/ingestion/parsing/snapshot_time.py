"""The moment of an option snapshot, in the spellings that quote tables carry.

"Date: June 11, 2022, 8:47 PM EDT", "Date: September 14, 2023 at 4:31 PM EDT", "Date: 9 декабря 2023 г. в 13:49 GMT-5"
and plain ISO. A time without zone is New York's, where the quotes are made.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from engine.kernel.timestamps import to_ts

_ENGLISH: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
# Spellings by their first three or four letters, so that cases and abbreviations fit: English, Russian, German,
# French, Spanish.
_OTHERS: Final = {
    "янв": 1,
    "фев": 2,
    "мар": 3,
    "апр": 4,
    "мая": 5,
    "май": 5,
    "июн": 6,
    "июл": 7,
    "авг": 8,
    "сен": 9,
    "окт": 10,
    "ноя": 11,
    "дек": 12,
    "mär": 3,
    "mai": 5,
    "okt": 10,
    "dez": 12,
    "fév": 2,
    "avr": 4,
    "juin": 6,
    "juil": 7,
    "aoû": 8,
    "déc": 12,
    "ene": 1,
    "abr": 4,
    "ago": 8,
    "dic": 12,
}
MONTHS: Final[dict[str, int]] = {
    **{name: number for number, name in enumerate(_ENGLISH, 1)},
    **{name[:3]: number for number, name in enumerate(_ENGLISH, 1)},
    **_OTHERS,
}
_NEW_YORK: Final = ZoneInfo("America/New_York")
_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})[T ](\d{1,2}):(\d{2})(?::(\d{2}))?")
_WORDS: Final = re.compile(
    r"(?:(?P<name>[^\W\d_]+)\.?\s+(?P<day>\d{1,2})|(?P<day2>\d{1,2})\.?\s+(?:de\s+)?"
    r"(?P<name2>[^\W\d_]+)\.?),?\s+(?:de\s+)?(?P<year>\d{4})"
)
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*([AaPp])\.?\s?[Mm]\b\.?)?")
_OFFSET: Final = re.compile(r"(?:GMT|UTC)\s*([+-]\d{1,2})(?::?(\d{2}))?")
_ABBREVIATIONS: Final = {
    "EDT": -4,
    "EST": -5,
    "CDT": -5,
    "CST": -6,
    "MDT": -6,
    "MST": -7,
    "PDT": -7,
    "PST": -8,
    "GMT": 0,
    "UTC": 0,
}
_ZONE_NAME: Final = re.compile(r"\b(" + "|".join(_ABBREVIATIONS) + r")\b")


def snapshot_ts(line: str) -> int | None:
    """UTC microseconds of the moment that a descriptive line names, or None where it names none."""
    text = line.split("Bid:")[0]
    iso = _ISO.search(text)
    if iso is not None:
        year, month, day, hour, minute = (int(part) for part in iso.groups()[:5])
        return _ts(year, month, day, hour, minute, int(iso.group(6) or 0), _zone(text))
    words = _WORDS.search(text)
    if words is None:
        return None
    number = _month(words["name"] or words["name2"])
    clock = _CLOCK.search(text, words.end())
    if number is None or clock is None:
        return None
    hour, half = int(clock.group(1)), (clock.group(4) or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return _ts(
        int(words["year"]),
        number,
        int(words["day"] or words["day2"]),
        hour,
        int(clock.group(2)),
        int(clock.group(3) or 0),
        _zone(text),
    )


def _month(name: str) -> int | None:
    lowered = name.lower()
    return next((MONTHS[lowered[:length]] for length in (len(lowered), 4, 3) if lowered[:length] in MONTHS), None)


def _zone(text: str) -> tzinfo:
    offset = _OFFSET.search(text)
    if offset is not None:
        hours = int(offset.group(1))
        minutes = int(offset.group(2) or 0)
        return timezone(timedelta(hours=hours, minutes=-minutes if hours < 0 else minutes))
    named = _ZONE_NAME.search(text)
    if named is not None:
        return timezone(timedelta(hours=_ABBREVIATIONS[named.group(1)]))
    if re.search(r"\d{2}Z\b", text):
        return timezone(timedelta(0))
    return _NEW_YORK


def _ts(year: int, month: int, day: int, hour: int, minute: int, second: int, zone: tzinfo) -> int | None:
    try:
        return to_ts(datetime(year, month, day, hour, minute, second, tzinfo=zone))
    except ValueError:
        return None
