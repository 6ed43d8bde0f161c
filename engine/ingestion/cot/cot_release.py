"""When a Commitments-of-Traders report became public: the files carry the report day only.

Rule: 15:30 New York of the third business day after the report day (CFTC, "About the COT reports": "the third business
day after the 'as of' date", since 1992), never before the Friday of its week. It gives what the CFTC's own schedules
of 2012, 2024, 2025 and 2026 say (2012-07-09, 2012-11-26; 2024-06-24, 07-08, 12-02, 12-30; 2026-01-05, 06-22, 07-06,
11-16, 11-30, 12-28), the announced 2021-06-21 (first Juneteenth), 2025-01-13 (day of mourning), 2008-12-29 and
2020-12-28 (Monday's figures), 2015-07-06 (the release of Friday the 3rd was a mistake and incomplete) and 2014-12-30,
two days late because two days were closed. A holiday on Monday, or on the Tuesday itself, delays nothing.

Shutdowns, the ION incident, corrected reports, first publications and what is only a bound: `cot_release_facts.py`.
Closures that are not known yet (a future executive order) are not in the rule; a live feed stamps arrival as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from engine.ingestion.calendars.exchange_holidays import nth_weekday, observed
from engine.ingestion.cot.cot_columns import ReportType
from engine.ingestion.cot.cot_release_facts import (
    CLOSURES,
    FIRST_REPORT_DAYS,
    HISTORY_PUBLISHED,
    LATE_BY_TYPE,
    LATE_RELEASES,
    MOVED_REPORT_DAYS,
)
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts, to_datetime

_RELEASE_ZONE: Final = "America/New_York"
_RELEASE_HOUR, _RELEASE_MINUTE = 15, 30
_BUSINESS_DAYS: Final = 3
_ONE_DAY: Final = timedelta(days=1)
_ONE_WEEK: Final = timedelta(days=7)
# No backlog so far reached 60 days.
_LONGEST_DELAY: Final = timedelta(days=140)
_LAST_REPORT_DAY: Final = date(2100, 1, 1)


def _week(day: date) -> date:
    return day - timedelta(days=day.weekday())


# By week: a report day that a holiday moved to Monday or Wednesday is still the report of its week.
_LATE_WEEKS: Final = {_week(day): release for day, release in LATE_RELEASES.items()}
_LATE_WEEKS_BY_TYPE: Final = {
    kind: {_week(day): release for day, release in late.items()} for kind, late in LATE_BY_TYPE.items()
}
_MOVED_BY_WEEK: Final = {_week(day): day for day in MOVED_REPORT_DAYS}


@dataclass(frozen=True, slots=True)
class ReportRelease:
    """The report of `report_day` and the moment it became or will become public (UTC microseconds)."""

    report_day: date
    release_ts: int


@lru_cache(maxsize=256)
def federal_holidays(year: int) -> frozenset[date]:
    """Weekdays on which federal offices are closed by law, as observed."""
    fixed = [date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25), date(year + 1, 1, 1)]
    if year >= 2021:
        fixed.append(date(year, 6, 19))
    days = {observed(day) for day in fixed}
    days |= {
        nth_weekday(year, 1, 0, 3),
        nth_weekday(year, 2, 0, 3),
        nth_weekday(year, 5, 0, -1),
        nth_weekday(year, 9, 0, 1),
        nth_weekday(year, 10, 0, 2),
        nth_weekday(year, 11, 3, 4),
    }
    return frozenset(day for day in days if day is not None and day.year == year)


def _closed(day: date) -> bool:
    return day.weekday() >= 5 or day in CLOSURES or day in federal_holidays(day.year)


def report_day_of_week(day: date) -> date:
    """The report day of the week of `day`: Tuesday, or Monday where Tuesday is an exchange holiday."""
    monday = _week(day)
    tuesday = monday + _ONE_DAY
    if monday in _MOVED_BY_WEEK:
        return _MOVED_BY_WEEK[monday]
    holiday = (tuesday.month, tuesday.day) in {(1, 1), (7, 4), (12, 25)} or (
        (tuesday.month, tuesday.day) == (6, 19) and tuesday.year >= 2022
    )
    return monday if holiday else tuesday


def _scheduled_day(report_day: date) -> date:
    day, left = report_day, _BUSINESS_DAYS
    while left:
        day += _ONE_DAY
        left -= not _closed(day)
    day = max(day, _week(report_day) + timedelta(days=4))
    while _closed(day):
        day += _ONE_DAY
    return day


@lru_cache(maxsize=4096)
def _release(report_day: date, report_type: ReportType) -> tuple[date, bool]:
    """The release day, and whether 15:30 of that day is certain to be late enough."""
    first = FIRST_REPORT_DAYS[report_type]
    if report_day.weekday() > 3:
        raise InputError(f"{report_day} is a {report_day:%A}: no COT report is made for that day")
    if not first <= report_day < _LAST_REPORT_DAY:
        raise InputError(f"there is no {report_type} COT report of {report_day}; the first is of {first}")
    monday = _week(report_day)
    late = _LATE_WEEKS_BY_TYPE.get(report_type, {}).get(monday) or _LATE_WEEKS.get(monday)
    day = late or _scheduled_day(report_day)
    history = HISTORY_PUBLISHED.get(report_type)
    if history is not None and report_day < history[0]:
        return max(day, history[1]), False
    return day, late is None


def release_day(report_day: date, report_type: ReportType = "legacy") -> date:
    """The New York day on which the report of `report_day` (Monday to Thursday) became public, or a later bound.

    InputError for a day of which no report of this type can exist.
    """
    return _release(report_day, report_type)[0]


def release_ts(report_day: date, report_type: ReportType = "legacy") -> int:
    """`known_ts` of the report of `report_day`, UTC microseconds: 15:30 New York of its release day, or the end of that
    day where the report came outside the schedule. InputError as for `release_day`."""
    day, on_schedule = _release(report_day, report_type)
    if on_schedule:
        return local_ts(day.year, day.month, day.day, _RELEASE_HOUR, _RELEASE_MINUTE, _RELEASE_ZONE)
    after = day + _ONE_DAY
    return local_ts(after.year, after.month, after.day, 0, 0, _RELEASE_ZONE)


def releases_between(after_ts: int, until_ts: int, report_type: ReportType = "legacy") -> tuple[ReportRelease, ...]:
    """Releases in (after_ts, until_ts], by report day: what a feed complete at `after_ts` owes by `until_ts`."""
    found = []
    for release in _releases_from(after_ts, report_type):
        if release.report_day > _local_day(until_ts):
            break
        if after_ts < release.release_ts <= until_ts:
            found.append(release)
    return tuple(found)


def next_release(now_ts: int, report_type: ReportType = "legacy") -> ReportRelease:
    """The next report that becomes public after `now_ts`."""
    following: ReportRelease | None = None
    for release in _releases_from(now_ts, report_type):
        # A history that was published late makes releases leave the order of their report days.
        if following is not None and release.report_day > _local_day(following.release_ts):
            break
        if release.release_ts > now_ts and (following is None or release.release_ts < following.release_ts):
            following = release
    assert following is not None, "reports never end"
    return following


def next_release_ts(now_ts: int, report_type: ReportType = "legacy") -> int:
    """The moment of the next release after `now_ts`, UTC microseconds."""
    return next_release(now_ts, report_type).release_ts


def _releases_from(ts: int, report_type: ReportType) -> Iterator[ReportRelease]:
    """Releases of all reports that may still be unpublished at `ts`, in order of their report days."""
    first = FIRST_REPORT_DAYS[report_type]
    start = max(_local_day(ts) - _LONGEST_DELAY, first)
    history = HISTORY_PUBLISHED.get(report_type)
    if history is not None and start <= history[1]:
        start = first
    monday = _week(start)
    while True:
        day = report_day_of_week(monday)
        if day >= start:
            yield ReportRelease(day, release_ts(day, report_type))
        monday += _ONE_WEEK


def _local_day(ts: int) -> date:
    return to_datetime(ts).astimezone(ZoneInfo(_RELEASE_ZONE)).date()
