"""Dated facts behind the release calendar of the Commitments of Traders: closures, late releases, first publications.

Where the exact day is not known, a day that is surely LATE stands instead: a report that is known too early would be
look-ahead, one that is late only costs. Sources are named at each entry; "special announcements" is the CFTC's page
cftc.gov/MarketReports/CommitmentsofTraders/HistoricalSpecialAnnouncements.

Not in here: single markets that were corrected on a day that was not found, although files hold the later figures
(2019-03-26: lean hogs and fourteen others; 2019-10-15: corn and the soybean complex; cocoa, coffee and options on corn
and soybeans in 2009-2014). Their reports keep the day of the first release.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from engine.ingestion.cot.cot_columns import ReportType

# Closures of federal offices in Washington beside the yearly holidays: executive orders (half days too), days of
# mourning, inaugurations (5 U.S.C. 6103(c)), snow and storms (OPM operating status, early dismissals before 15:30
# included). The CFTC may have published in spite of snow, so a date too many here can only make a report late.
CLOSURES: Final = frozenset(
    {
        date(2007, 1, 2), date(2007, 12, 24), date(2008, 12, 26), date(2009, 1, 20), date(2009, 12, 24),
        date(2010, 2, 5), date(2010, 2, 8), date(2010, 2, 9), date(2010, 2, 10), date(2010, 2, 11),
        date(2012, 10, 29), date(2012, 10, 30), date(2012, 12, 24), date(2013, 3, 6), date(2014, 1, 21),
        date(2014, 2, 13), date(2014, 3, 3), date(2014, 3, 17), date(2014, 12, 26), date(2015, 2, 17),
        date(2015, 3, 5), date(2015, 12, 24), date(2016, 1, 22), date(2016, 1, 25), date(2016, 1, 26),
        date(2017, 1, 20), date(2018, 3, 2), date(2018, 3, 21), date(2018, 12, 5), date(2018, 12, 24),
        date(2019, 12, 24), date(2020, 12, 24), date(2021, 1, 20), date(2022, 1, 3), date(2024, 12, 24),
        date(2025, 1, 9), date(2025, 12, 24), date(2025, 12, 26),
    }
)  # fmt: skip


def _dated(pairs: str) -> dict[date, date]:
    return {date.fromisoformat(pair[:10]): date.fromisoformat(pair[11:]) for pair in pairs.split()}


# report day>release day. The hour is not certain for any of them (the file of 2025-11-10 carries 16:14 New York as its
# last change), so they count as known at the end of the New York day.
LATE_RELEASES: Final[dict[date, date]] = {
    # National day of mourning on 2007-01-02: positions are as of Wednesday (CIT yearly file). LATE bound.
    **_dated("2007-01-03>2007-01-08"),
    # Monday's figures although Tuesday was open, Veterans Day on Wednesday; no notice found. LATE bound.
    **_dated("2009-11-09>2009-11-16"),
    # Hurricane Sandy: offices closed on Monday and Tuesday; no notice found. LATE bound.
    **_dated("2012-10-30>2012-11-05"),
    # Incomplete at first, published anew on 2012-12-05 (special announcements): files hold the later figures.
    **_dated("2012-11-27>2012-12-05"),
    # Shutdown 1-16 October 2013. CFTC release 6745-13: 2013-10-01 on 2013-10-25 (gotgoldreport.com of that day has it),
    # two more in the week of 28 October, two more in the week of 4 November, on schedule by 2013-11-08. The single days
    # within those weeks are not stated: LATE bound, the Friday.
    **_dated(
        "2013-10-01>2013-10-25 2013-10-08>2013-11-01 2013-10-15>2013-11-01 2013-10-22>2013-11-08 "
        "2013-10-29>2013-11-08 2013-11-05>2013-11-08"
    ),
    # Corn, wheat, soybeans, sugar and others corrected and published anew on 2017-04-04 (special announcements): files
    # hold the later figures.
    **_dated("2017-03-28>2017-04-04"),
    # Shutdown 22 December 2018 - 25 January 2019. CFTC release 7864-19: 2018-12-24 on Friday 2019-02-01, then one each
    # Tuesday and Friday, in order, until current (last change of the files: 2019-02-01 15:31, 2019-02-05 15:33);
    # commitmentsoftraders.org: current again with 2019-03-05, released on 2019-03-08.
    **_dated(
        "2018-12-24>2019-02-01 2018-12-31>2019-02-05 2019-01-08>2019-02-08 2019-01-15>2019-02-12 "
        "2019-01-22>2019-02-15 2019-01-29>2019-02-19 2019-02-05>2019-02-22 2019-02-12>2019-02-26 "
        "2019-02-19>2019-03-01 2019-02-26>2019-03-05 2019-03-05>2019-03-08"
    ),
    # Cyber incident at ION, from 31 January 2023 (CFTC release 8662-23). Each day is an announcement "today, staff is
    # issuing" (special announcements, 2023-02-24 to 2023-03-21).
    **_dated(
        "2023-01-31>2023-02-24 2023-02-07>2023-03-03 2023-02-14>2023-03-08 2023-02-21>2023-03-10 "
        "2023-02-28>2023-03-14 2023-03-07>2023-03-16 2023-03-14>2023-03-21"
    ),
    # Shutdown 1 October - 12 November 2025. CFTC release 9138-25 of 2025-11-18, made faster by 9147-25 of 2025-12-09,
    # whose table stands here. Its last line was 2025-12-29; offices were closed by order on 24 and 26 December after it
    # was written, so the third business day after the report stands as LATE bound.
    **_dated(
        "2025-09-30>2025-11-19 2025-10-07>2025-11-21 2025-10-14>2025-11-25 2025-10-21>2025-12-02 "
        "2025-10-28>2025-12-05 2025-11-04>2025-12-09 2025-11-10>2025-12-10 2025-11-18>2025-12-12 "
        "2025-11-25>2025-12-15 2025-12-02>2025-12-17 2025-12-09>2025-12-19 2025-12-16>2025-12-23 "
        "2025-12-23>2025-12-31"
    ),
}  # fmt: skip

# Of one report type alone: index traders of 2015-06-23 were completed on 2015-07-01 (special announcements).
LATE_BY_TYPE: Final[dict[ReportType, dict[date, date]]] = {"supplemental": _dated("2015-06-23>2015-07-01")}

# Report days that are no Tuesday although the Tuesday was no exchange holiday (read from the CFTC's yearly files).
MOVED_REPORT_DAYS: Final = frozenset(
    {date(2007, 1, 3), date(2008, 12, 22), date(2009, 11, 9), date(2020, 12, 21), date(2025, 11, 10)}
)

# First report day there is of each type; the legacy files begin with 1986-01-15.
FIRST_REPORT_DAYS: Final[dict[ReportType, date]] = {
    "legacy": date(1986, 1, 15),
    "disaggregated": date(2006, 6, 13),
    "supplemental": date(2006, 1, 3),
    "financial": date(2006, 6, 13),
}

# Report days before the first one given were published later, all at once, on the second day given.
# Disaggregated: 22 markets from 2009-09-04, all others from 2009-12-04 (CFTC release 5760-09). Their history came on
# 2009-10-20 (hedgeweek.com, 2009-10-21) and 2010-05-07 (explanatory notes, "Historical Data"). A report does not say to
# which group its market belongs, so the later day stands for all: LATE bound.
# Supplemental: first on 2007-01-05 with 2006 beside it (CFTC release 5262-06 and its notice); the mourning of 2 January
# moved that release, see above.
# Financial: said to have begun on 2010-07-22 with its history, but no text of that day was found. LATE bound: the
# release of the next report, 2010-07-27, which is in the CFTC's archive of viewable reports.
HISTORY_PUBLISHED: Final[dict[ReportType, tuple[date, date]]] = {
    "disaggregated": (date(2009, 12, 1), date(2010, 5, 7)),
    "supplemental": (date(2007, 1, 3), date(2007, 1, 8)),
    "financial": (date(2010, 7, 27), date(2010, 7, 30)),
}
