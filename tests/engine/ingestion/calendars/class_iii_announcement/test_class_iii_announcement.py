"""The rule against the days on which USDA announced the Class III price."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.calendars.class_iii_announcement import announcement_day

# Announcement days of the milk of March 2012 to December 2022, twelve a line as MMDD from January on (AMS, "Advanced
# and Class Prices Release Dates" of each year).
ANNOUNCED = {
    2012: "---- ---- 0402 0502 0531 0705 0801 0829 1003 1031 1205 0103",
    2013: "0130 0227 0403 0501 0605 0703 0731 0905 1018 1030 1204 0102",
    2014: "0205 0305 0402 0430 0604 0702 0730 0904 1001 1105 1203 1231",
    2015: "0204 0304 0401 0429 0603 0701 0805 0902 0930 1104 1202 1230",
    2016: "0203 0302 0330 0504 0602 0629 0803 0831 1005 1102 1130 0105",
    2017: "0201 0301 0405 0503 0601 0628 0802 0830 1004 1101 1129 0104",
    2018: "0131 0228 0404 0502 0531 0705 0801 0829 1003 1031 1205 0103",
    2019: "0130 0227 0403 0501 0605 0703 0731 0905 1002 1030 1204 0102",
    2020: "0205 0304 0401 0429 0603 0701 0805 0902 0930 1104 1202 1230",
    2021: "0203 0303 0331 0505 0603 0630 0804 0901 0929 1103 1201 0105",
    2022: "0202 0302 0330 0504 0602 0629 0803 0831 1005 1102 1130 0105",
}


@pytest.mark.parametrize("year", ANNOUNCED)
def test_every_announcement_of_eleven_years(year: int) -> None:
    for month, text in enumerate(ANNOUNCED[year].split(), 1):
        if text == "----":
            continue
        named = int(text[:2])
        expected = date(year + (named < month), named, int(text[2:]))
        assert announcement_day(year, month) == expected, (year, month)


@given(st.integers(2012, 2040), st.integers(1, 12))
def test_it_is_no_later_than_the_fifth_of_the_next_month_and_no_earlier_than_eight_days_before(
    year: int, month: int
) -> None:
    latest = date(year + month // 12, month % 12 + 1, 5)
    if (year, month) != (2013, 9):
        assert 0 <= (latest - announcement_day(year, month)).days <= 8
