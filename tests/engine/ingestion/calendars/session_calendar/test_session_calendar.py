from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from engine.ingestion.calendars.exchange_holidays import DATED_CLOSURES, exchange_holidays
from engine.ingestion.calendars.session_calendar import (
    is_open_at,
    is_session_day,
    known_calendars,
    next_session_day,
    previous_session_day,
    session_close_ts,
    session_days,
    settlement_known_ts,
)
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import ConfigError
from engine.kernel.timestamps import parse_iso, to_iso


@pytest.mark.parametrize(
    "holiday",
    ["2010-12-24", "2015-07-03", "2020-07-03", "2021-07-05", "2022-06-20", "2023-06-19", "2006-04-14", "2012-11-22",
     "2017-01-02", "2007-01-02", "2004-06-11", "2001-09-11", "2001-09-12", "2019-01-21",
     "2023-02-20", "2023-05-29", "2023-09-04"],
)  # fmt: skip
def test_days_without_a_session(holiday: str) -> None:
    assert not is_session_day(date.fromisoformat(holiday), "us_livestock")


@pytest.mark.parametrize(
    "day",
    ["2010-12-31", "2021-12-31", "2021-06-18", "2012-10-29", "2012-10-30", "2018-12-05", "2016-11-11", "2010-04-15"],
)
def test_days_that_only_look_like_holidays_are_sessions(day: str) -> None:
    assert is_session_day(date.fromisoformat(day), "us_livestock")


@pytest.mark.parametrize("calendar", sorted(DATED_CLOSURES))
def test_every_exchange_group_keeps_the_common_holidays(calendar: str) -> None:
    closed = ["2024-01-01", "2024-01-15", "2024-02-19", "2024-03-29", "2024-05-27", "2024-06-19", "2024-07-04",
              "2024-09-02", "2024-11-28", "2024-12-25"]  # fmt: skip
    assert [day for day in closed if is_session_day(date.fromisoformat(day), calendar)] == []
    assert len(list(session_days(date(2024, 1, 1), date(2024, 12, 31), calendar))) == 262 - len(closed)


def test_previous_session_day_is_the_inverse_of_the_next() -> None:
    days = list(session_days(date(2022, 1, 1), date(2023, 12, 31), "us_grains"))
    for former, later in pairwise(days):
        assert next_session_day(former, "us_grains") == later
        assert previous_session_day(later, "us_grains") == former


def test_a_market_without_holidays_trades_every_weekday() -> None:
    assert is_session_day(date(2023, 12, 25), "none")
    assert not is_session_day(date(2023, 12, 24), "none")
    assert is_session_day(date(2023, 12, 24), "every_day")
    assert known_calendars() == sorted(["none", "every_day", *DATED_CLOSURES])
    with pytest.raises(ConfigError, match=r"unknown session calendar.*us_grains"):
        is_session_day(date(2023, 1, 3), "lunar")


def test_next_session_day_skips_weekend_and_holiday() -> None:
    assert next_session_day(date(2020, 4, 9), "us_livestock") == date(2020, 4, 13)
    assert list(session_days(date(2020, 4, 9), date(2020, 4, 14), "us_livestock")) == [
        date(2020, 4, 9), date(2020, 4, 13), date(2020, 4, 14)]  # fmt: skip


def test_session_times_follow_daylight_saving(hogs: HydraConfig) -> None:
    session = hogs.market.session
    assert to_iso(session_close_ts(date(2023, 7, 3), session)) == "2023-07-03T18:05:00Z"
    assert to_iso(session_close_ts(date(2023, 12, 4), session)) == "2023-12-04T19:05:00Z"
    assert to_iso(settlement_known_ts(date(2023, 7, 3), session)) == "2023-07-03T19:00:00Z"


@pytest.mark.real_data
def test_calendar_against_hourly_exchange_bars(real_data) -> None:
    import gzip

    path = real_data / "intraday" / "databento_1h" / "HE.v.0_2010_2023.csv.gz"
    with gzip.open(path, "rt") as lines:
        next(lines)
        # Hours 14 to 19 UTC are daytime in Chicago all year round: evening sessions before a holiday stay out.
        days = {date.fromisoformat(line[:10]) for line in lines if "14" <= line[11:13] <= "18"}
    holidays = {day for year in range(2010, 2024) for day in exchange_holidays(year, "us_livestock")}
    assert days & holidays == set()
    absent = [day for day in session_days(min(days), max(days), "us_livestock") if day not in days]
    # The vendor's file lacks these stretches; they are no holidays (weekday runs in February 2012 and 2014).
    assert len(absent) <= 12
    assert {(day.year, day.month) for day in absent} <= {(2012, 2), (2014, 6), (2014, 9), (2014, 12)}


def test_a_market_is_open_from_its_opening_to_its_close_on_session_days_alone(hogs: HydraConfig) -> None:
    session = hogs.market.session
    moments = {"2024-03-05T14:29:59Z": False, "2024-03-05T14:30Z": True, "2024-03-05T19:04:59Z": True,
               "2024-03-05T19:05Z": False, "2024-03-10T16:00Z": False, "2024-03-29T16:00Z": False}  # fmt: skip
    assert {moment: is_open_at(parse_iso(moment), session) for moment in moments} == moments
