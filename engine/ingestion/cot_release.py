"""When a Commitments-of-Traders report became public: the files carry the report day only.

Rule (CFTC release schedule, cftc.gov/MarketReports/CommitmentsofTraders/ReleaseSchedule): Friday 15:30 New York of the
report's week. A federal closure on Wednesday, Thursday or Friday moves the release to the next open day after the
weekend (2024 schedule: 24 June, 8 July, 2 December, 30 December). A holiday on Tuesday alone does not (Monday's data,
2025-11-10, was due on Friday 2025-11-14), one on Monday alone neither; Monday and Tuesday together do
(2007-01-01/02: released 2007-01-08). Dated exceptions follow; where the exact day is not known, a day that is surely
LATE stands instead, since a report that is known too early would be look-ahead and one that is late only costs.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from engine.ingestion.exchange_holidays import nth_weekday, observed
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts

_RELEASE_ZONE: Final = "America/New_York"
_RELEASE_HOUR, _RELEASE_MINUTE = 15, 30

# Closures of federal offices in Washington beside the yearly holidays: executive orders, days of mourning, snow
# (OPM operating status). A date too many here can only make a report late.
_CLOSURES: Final = frozenset(
    {
        date(2007, 1, 2), date(2007, 12, 24), date(2008, 12, 26), date(2010, 2, 8), date(2010, 2, 9),
        date(2010, 2, 10), date(2010, 2, 11), date(2012, 10, 29), date(2012, 10, 30), date(2012, 12, 24),
        date(2014, 1, 21), date(2014, 2, 13), date(2014, 3, 3), date(2014, 3, 17), date(2014, 12, 26),
        date(2015, 2, 17), date(2015, 3, 5), date(2015, 12, 24), date(2016, 1, 25), date(2016, 1, 26),
        date(2018, 12, 5), date(2018, 12, 24), date(2019, 12, 24), date(2020, 12, 24), date(2024, 12, 24),
        date(2025, 1, 9), date(2025, 12, 24), date(2025, 12, 26),
    }
)  # fmt: skip


def _dated(pairs: str) -> dict[date, date]:
    return {date.fromisoformat(pair[:10]): date.fromisoformat(pair[11:]) for pair in pairs.split()}


# report day>release day, 15:30 New York each.
_EXCEPTIONS: Final[dict[date, date]] = {
    # Shutdown 1-16 October 2013. Reuters 2013-10-17: "will not be published this week"; the catch-up days are not
    # known here, so every report of the backlog counts as known on 2013-11-22 (LATE bound).
    **_dated(
        "2013-10-01>2013-11-22 2013-10-08>2013-11-22 2013-10-15>2013-11-22 2013-10-22>2013-11-22 "
        "2013-10-29>2013-11-22 2013-11-05>2013-11-22 2013-11-12>2013-11-22"
    ),
    # Shutdown 22 December 2018 - 25 January 2019. CFTC announcement of January 2019 (thefencepost.com, "CFTC releases
    # report schedule"): 2018-12-24 on Friday 2019-02-01, then one report each Tuesday and Friday, in order;
    # commitmentsoftraders.org: current again with 2019-03-05, released on 2019-03-08.
    **_dated(
        "2018-12-24>2019-02-01 2018-12-31>2019-02-05 2019-01-08>2019-02-08 2019-01-15>2019-02-12 "
        "2019-01-22>2019-02-15 2019-01-29>2019-02-19 2019-02-05>2019-02-22 2019-02-12>2019-02-26 "
        "2019-02-19>2019-03-01 2019-02-26>2019-03-05 2019-03-05>2019-03-08"
    ),
    # Cyber incident at ION, from 31 January 2023. CFTC release 8662-23: backlog starts on 2023-02-24 with the report
    # of 2023-01-31, "published by mid-March" for the rest, single days not stated: 2023-03-24 for them (LATE bound).
    **_dated(
        "2023-01-31>2023-02-24 2023-02-07>2023-03-24 2023-02-14>2023-03-24 2023-02-21>2023-03-24 "
        "2023-02-28>2023-03-24 2023-03-07>2023-03-24 2023-03-14>2023-03-24"
    ),
    # Shutdown 1 October - 12 November 2025. CFTC schedule of 2025-11-18 (mondovisione.com, "CFTC To Resume Publishing
    # COT Reports"); it was to be "updated as necessary", so an actual release may have been earlier, never later.
    **_dated(
        "2025-09-30>2025-11-19 2025-10-07>2025-11-21 2025-10-14>2025-11-25 2025-10-21>2025-12-02 "
        "2025-10-28>2025-12-05 2025-11-04>2025-12-09 2025-11-10>2025-12-12 2025-11-18>2025-12-16 "
        "2025-11-25>2025-12-19 2025-12-02>2025-12-23 2025-12-09>2025-12-30 2025-12-16>2026-01-06 "
        "2025-12-23>2026-01-09 2025-12-30>2026-01-13 2026-01-06>2026-01-16 2026-01-13>2026-01-20"
    ),
}

# By week: a report day that a holiday moved to Monday or Wednesday is still the report of its week.
_EXCEPTION_WEEKS: Final = {day - timedelta(days=day.weekday()): release for day, release in _EXCEPTIONS.items()}


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
    return day.weekday() >= 5 or day in _CLOSURES or day in federal_holidays(day.year)


def release_day(report_day: date) -> date:
    """The New York day on which the report of `report_day` (Monday to Thursday) became public, or a later bound."""
    if report_day.weekday() > 3:
        raise InputError(f"{report_day} is a {report_day:%A}: no COT report is made for that day")
    monday = report_day - timedelta(days=report_day.weekday())
    if monday in _EXCEPTION_WEEKS:
        return _EXCEPTION_WEEKS[monday]
    week = [monday + timedelta(days=offset) for offset in range(5)]
    if not any(_closed(day) for day in week[2:]) and not (_closed(week[0]) and _closed(week[1])):
        return week[4]
    release = week[4] + timedelta(days=3)
    while _closed(release):
        release += timedelta(days=1)
    return release


def release_ts(report_day: date) -> int:
    """`known_ts` of the report of `report_day`: 15:30 New York of its release day, UTC microseconds."""
    day = release_day(report_day)
    return local_ts(day.year, day.month, day.day, _RELEASE_HOUR, _RELEASE_MINUTE, _RELEASE_ZONE)
