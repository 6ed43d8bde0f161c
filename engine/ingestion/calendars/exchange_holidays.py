"""Weekdays on which an exchange group holds no session, by rule and by dated closure.

All five groups keep the same ten holidays (Juneteenth since 2022): CME livestock, dairy and lumber, CBOT grains, and
the softs of ICE Futures U.S. (its 2025 calendar: marketscreener.com, notice of 2024-07-05; DTN's list of 2024-07-04
names grains, lumber and livestock closed and gives dairy no trade date). Compared with real bars, as sessions without
a bar / bars outside a session: Investing.com 2016-2022 oats 0/3, lumber 0/16, live cattle 0/13, feeder cattle 1/9 (all
41 are that vendor's prints on weekends and exchange holidays, which no exchange feed shows); Databento hours 2010-2023
oats 5/2, rough rice 4/1, feeder cattle 11/1 (the bars are single pre-opening prints at 16:00 on the Sunday before
Memorial Day and Labor Day 2014, the gaps are of the archive: another series or market has each of those days);
Barchart cotton, an ICE soft, 2023-09-12..2025-10-03 0/0; Class III milk hours of June 2010, April 2020 and August 2023
0/0. Early closes (the day after Thanksgiving, Christmas Eve, some July 3rds) are sessions with the usual hours here:
they change no daily bar.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

_ONE_DAY: Final = timedelta(days=1)
_FIRST_JUNETEENTH: Final = 2022

# 2001-09-11 and 12: neither exchange opened its farm pits after the attacks (Los Angeles Times, 2001-09-12); the Yahoo
# rows of lumber and oats repeat the price of 09-10.
# 2004-06-11: day of mourning for President Reagan. Yahoo's lumber row is empty, its oats, cattle and hog rows repeat
# the close of 06-10.
# 2007-01-02: day of mourning for President Ford. CME commodity products and CBOT farm pits closed (CNBC, 2006-12-29);
# cattle settlements 2005-2014 have 2006-12-29 and 2007-01-03 and nothing between. Yahoo's cattle and lumber rows of
# that day hold one price and 2 to 158 lots.
# The days of mourning of 2018-12-05 and 2025-01-09 closed stock exchanges only: hourly grain and feeder bars, and the
# cotton file, have them. So have hourly bars 2012-10-29 and 30 (Hurricane Sandy).
_CHICAGO_CLOSURES: Final = frozenset({date(2001, 9, 11), date(2001, 9, 12), date(2004, 6, 11), date(2007, 1, 2)})

# ICE softs: no file here reaches back before 2023-09, so no dated closure of the years before could be established.
DATED_CLOSURES: Final[Mapping[str, frozenset[date]]] = {
    "us_livestock": _CHICAGO_CLOSURES,
    "us_grains": _CHICAGO_CLOSURES,
    "us_lumber": _CHICAGO_CLOSURES,
    "us_dairy": _CHICAGO_CLOSURES,
    "ice_us_softs": frozenset(),
}


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


@lru_cache(maxsize=1024)
def exchange_holidays(year: int, calendar: str) -> frozenset[date]:
    """Weekdays of `year` without a session of an exchange group. New Year on a Saturday is not kept on the Friday.

    `calendar` is a key of `DATED_CLOSURES`.
    """
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
    days.update(day for day in DATED_CLOSURES[calendar] if day.year == year)
    return frozenset(day for day in days if day is not None)
