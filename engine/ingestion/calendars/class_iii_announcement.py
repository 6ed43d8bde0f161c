"""The day on which USDA announces the Class III milk price of a month, which ends trading of that month's futures.

The market administrators announce "on or before the 5th day of the month" the prices of the month before (7 CFR
1000.53), from the last weekly dairy price report that leaves time for it. Since April 2012 that report comes on
Wednesday, or on Thursday where a federal holiday falls on the Monday, Tuesday or Wednesday of its week; before, it
came on Friday, or on Thursday where Friday was a holiday. Compared with the 130 announcements of March 2012 to December
2022, the rule gives 128; the other two are listed below. With a lapse of appropriations USDA can be later than the
rule again, so a future date is a forecast: at worst trading ends later than `announcement_day` says.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from engine.ingestion.calendars.exchange_holidays import easter_sunday, nth_weekday, observed

_LAST_DAY_OF_MONTH: Final = 5
_WEDNESDAY, _FRIDAY = 2, 4
_FIRST_WEDNESDAY_REPORT: Final = date(2012, 4, 4)

# (year, month) of the milk -> announcement. 2012-03: the report moved from Friday to Wednesday in that week.
# 2013-09: no reports during the lapse of appropriations of 1 to 16 October 2013.
_DATED: Final = {(2012, 3): date(2012, 4, 2), (2013, 9): date(2013, 10, 18)}


def announcement_day(year: int, month: int) -> date:
    """The day on which the Class III price of the milk of a month (1 to 12) is announced, about the 5th of the next."""
    dated = _DATED.get((year, month))
    if dated is not None:
        return dated
    latest = date(year + month // 12, month % 12 + 1, _LAST_DAY_OF_MONTH)
    weekday = _WEDNESDAY if latest >= _FIRST_WEDNESDAY_REPORT else _FRIDAY
    nominal = latest - timedelta(days=(latest.weekday() - weekday) % 7)
    while (released := _release(nominal)) > latest:
        nominal -= timedelta(days=7)
    return released


def _release(nominal: date) -> date:
    """The day on which the report of a week comes out, where `nominal` is its usual day."""
    if nominal.weekday() == _FRIDAY:
        good_friday = easter_sunday(nominal.year) - timedelta(days=2)
        return nominal - timedelta(days=1) if nominal == good_friday or _is_federal_holiday(nominal) else nominal
    week = (nominal - timedelta(days=back) for back in range(3))
    return nominal + timedelta(days=1) if any(_is_federal_holiday(day) for day in week) else nominal


def _is_federal_holiday(day: date) -> bool:
    """Whether `day` is one of the federal holidays between the 25th of a month and the 7th of the next."""
    return day in {
        observed(date(day.year, 1, 1)),
        observed(date(day.year + 1, 1, 1)),
        nth_weekday(day.year, 5, 0, -1),
        observed(date(day.year, 7, 4)),
        nth_weekday(day.year, 9, 0, 1),
    }
