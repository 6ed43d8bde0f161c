"""Times as Interactive Brokers prints them in historical bars and ticks.

Without a zone TWS prints the wall clock of the exchange or of its own log-in; "yyyymmdd-hh:mm:ss" is UTC
(https://interactivebrokers.github.io/tws-api/historical_bars.html, "formatDate" and time zones).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.ingestion.parsing.published_time import epoch_ts
from engine.kernel.timestamps import to_ts

_DAY: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})", re.ASCII)
_COMPACT: Final = re.compile(r"(\d{8})(-| {1,2})(\d{2}:\d{2}:\d{2})(?: ([A-Za-z][A-Za-z0-9_+/-]{1,40}))?", re.ASCII)
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:\d{2})?", re.ASCII)
_EPOCH: Final = re.compile(r"\d{9,10}", re.ASCII)
_YEARS: Final = range(1970, 2100)


@dataclass(frozen=True, slots=True)
class IbTime:
    """A moment (`ts`, UTC microseconds) or, for a daily bar, a `day` alone; `zone_stated` whether the text names its
    zone, so that the moment is certain."""

    ts: int
    day: date | None
    zone_stated: bool


def read_ib_time(value: object, zone: str) -> IbTime | None:
    """The time of a text or of a number of seconds since 1970; a wall clock without a zone is read in `zone`, in an
    hour that comes twice as the later one. None where it is no time or names an unknown zone."""
    text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    try:
        if day := _DAY.fullmatch(text):
            found = date(int(day[1]), int(day[2]), int(day[3]))
            return IbTime(0, found, True) if found.year in _YEARS else None
        if _EPOCH.fullmatch(text):
            ts = epoch_ts(text)
            return None if ts is None else IbTime(ts, None, True)
        if compact := _COMPACT.fullmatch(text):
            moment = datetime.strptime(f"{compact[1]} {compact[3]}", "%Y%m%d %H:%M:%S")  # noqa: DTZ007
            if compact[2] == "-" and compact[4]:
                return None
            return _placed(moment, "UTC" if compact[2] == "-" else compact[4], zone)
        if _ISO.fullmatch(text):
            return _placed(datetime.fromisoformat(text), None, zone)
    except (ValueError, ZoneInfoNotFoundError, OverflowError, OSError):
        return None
    return None


def _placed(moment: datetime, stated: str | None, zone: str) -> IbTime | None:
    if moment.year not in _YEARS:
        return None
    if moment.tzinfo is not None:
        return IbTime(to_ts(moment.astimezone(UTC)), None, True)
    return IbTime(to_ts(moment.replace(tzinfo=ZoneInfo(stated or zone), fold=1)), None, stated is not None)
