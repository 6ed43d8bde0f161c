from __future__ import annotations

from datetime import date

import pytest

from engine.ingestion.lean.lean_times import lean_day, lean_moment
from engine.ingestion.market_directory import reference_market
from engine.ingestion.options.option_roots import OptionRoot
from engine.kernel.timestamps import local_ts, parse_iso

SHARE = OptionRoot.of("TWX", reference_market("TWX"))
FUTURE = OptionRoot.of("HO", reference_market("HO"), on_future=True)
DAY = date(2020, 1, 6)


def test_intraday_rows_are_known_at_the_end_of_their_bar() -> None:
    nine_thirty = str((9 * 60 + 30) * 60_000)
    assert lean_moment(nine_thirty, DAY, "minute", SHARE, on_future=False) == (
        (local_ts(2020, 1, 6, 9, 31, "America/New_York"),) * 2
    )
    assert lean_moment(nine_thirty, DAY, "second", FUTURE, on_future=True) == ((parse_iso("2020-01-06T09:30:01Z"),) * 2)


def test_daily_rows_are_known_when_the_day_is_over() -> None:
    assert lean_moment("20200106 00:00", None, "", SHARE, on_future=False) == (
        local_ts(2020, 1, 6, 16, 0, "America/New_York"), local_ts(2020, 1, 7, 0, 0, "America/New_York"))  # fmt: skip
    assert lean_moment("20200106 00:00", None, "", FUTURE, on_future=True) == ((parse_iso("2020-01-07T00:00Z"),) * 2)
    assert lean_moment("20200106 14:00", None, "", FUTURE, on_future=True) == ((parse_iso("2020-01-06T15:00Z"),) * 2)


@pytest.mark.parametrize("text", ["", "x", "-1", "86400000", "20200106 00:00"])
def test_what_is_no_time_of_day(text: str) -> None:
    assert lean_moment(text, DAY, "minute", SHARE, on_future=False) is None


@pytest.mark.parametrize("text", ["20201306 00:00", "00010101 00:00", "2020-01-06"])
def test_what_is_no_day(text: str) -> None:
    assert lean_moment(text, None, "", SHARE, on_future=False) is None
    assert lean_day(text) is None
