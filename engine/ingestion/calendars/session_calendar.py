"""Which days a market trades, and when a session opens, closes and settles.

The holidays of each exchange group are in `exchange_holidays`; the rule was compared with real bars of 2000-2025. Two
things that look like holidays in one vendor's file are not: the Yahoo series lacks 2012-10-29/30 (Hurricane Sandy),
2010-04-15, 2016-10-10, 2016-11-11 and 2018-12-05, and many half-days around July 4th, Thanksgiving and Christmas, while
hourly exchange bars or exchange settlements exist for each of them. They are sessions, and the vendor's gap stays
visible as a gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from engine.ingestion.calendars.exchange_holidays import DATED_CLOSURES, exchange_holidays
from engine.kernel.config_models import SessionConfig
from engine.kernel.errors import ConfigError
from engine.kernel.timestamps import local_ts, to_datetime

_ONE_DAY: Final = timedelta(days=1)
_EVERY_WEEKDAY: Final = "none"
_EVERY_DAY: Final = "every_day"


def is_session_day(day: date, calendar: str) -> bool:
    """Whether a market with this calendar trades on `day`: an exchange group, 'none' (weekdays) or 'every_day'."""
    if calendar in DATED_CLOSURES:
        return day.weekday() < 5 and day not in exchange_holidays(day.year, calendar)
    if calendar == _EVERY_WEEKDAY:
        return day.weekday() < 5
    if calendar == _EVERY_DAY:
        return True
    raise ConfigError(f"unknown session calendar '{calendar}'; known: {', '.join(known_calendars())}")


def known_calendars() -> list[str]:
    """Names that `session.calendar` may hold, sorted."""
    return sorted([_EVERY_WEEKDAY, _EVERY_DAY, *DATED_CLOSURES])


def session_days(first: date, last: date, calendar: str) -> Iterator[date]:
    """Session days from `first` to `last`, both included, in order."""
    day = first
    while day <= last:
        if is_session_day(day, calendar):
            yield day
        day += _ONE_DAY


def next_session_day(day: date, calendar: str) -> date:
    """The first session day after `day`."""
    following = day + _ONE_DAY
    while not is_session_day(following, calendar):
        following += _ONE_DAY
    return following


def previous_session_day(day: date, calendar: str) -> date:
    """The last session day before `day`."""
    former = day - _ONE_DAY
    while not is_session_day(former, calendar):
        former -= _ONE_DAY
    return former


def _at(day: date, clock: str, zone: str) -> int:
    hour, minute = clock.split(":")
    return local_ts(day.year, day.month, day.day, int(hour), int(minute), zone)


def session_start_ts(day: date, session: SessionConfig) -> int:
    """Opening of the session of `day`, UTC microseconds."""
    return _at(day, session.open_local, session.timezone)


def session_close_ts(day: date, session: SessionConfig) -> int:
    """Close of the session of `day`, UTC microseconds."""
    return _at(day, session.close_local, session.timezone)


def is_open_at(ts: int, session: SessionConfig) -> bool:
    """Whether a session runs at `ts` (UTC microseconds): its opening counts, its close does not."""
    day = to_datetime(ts).astimezone(ZoneInfo(session.timezone)).date()
    return is_session_day(day, session.calendar) and session_start_ts(day, session) <= ts < session_close_ts(
        day, session
    )


def settlement_known_ts(day: date, session: SessionConfig) -> int:
    """When the settlement of `day` is known, UTC microseconds."""
    return _at(day, session.settlement_known_local, session.timezone)


def midnight_ts(day: date, session: SessionConfig) -> int:
    """Midnight of `day` in the exchange's zone: the `event_ts` of everything that is about a whole day."""
    return _at(day, "00:00", session.timezone)
