from __future__ import annotations

from datetime import date

import pytest

from engine.ingestion.quality.feed_expectations import missing_sessions, overdue_updates
from engine.kernel.timestamps import parse_iso


@pytest.mark.parametrize(
    ("now", "overdue"),
    [
        ("2020-04-09T19:00Z", 0),
        ("2020-04-10T23:00Z", 0),  # Good Friday
        ("2020-04-12T23:00Z", 0),  # weekend
        ("2020-04-13T18:59Z", 0),
        ("2020-04-13T19:00Z", 1),
        ("2020-04-15T23:00Z", 3),
    ],
)
def test_a_daily_source_owes_one_update_a_session(hogs, now: str, overdue: int) -> None:
    assert overdue_updates("yahoo", parse_iso("2020-04-09T19:00Z"), parse_iso(now), hogs.market) == overdue


@pytest.mark.parametrize(
    ("now", "overdue"),
    [("2021-06-11T19:29Z", 0), ("2021-06-11T19:30Z", 1), ("2021-06-30T12:00Z", 3)],
)
def test_a_report_source_owes_one_update_a_release(hogs, now: str, overdue: int) -> None:
    last = parse_iso("2021-06-04T19:30Z")
    assert overdue_updates("cot_legacy", last, parse_iso(now), hogs.market) == overdue


def test_a_bar_source_owes_updates_in_session_time_only(simulated) -> None:
    last = parse_iso("2024-02-20T19:05Z")  # 13:05 Chicago, the last bar of the session
    assert overdue_updates("venue", last, parse_iso("2024-02-21T14:30Z"), simulated.market) == 0
    assert overdue_updates("venue", last, parse_iso("2024-02-21T14:45Z"), simulated.market) == 3
    assert overdue_updates("cboe_quotes", last, parse_iso("2024-02-21T14:45Z"), simulated.market) == 3


def test_nothing_is_overdue_before_the_last_update(hogs) -> None:
    assert overdue_updates("yahoo", 10, 10, hogs.market) == 0


def test_a_backlog_of_years_is_bounded(hogs) -> None:
    assert 270 <= overdue_updates("yahoo", 0, parse_iso("2024-01-05"), hogs.market) <= 400


def test_missing_sessions(hogs) -> None:
    days = {date(2012, 10, 26), date(2012, 10, 31)}
    gap = missing_sessions(days, date(2012, 10, 26), date(2012, 10, 31), hogs.market)
    assert gap == [date(2012, 10, 29), date(2012, 10, 30)]
