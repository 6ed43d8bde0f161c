from __future__ import annotations

from datetime import date

import pytest

from engine.ingestion.futures.ib_times import IbTime, read_ib_time
from engine.kernel.timestamps import parse_iso

CHICAGO = "America/Chicago"


@pytest.mark.parametrize(
    ("text", "utc", "stated"),
    [
        ("2021-01-05T09:28:00", "2021-01-05T15:28Z", False),
        ("2021-07-05 09:28:00", "2021-07-05T14:28Z", False),
        ("2022-03-01T23:10:03+00:00", "2022-03-01T23:10:03Z", True),
        ("2019-10-04 15:30:00-04:00", "2019-10-04T19:30Z", True),
        ("20230105 09:30:00 US/Eastern", "2023-01-05T14:30Z", True),
        ("20230105  09:30:00", "2023-01-05T15:30Z", False),
        ("20230105-14:30:00", "2023-01-05T14:30Z", True),
        ("1609839000", "2021-01-05T09:30Z", True),
        (1609839000, "2021-01-05T09:30Z", True),
    ],
)
def test_moments(text: object, utc: str, stated: bool) -> None:
    assert read_ib_time(text, CHICAGO) == IbTime(parse_iso(utc), None, stated)


@pytest.mark.parametrize("text", ["20230105", "2023-01-05"])
def test_days(text: str) -> None:
    assert read_ib_time(text, CHICAGO) == IbTime(0, date(2023, 1, 5), True)


def test_an_hour_that_comes_twice_is_the_later_one() -> None:
    assert read_ib_time("20231105 01:30:00 US/Eastern", "UTC") == IbTime(parse_iso("2023-11-05T06:30Z"), None, True)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "20231305", "20230105 25:00:00", "20230105 09:30:00 Mars/Olympus", "20230105-09:30:00 US/Eastern",
     "0001-01-01T00:00:00", None, True, 1.5, "20230105 09:30:00 ../../etc/passwd"],
)  # fmt: skip
def test_what_is_no_time(text: object) -> None:
    assert read_ib_time(text, CHICAGO) is None
