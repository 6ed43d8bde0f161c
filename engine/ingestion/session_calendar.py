"""Which days a market trades, and when a session opens, closes and settles.

US livestock futures (CME: lean hogs, live and feeder cattle) close on the holidays below; the rule was compared with
real bars of 2006-2023. Two things that look like holidays in one vendor's file are not: the Yahoo series lacks
2012-10-29/30 (Hurricane Sandy), 2010-04-15, 2016-10-10, 2016-11-11 and 2018-12-05, while hourly exchange bars or
exchange settlements exist for each of them. They are sessions, and the vendor's gap stays visible as a gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from engine.kernel.config_models import SessionConfig
from engine.kernel.errors import ConfigError
from engine.kernel.timestamps import local_ts

_ONE_DAY: Final = timedelta(days=1)
_FIRST_JUNETEENTH: Final = 2022

# Closures that no rule gives. 2007-01-02: national day of mourning for President Ford; the exchange published no
# livestock settlement (live cattle settlements 2005-2014 have 2006-12-29 and 2007-01-03, nothing between).
_DATED_CLOSURES: Final = frozenset({date(2007, 1, 2)})


def easter_sunday(year: int) -> date:
    """Easter of the Gregorian calendar (anonymous algorithm, Meeus, Astronomical Algorithms, chapter 8)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    leap_centuries, century_rest = divmod(century, 4)
    correction = (century + 8) // 25
    moon = (19 * golden + century - leap_centuries - (century - correction + 1) // 3 + 15) % 30
    leap_years, year_rest = divmod(rest, 4)
    weekday = (32 + 2 * century_rest + 2 * leap_years - moon - year_rest) % 7
    shift = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def nth_weekday(year: int, month: int, weekday: int, n: int) -> date:
    """The n-th weekday (0 = Monday) of a month, n from 1; n = -1 is the last one."""
    if n == -1:
        following = date(year + month // 12, month % 12 + 1, 1)
        last = following - _ONE_DAY
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def observed(day: date, *, saturday_moves: bool = True) -> date | None:
    """The weekday on which a fixed holiday is kept: Sunday moves to Monday, Saturday to Friday (or nowhere)."""
    if day.weekday() == 6:
        return day + _ONE_DAY
    if day.weekday() == 5:
        return day - _ONE_DAY if saturday_moves else None
    return day


@lru_cache(maxsize=256)
def us_livestock_holidays(year: int) -> frozenset[date]:
    """Weekdays of `year` without a US livestock session. New Year on a Saturday is not kept on the Friday."""
    days = {
        observed(date(year, 1, 1), saturday_moves=False),
        nth_weekday(year, 1, 0, 3),
        nth_weekday(year, 2, 0, 3),
        easter_sunday(year) - timedelta(days=2),
        nth_weekday(year, 5, 0, -1),
        observed(date(year, 7, 4)),
        nth_weekday(year, 9, 0, 1),
        nth_weekday(year, 11, 3, 4),
        observed(date(year, 12, 25)),
    }
    if year >= _FIRST_JUNETEENTH:
        days.add(observed(date(year, 6, 19)))
    days.update(day for day in _DATED_CLOSURES if day.year == year)
    return frozenset(day for day in days if day is not None)


def is_session_day(day: date, calendar: str) -> bool:
    """Whether a market with this calendar ('us_livestock', 'none', 'every_day') trades on `day`."""
    if calendar == "every_day":
        return True
    if calendar == "none":
        return day.weekday() < 5
    if calendar == "us_livestock":
        return day.weekday() < 5 and day not in us_livestock_holidays(day.year)
    raise ConfigError(f"unknown session calendar '{calendar}'; known: every_day, none, us_livestock")


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


def _at(day: date, clock: str, zone: str) -> int:
    hour, minute = clock.split(":")
    return local_ts(day.year, day.month, day.day, int(hour), int(minute), zone)


def session_start_ts(day: date, session: SessionConfig) -> int:
    """Opening of the session of `day`, UTC microseconds."""
    return _at(day, session.open_local, session.timezone)


def session_close_ts(day: date, session: SessionConfig) -> int:
    """Close of the session of `day`, UTC microseconds."""
    return _at(day, session.close_local, session.timezone)


def settlement_known_ts(day: date, session: SessionConfig) -> int:
    """When the settlement of `day` is known, UTC microseconds."""
    return _at(day, session.settlement_known_local, session.timezone)


def midnight_ts(day: date, session: SessionConfig) -> int:
    """Midnight of `day` in the exchange's zone: the `event_ts` of everything that is about a whole day."""
    return _at(day, "00:00", session.timezone)
