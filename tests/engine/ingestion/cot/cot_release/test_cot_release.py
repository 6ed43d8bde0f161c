"""Every week of 2006-2026 against a list written by hand from the schedules of the CFTC and its announcements."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.cot.cot_columns import ReportType
from engine.ingestion.cot.cot_release import (
    federal_holidays,
    next_release,
    next_release_ts,
    release_day,
    release_ts,
    releases_between,
    report_day_of_week,
)
from engine.ingestion.cot.cot_release_facts import LATE_RELEASES
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts, parse_iso

# Fridays of weeks whose report came on the following Monday, 15:30: a holiday on Wednesday (W), Thursday (T) or Friday
# (F), or one closed day of another kind (x). Schedules of 2012 (07-06, 11-23), 2024, 2025 and 2026, announcements of
# 2008-12 and 2025-01-07, 2021-06-17; the other years follow the same holidays.
MONDAY_RELEASES = """
2006-11-10F 2006-11-24T 2007-07-06W 2007-11-23T 2008-07-04F 2008-11-28T 2008-12-26T 2009-01-02T 2009-07-03F 2009-11-27T
2010-01-01F 2010-11-12T 2010-11-26T 2010-12-24F 2010-12-31F 2011-11-11F 2011-11-25T 2012-07-06W 2012-11-23T 2013-03-08x
2013-07-05T 2013-11-29T 2013-12-27W 2014-01-03W 2014-07-04F 2014-11-28T 2015-01-02T 2015-03-06x 2015-07-03F 2015-11-13W
2015-11-27T 2016-01-01F 2016-11-11F 2016-11-25T 2017-01-20x 2017-11-10F 2017-11-24T 2018-03-02x 2018-03-23x 2018-07-06W
2018-11-23T 2018-12-07x 2019-07-05T 2019-11-29T 2019-12-27W 2020-01-03W 2020-07-03F 2020-11-13W 2020-11-27T 2020-12-25F
2021-01-01F 2021-01-22x 2021-06-18F 2021-11-12T 2021-11-26T 2021-12-24F 2022-11-11F 2022-11-25T 2023-11-10F 2023-11-24T
2024-06-21W 2024-07-05T 2024-11-29T 2024-12-27W 2025-01-03W 2025-01-10x 2025-06-20T 2025-07-04F 2026-01-02T 2026-06-19F
2026-07-03F 2026-11-13W 2026-11-27T 2026-12-25F 2027-01-01F
"""
# Friday of the week > release, 15:30: several closed days in a row.
LATER_RELEASES = {
    "2009-12-25": "2009-12-29", "2010-02-05": "2010-02-12", "2010-02-12": "2010-02-17", "2014-02-14": "2014-02-18",
    "2014-12-26": "2014-12-30", "2015-12-25": "2015-12-29", "2016-01-22": "2016-01-27", "2021-12-31": "2022-01-04",
}  # fmt: skip
# Friday of the week > release, at the end of that day: announced catch-ups, corrections and bounds.
OUTSIDE_SCHEDULE = {
    "2007-01-05": "2007-01-08", "2009-11-13": "2009-11-16", "2012-11-02": "2012-11-05", "2012-11-30": "2012-12-05",
    "2013-10-04": "2013-10-25", "2013-10-11": "2013-11-01", "2013-10-18": "2013-11-01", "2013-10-25": "2013-11-08",
    "2013-11-01": "2013-11-08", "2013-11-08": "2013-11-08", "2017-03-31": "2017-04-04",
    "2018-12-28": "2019-02-01", "2019-01-04": "2019-02-05", "2019-01-11": "2019-02-08", "2019-01-18": "2019-02-12",
    "2019-01-25": "2019-02-15", "2019-02-01": "2019-02-19", "2019-02-08": "2019-02-22", "2019-02-15": "2019-02-26",
    "2019-02-22": "2019-03-01", "2019-03-01": "2019-03-05", "2019-03-08": "2019-03-08",
    "2023-02-03": "2023-02-24", "2023-02-10": "2023-03-03", "2023-02-17": "2023-03-08", "2023-02-24": "2023-03-10",
    "2023-03-03": "2023-03-14", "2023-03-10": "2023-03-16", "2023-03-17": "2023-03-21",
    "2025-10-03": "2025-11-19", "2025-10-10": "2025-11-21", "2025-10-17": "2025-11-25", "2025-10-24": "2025-12-02",
    "2025-10-31": "2025-12-05", "2025-11-07": "2025-12-09", "2025-11-14": "2025-12-10", "2025-11-21": "2025-12-12",
    "2025-11-28": "2025-12-15", "2025-12-05": "2025-12-17", "2025-12-12": "2025-12-19", "2025-12-19": "2025-12-23",
    "2025-12-26": "2025-12-31",
}  # fmt: skip
# Report days of the yearly files that are no Tuesday.
MOVED = """
2006-07-03 2007-01-03 2007-12-24 2007-12-31 2008-12-22 2009-11-09 2012-12-24 2012-12-31 2017-07-03 2018-12-24 2018-12-31
2020-12-21 2023-07-03 2025-11-10
"""
FRIDAYS = [date(2006, 1, 6) + timedelta(days=7 * week) for week in range(52 * 21 + 4)]
TYPES: tuple[ReportType, ...] = ("legacy", "disaggregated", "supplemental", "financial")


def at(day: date, hour: int = 15, minute: int = 30) -> int:
    return local_ts(day.year, day.month, day.day, hour, minute, "America/New_York")


def expected_ts(friday: date) -> int:
    if friday.isoformat() in OUTSIDE_SCHEDULE:
        return at(date.fromisoformat(OUTSIDE_SCHEDULE[friday.isoformat()]) + timedelta(days=1), 0, 0)
    if friday.isoformat() in LATER_RELEASES:
        return at(date.fromisoformat(LATER_RELEASES[friday.isoformat()]))
    mondays = {entry[:10] for entry in MONDAY_RELEASES.split()}
    return at(friday + timedelta(days=3) if friday.isoformat() in mondays else friday)


def test_every_week_of_twenty_one_years() -> None:
    assert FRIDAYS[-1] == date(2027, 1, 1)
    wrong = [friday for friday in FRIDAYS if release_ts(report_day_of_week(friday)) != expected_ts(friday)]
    assert wrong == []


def test_every_hand_written_week_is_one_and_says_its_holiday() -> None:
    entries = MONDAY_RELEASES.split()
    assert len(set(entries)) == len(entries)
    for entry in entries:
        friday, kind = date.fromisoformat(entry[:10]), entry[10]
        assert friday in FRIDAYS
        holidays = federal_holidays(friday.year) | federal_holidays((friday - timedelta(days=4)).year)
        days = {"W": friday - timedelta(days=2), "T": friday - timedelta(days=1), "F": friday}
        assert kind == "x" or days[kind] in holidays
    assert {*LATER_RELEASES, *OUTSIDE_SCHEDULE} <= {friday.isoformat() for friday in FRIDAYS}


def test_report_days_are_those_of_the_files() -> None:
    days = {report_day_of_week(friday) for friday in FRIDAYS}
    assert {day.isoformat() for day in days if day.weekday() != 1} == set(MOVED.split())


def test_the_tuesday_report_is_known_on_friday_half_past_three_new_york() -> None:
    assert release_ts(date(2021, 6, 8)) == at(date(2021, 6, 11))
    assert release_ts(date(2021, 1, 5)) == parse_iso("2021-01-08T20:30Z")


@pytest.mark.parametrize(
    ("report", "release"),
    [
        ("2007-01-02", "2007-01-08"),  # the same week under its Tuesday
        ("2008-12-22", "2008-12-29"),  # Monday's figures; announced by the CFTC
        ("2014-12-23", "2014-12-30"),  # two closed days, announced by the CFTC
        ("2020-12-21", "2020-12-28"),
        ("2023-07-03", "2023-07-07"),  # Tuesday holiday: Monday's data, Friday's release
        ("2024-11-12", "2024-11-15"),  # Veterans Day on Monday delays nothing
        ("2025-11-11", "2025-12-10"),
        ("2026-01-20", "2026-01-23"),
    ],
)
def test_release_days(report: str, release: str) -> None:
    assert release_day(date.fromisoformat(report)) == date.fromisoformat(release)


@given(st.dates(date(2005, 1, 1), date(2040, 12, 31)))
def test_never_earlier_than_friday_and_never_on_a_closed_day(day: date) -> None:
    if day.weekday() > 3:
        with pytest.raises(InputError, match="no COT report is made for that day"):
            release_day(day)
        return
    release = release_day(day)
    friday = day + timedelta(days=4 - day.weekday())
    assert friday <= release <= friday + timedelta(days=50)
    assert release.weekday() < 5
    assert release not in federal_holidays(release.year)
    assert at(release) <= release_ts(day) <= at(release + timedelta(days=1), 0, 0)


def test_releases_keep_the_order_of_their_reports() -> None:
    releases = [release_ts(report_day_of_week(friday)) for friday in FRIDAYS]
    ties = [friday for friday, (one, other) in zip(FRIDAYS, pairwise(releases), strict=False) if one == other]
    assert releases == sorted(releases)
    assert [day.isoformat() for day in ties] == ["2013-10-11", "2013-10-25", "2013-11-01"]  # bounds of one week


@pytest.mark.parametrize(
    ("kind", "report", "known"),
    [
        ("disaggregated", "2006-06-13", "2010-05-07"),
        ("disaggregated", "2009-11-24", "2010-05-07"),
        ("supplemental", "2006-01-03", "2007-01-08"),
        ("supplemental", "2015-06-23", "2015-07-01"),
        ("financial", "2010-07-20", "2010-07-30"),
    ],
)
def test_a_history_is_known_when_it_was_published(kind: ReportType, report: str, known: str) -> None:
    assert release_ts(date.fromisoformat(report), kind) == at(date.fromisoformat(known) + timedelta(days=1), 0, 0)


@pytest.mark.parametrize(
    ("kind", "report"),
    [("disaggregated", "2009-12-01"), ("supplemental", "2007-01-09"), ("financial", "2010-07-27"),
     ("legacy", "2006-01-03"), ("legacy", "2015-06-23")],
)  # fmt: skip
def test_from_its_first_publication_a_type_keeps_the_schedule(kind: ReportType, report: str) -> None:
    day = date.fromisoformat(report)
    assert release_ts(day, kind) == at(day + timedelta(days=3))


@pytest.mark.parametrize(
    ("kind", "report"),
    [("legacy", "1986-01-14"), ("disaggregated", "2006-06-06"), ("supplemental", "2005-12-27"),
     ("financial", "2006-06-06"), ("legacy", "2100-01-05")],
)  # fmt: skip
def test_days_before_a_type_began_are_refused(kind: ReportType, report: str) -> None:
    with pytest.raises(InputError, match=f"there is no {kind} COT report of {report}"):
        release_ts(date.fromisoformat(report), kind)


def test_no_type_is_known_before_the_schedule() -> None:
    for kind in TYPES:
        for friday in FRIDAYS:
            day = report_day_of_week(friday)
            if day >= date(2006, 6, 13):
                assert release_ts(day, kind) >= release_ts(day, "legacy")


@pytest.mark.parametrize(
    ("now", "report", "release"),
    [
        ("2021-06-11T19:29Z", "2021-06-08", "2021-06-11T19:30Z"),
        ("2021-06-11T19:30Z", "2021-06-15", "2021-06-21T19:30Z"),
        ("2025-10-03T20:00Z", "2025-09-30", "2025-11-20T05:00Z"),
        ("2025-12-31T12:00Z", "2025-12-23", "2026-01-01T05:00Z"),
        ("2026-11-23T00:00Z", "2026-11-24", "2026-11-30T20:30Z"),  # Thanksgiving
    ],
)
def test_the_next_release(now: str, report: str, release: str) -> None:
    expected = next_release(parse_iso(now))
    assert (expected.report_day.isoformat(), expected.release_ts) == (report, parse_iso(release))
    assert next_release_ts(parse_iso(now)) == expected.release_ts


@given(st.integers(parse_iso("2006-07-01"), parse_iso("2027-12-01")), st.sampled_from(TYPES))
def test_the_next_release_is_the_first_of_those_that_follow(now_ts: int, kind: ReportType) -> None:
    due = next_release(now_ts, kind)
    assert due.release_ts > now_ts
    assert due in releases_between(now_ts, due.release_ts, kind)
    assert releases_between(now_ts, due.release_ts - 1, kind) == ()


def test_releases_between_cover_a_backlog_once() -> None:
    cuts = [parse_iso(f"2025-{month:02d}-15T12:00Z") for month in range(8, 13)] + [parse_iso("2026-02-01")]
    pieces = [release for one, other in pairwise(cuts) for release in releases_between(one, other)]
    assert sorted(pieces, key=lambda one: one.report_day) == list(releases_between(cuts[0], cuts[-1]))
    days = [release.report_day for release in releases_between(cuts[0], cuts[-1])]
    assert (days[0], days[-1], len(days)) == (date(2025, 8, 12), date(2026, 1, 27), 25)


def test_a_published_history_is_due_at_once() -> None:
    released = releases_between(parse_iso("2010-05-07T12:00Z"), parse_iso("2010-05-08T12:00Z"), "disaggregated")
    assert released[0].report_day == date(2006, 6, 13)
    assert len(released) == 181 + 1  # the history and the report of that Friday


def test_late_releases_are_late() -> None:
    assert all(release >= report + timedelta(days=3) for report, release in LATE_RELEASES.items())
