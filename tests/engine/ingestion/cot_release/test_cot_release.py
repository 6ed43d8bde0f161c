from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.cot_release import federal_holidays, release_day, release_ts
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts


def test_the_tuesday_report_is_known_on_friday_half_past_three_new_york() -> None:
    assert release_ts(date(2021, 6, 8)) == local_ts(2021, 6, 11, 15, 30, "America/New_York")


@pytest.mark.parametrize(
    ("report", "release"),
    [
        ("2023-01-03", "2023-01-06"),
        ("2024-06-18", "2024-06-24"),  # Juneteenth on Wednesday; CFTC schedule of 2024
        ("2024-07-02", "2024-07-08"),
        ("2024-11-26", "2024-12-02"),
        ("2024-12-24", "2024-12-30"),
        ("2024-11-12", "2024-11-15"),  # Veterans Day on Monday delays nothing
        ("2023-07-03", "2023-07-07"),  # Tuesday holiday: Monday's data, Friday's release
        ("2007-01-02", "2007-01-08"),
        ("2018-12-18", "2018-12-21"),
        ("2018-12-24", "2019-02-01"),  # shutdown
        ("2018-12-31", "2019-02-05"),
        ("2019-03-05", "2019-03-08"),
        ("2019-03-12", "2019-03-15"),
        ("2023-01-24", "2023-01-27"),
        ("2023-01-31", "2023-02-24"),  # ION
        ("2023-02-21", "2023-03-24"),
        ("2023-03-21", "2023-03-24"),
        ("2025-09-30", "2025-11-19"),  # shutdown
        ("2025-11-10", "2025-12-12"),
        ("2025-11-11", "2025-12-12"),  # the same week's report under its Tuesday
        ("2026-01-20", "2026-01-23"),
    ],
)
def test_release_days(report: str, release: str) -> None:
    assert release_day(date.fromisoformat(report)) == date.fromisoformat(release)


@given(st.dates(date(2005, 1, 1), date(2030, 12, 31)))
def test_never_earlier_than_friday_and_never_on_a_closed_day(day: date) -> None:
    if day.weekday() > 3:
        with pytest.raises(InputError):
            release_day(day)
        return
    release = release_day(day)
    friday = day + timedelta(days=4 - day.weekday())
    assert release >= friday
    assert release.weekday() < 5
    assert release not in federal_holidays(release.year)
    assert release <= friday + timedelta(days=70)


def test_releases_of_a_backlog_keep_the_order_of_their_reports() -> None:
    tuesdays = [date(2018, 1, 2) + timedelta(days=7 * week) for week in range(52 * 9)]
    releases = [release_day(tuesday) for tuesday in tuesdays]
    assert releases == sorted(releases)
