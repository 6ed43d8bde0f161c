from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.parsing.vendor_days import read_days


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["2022-10-05"], [date(2022, 10, 5)]),
        (["Oct 05, 2022", "Oct 4, 2022"], [date(2022, 10, 5), date(2022, 10, 4)]),
        (["10/05/2022", "10/04/2022"], [date(2022, 10, 5), date(2022, 10, 4)]),
        (["05/10/2022", "04/10/2022"], [date(2022, 10, 5), date(2022, 10, 4)]),
        (["10/05/2022"], [date(2022, 10, 5)]),
        (["10/13/2022", "x", "2022-30-11", "", "10/11/22", "10/11/0022"],
         [date(2022, 10, 13), None, None, None, None, None]),
        ([], []),
    ],
)  # fmt: skip
def test_layouts(texts: list[str], days: list[date | None]) -> None:
    assert read_days(texts) == days


@given(st.dates(date(1960, 1, 1), date(2090, 1, 1)), st.integers(20, 60), st.sampled_from(["%m/%d/%Y", "%d/%m/%Y"]))
def test_a_month_of_days_tells_its_own_order(first: date, count: int, layout: str) -> None:
    days = [first + timedelta(days=step) for step in range(count)]
    assert read_days([day.strftime(layout) for day in days]) == days
