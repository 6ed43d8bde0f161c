from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.parsing.published_time import end_of_day_ts, epoch_ts, published_ts
from engine.kernel.timestamps import parse_iso


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-02-20T14:34:30Z", "2024-02-20T14:34:30Z"),
        ("2024-02-20t14:34:30.25z", "2024-02-20T14:34:30.25Z"),
        ("2024-02-20T14:34:30.123456789Z", "2024-02-20T14:34:30.123456Z"),
        ("2024-02-20T14:34+05:30", "2024-02-20T09:04:00Z"),
        ("2020-06-05 10:30:54-04:00", "2020-06-05T14:30:54Z"),
        ("2024-02-20 14:34:30 UTC", "2024-02-20T14:34:30Z"),
        ("Tue, 20 Feb 2024 14:34:30 GMT", "2024-02-20T14:34:30Z"),
        ("Tue, 20 Feb 2024 14:34:30 -0600", "2024-02-20T20:34:30Z"),
        ("Tue, 20 Feb 2024 14:34:30 -0000", "2024-02-20T14:34:30Z"),
        ("20 Feb 24 14:34 EST", "2024-02-20T19:34:00Z"),
        (" Tue,  20 Feb\n2024 14:34:30 EDT", "2024-02-20T18:34:30Z"),
        ("Sun, 20 Feb 2024 14:34:30 Z", "2024-02-20T14:34:30Z"),
    ],
)
def test_stamps_with_a_zone(text: str, moment: str) -> None:
    assert published_ts(text) == parse_iso(moment)


@pytest.mark.parametrize(
    "text",
    ["2024-02-20T14:34:30", "2024-02-20 14:34:30", "Tue, 20 Feb 2024 14:34:30", "Tue, 20 Feb 2024 14:34:30 IST",
     "Tue, 20 Feb 2024 14:34:30 CET"],
)  # fmt: skip
def test_a_time_without_a_known_zone_is_read_as_late_as_it_can_be(text: str) -> None:
    assert published_ts(text) == parse_iso("2024-02-21T02:34:30Z")


@pytest.mark.parametrize("text", ["2024-02-20", "20 Feb 2024", "Tue, 20 Feb 2024"])
def test_a_date_alone_is_its_end_where_it_ends_last(text: str) -> None:
    assert published_ts(text) == parse_iso("2024-02-21T12:00:00Z")


@pytest.mark.parametrize(
    "value",
    ["", "soon", "2024", "20240220", "2024-W08-2", "2024-02-30", "2024-13-01T00:00Z", "0001-01-01", "9999-12-31",
     "1969-12-31T23:00Z", "1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "2024-02-20T24:61:00Z",
     "2024-02-20T10:00+99:00", "Tue, 99 Feb 2024 14:34:30 GMT", "20 Foo 2024 10:00 GMT", "20 Feb 2024 14:34:30 +9999",
     "2" * 100, None, 5, [], {},
     "٢٠٢٤-٠٢-٢٠"],
)  # fmt: skip
def test_what_is_no_publication_time(value: object) -> None:
    assert published_ts(value) is None


def test_seconds_since_1970() -> None:
    assert (
        epoch_ts(1642792067) == epoch_ts(1642792067.0) == epoch_ts("1642792067.0") == parse_iso("2022-01-21T19:07:47Z")
    )
    for value in (
        True,
        False,
        None,
        "x",
        "nan",
        "inf",
        float("nan"),
        1e400,
        1e300,
        -5,
        0,
        10**400,
        "9" * 5000,
        [],
        4.2e9,
    ):
        assert epoch_ts(value) is None


def test_years_outside_the_calendar_of_markets() -> None:
    assert end_of_day_ts(date(9999, 12, 31)) is None and end_of_day_ts(date(1, 1, 1)) is None


@given(st.text(max_size=70))
def test_no_text_raises(text: str) -> None:
    published_ts(text)
    epoch_ts(text)


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2099, 1, 1)))  # noqa: DTZ001
def test_a_missing_zone_is_never_read_earlier_than_any_zone_of_the_earth(moment: datetime) -> None:
    bare = published_ts(moment.isoformat(" "))
    for zone in ("-12:00", "-05:00", "+00:00", "+14:00"):
        assert bare is not None and bare >= parse_iso(moment.isoformat() + zone)
