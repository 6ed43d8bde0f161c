"""Time as whole microseconds: exact both ways, zones made explicit, nonsense refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.errors import InputError
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_HOUR, local_ts, parse_iso, to_datetime, to_iso, to_ts

MOMENTS = st.integers(-2_000_000_000_000_000, 7_000_000_000_000_000)


@given(MOMENTS)
def test_every_moment_survives_datetime_and_text(ts: int) -> None:
    assert to_ts(to_datetime(ts)) == ts
    assert parse_iso(to_iso(ts)) == ts


@given(MOMENTS, MOMENTS)
def test_text_of_whole_seconds_sorts_like_time(first: int, second: int) -> None:
    earlier, later = sorted((first // 1_000_000 * 1_000_000, second // 1_000_000 * 1_000_000))
    assert to_iso(earlier) <= to_iso(later)


@given(MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_the_zone_of_a_datetime_does_not_move_it(ts: int, minutes: int) -> None:
    elsewhere = to_datetime(ts).astimezone(timezone(timedelta(minutes=minutes)))
    assert to_ts(elsewhere) == ts


def test_fractions_are_written_only_where_there_are_any() -> None:
    whole = to_ts(datetime(2021, 6, 10, 12, 0, tzinfo=UTC))
    assert to_iso(whole) == "2021-06-10T12:00:00Z"
    assert to_iso(whole + 1) == "2021-06-10T12:00:00.000001Z"


def test_a_date_is_its_midnight_and_a_time_without_zone_is_utc() -> None:
    midnight = to_ts(datetime(2021, 6, 10, tzinfo=UTC))
    assert parse_iso("2021-06-10") == midnight
    assert parse_iso(" 2021-06-10T12:00 ") == midnight + 12 * MICROS_PER_HOUR
    assert parse_iso("2021-06-10T12:00+02:00") == midnight + 10 * MICROS_PER_HOUR


@pytest.mark.parametrize("text", ["", "yesterday", "2021-13-01", "2021-06-10T25:00", "1623326400"])
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match="2021-06-10"):
        parse_iso(text)


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        to_ts(datetime(2021, 6, 10))  # noqa: DTZ001


def test_exchange_time_follows_daylight_saving() -> None:
    winter = local_ts(2024, 3, 8, 8, 30, "America/Chicago")
    summer = local_ts(2024, 3, 11, 8, 30, "America/Chicago")
    assert to_iso(winter) == "2024-03-08T14:30:00Z"
    assert to_iso(summer) == "2024-03-11T13:30:00Z"
    assert summer - winter == 3 * MICROS_PER_DAY - MICROS_PER_HOUR
