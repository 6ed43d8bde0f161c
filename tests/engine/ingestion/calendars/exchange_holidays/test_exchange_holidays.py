"""Holidays against published calendars, and each exchange group's sessions against the real bars of its markets."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.ingestion.calendars.exchange_holidays import DATED_CLOSURES, easter_sunday, exchange_holidays
from engine.ingestion.calendars.session_calendar import is_session_day, session_days


def test_ice_softs_are_closed_on_the_days_of_the_exchange_calendar_of_2025() -> None:
    """ICE Futures U.S., "2025 Trading Holiday Calendar" of 2024-07-05, column of cocoa, coffee, cotton, FCOJ, sugar."""
    published = ["01-01", "01-20", "02-17", "04-18", "05-26", "06-19", "07-04", "09-01", "11-27", "12-25"]
    assert sorted(exchange_holidays(2025, "ice_us_softs")) == [date.fromisoformat(f"2025-{day}") for day in published]


@pytest.mark.parametrize(
    ("year", "month", "day"), [(2006, 4, 16), (2009, 4, 12), (2020, 4, 12), (2024, 3, 31), (2038, 4, 25)]
)
def test_easter(year: int, month: int, day: int) -> None:
    assert easter_sunday(year) == date(year, month, day)


def test_a_dated_closure_is_a_weekday_that_no_rule_gives() -> None:
    for calendar, closures in DATED_CLOSURES.items():
        for day in closures:
            without = exchange_holidays(day.year, calendar) - closures
            assert day.weekday() < 5 and day not in without


def hourly_days(path: Path) -> set[date]:
    """Chicago trade dates with a bar: an evening session, from 17:00, belongs to the next weekday."""
    days = set()
    with gzip.open(path, "rt") as lines:
        for row in csv.DictReader(lines):
            moment = datetime.fromisoformat(row["ts_event"][:19]).replace(tzinfo=UTC)
            local = moment.astimezone(ZoneInfo("America/Chicago"))
            day = local.date() + timedelta(days=local.hour >= 17)
            while day.weekday() > 4:
                day += timedelta(days=1)
            days.add(day)
    return days


def compared(days: set[date], calendar: str) -> tuple[list[str], list[str]]:
    """(sessions without a bar, days with a bar that are no sessions)."""
    sessions = set(session_days(min(days), max(days), calendar))
    return sorted(map(str, sessions - days)), sorted(map(str, days - sessions))


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("root", "calendar", "absent", "outside"),
    [
        ("ZO", "us_grains", ["2014-06-11", "2014-10-03", "2017-07-05", "2018-09-05", "2020-02-28"],
         ["2014-05-26", "2014-09-01"]),
        ("ZR", "us_grains", ["2014-06-11", "2014-10-03", "2018-07-05", "2020-02-28"], ["2014-05-26"]),
        ("GF", "us_livestock", ["2012-02-06", "2012-02-07", "2012-02-08", "2012-02-09", "2012-02-10", "2014-06-12",
                                "2014-06-13", "2014-09-23", "2014-09-24", "2014-09-25", "2014-12-31"], ["2014-05-26"]),
    ],
)  # fmt: skip
def test_hourly_bars_of_2010_to_2023_leave_only_holes_of_the_archive(
    real_data: Path, root: str, calendar: str, absent: list[str], outside: list[str]
) -> None:
    """No day is absent in all three files, so none is a closure. The bars outside are single prints at 16:00 on the
    Sunday before a Monday holiday."""
    days = hourly_days(real_data / "intraday" / "databento_1h" / f"{root}.v.0_2010_2023.csv.gz")
    assert compared(days, calendar) == (absent, outside)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "calendar", "absent"),
    [("Oats", "us_grains", []), ("Lumber", "us_lumber", []), ("Live_Cattle", "us_livestock", []),
     ("Feeder_Cattle", "us_livestock", ["2016-04-29"])],
)  # fmt: skip
def test_daily_bars_of_2016_to_2022_have_every_session(
    real_data: Path, name: str, calendar: str, absent: list[str]
) -> None:
    with open(real_data / "futures" / "investing_2016_2022" / f"{name}.csv", encoding="utf-8-sig") as lines:
        written = (row["Date"].split("/") for row in csv.DictReader(lines))
        days = {date(int(year), int(month), int(day)) for month, day, year in written}
    assert compared(days, calendar)[0] == absent


@pytest.mark.real_data
def test_an_ice_soft_traded_on_exactly_the_sessions_of_two_years(real_data: Path) -> None:
    path = real_data / "futures" / "barchart_contracts" / "ctz25_price-history-10-03-2025.csv"
    days = {date.fromisoformat(row[0]) for row in csv.reader(path.open()) if row[0][:2] == "20"}
    assert compared(days, "ice_us_softs") == ([], [])
    assert is_session_day(date(2025, 1, 9), "ice_us_softs") and date(2025, 1, 9) in days
