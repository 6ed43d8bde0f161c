from __future__ import annotations

import math
from datetime import date

import pytest

from engine.ingestion.calendars.session_calendar import midnight_ts, settlement_known_ts
from engine.ingestion.futures.vendor_bars import (
    BarColumns,
    VendorRow,
    bars_of,
    continuous_contract,
    lines_of,
    settled_rows,
)
from engine.ingestion.market_directory import reference_market
from engine.ingestion.source_pipeline import ProblemList
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError

COLUMNS = BarColumns(close=4, open=1, high=2, low=3, volume=5)


def test_a_settled_row_is_known_at_the_settlement_of_its_day(hogs: HydraConfig) -> None:
    problems = ProblemList()
    table = [(1, ["Date", "Close"]), (2, ["2020-04-14", "45"]), (3, ["2020-04-15"]), (4, ["soon", "45"])]
    (row,) = settled_rows(table, 0, hogs.market.session, problems)
    day = date(2020, 4, 14)
    assert (row.day, row.number) == (day, 2)
    assert row.event_ts == midnight_ts(day, hogs.market.session)
    assert row.known_ts == settlement_known_ts(day, hogs.market.session) > row.event_ts
    assert [(problem.row_number, problem.reason) for problem in problems.finish([]).problems] == [
        (3, "row is cut short"), (4, "not a date"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "low", "volume", "kept", "flags"),
    [
        (date(2020, 4, 14), 45.0, "", True, ()),
        (date(2020, 4, 14), 44.0, "0", True, ("zero_volume_with_range",)),
        (date(2020, 4, 12), 45.0, "12", True, ("not_a_session_day",)),
        (date(2020, 4, 12), 44.0, "", True, ("not_a_session_day",)),
        (date(2020, 4, 12), 45.0, "0", False, ()),
        (date(2020, 4, 12), 45.0, "", False, ()),
    ],
)
def test_days_without_a_session(hogs: HydraConfig, day, low, volume, kept, flags) -> None:
    problems = ProblemList()
    cells = ["", "45", "45", str(low), "45", volume]
    bars = bars_of("x", "s", [VendorRow(2, cells, day, 0, 1)], COLUMNS, hogs.market, problems)
    assert len(bars) == 1 - len(problems) == kept
    assert all(bar.flags == flags and (math.isnan(bar.volume) == (volume == "")) for bar in bars)


def test_two_contracts_may_share_a_time_and_one_contract_may_not(hogs: HydraConfig) -> None:
    problems = ProblemList()
    cells = ["", "45", "45.5", "44", "45", "1"]
    rows = [VendorRow(number, cells, date(2020, 4, 14), 0, 1, contract, nearby)
            for number, contract, nearby in ((1, "HEK20", 2), (2, "HEJ20", 1), (3, "HEK20", 2))]  # fmt: skip
    bars = bars_of("x", "s", rows, COLUMNS, hogs.market, problems)
    assert [bar.contract for bar in bars] == ["HEJ20", "HEK20"]
    assert [problem.row_number for problem in problems.finish([]).problems] == [3]


def test_numbers_beyond_every_price_are_implausible(hogs: HydraConfig) -> None:
    problems = ProblemList()
    good = VendorRow(1, ["", "45", "45.5", "44", "45", "1"], date(2020, 4, 14), 0, 1)
    huge = VendorRow(2, ["", "1e308", "45.5", "44", "45", "1"], date(2020, 4, 15), 2, 3)
    assert len(bars_of("x", "s", [good, huge], COLUMNS, hogs.market, problems)) == 1
    assert [problem.reason for problem in problems.finish([]).problems] == ["implausible price"]


def test_a_cell_without_end_is_one_sentence(as_input) -> None:
    file = as_input('Date,"' + "x" * 200_000)
    with pytest.raises(InputError, match=r"^input\.csv: line 1 is no CSV"):
        lines_of(file)


def test_nothing_is_said_of_contracts_whose_ends_are_unknown(hogs: HydraConfig) -> None:
    assert continuous_contract(hogs.market, date(2001, 2, 1)) == "HEG01"
    assert continuous_contract(reference_market("CL"), date(2001, 2, 1)) is None


def test_the_header_says_what_stands_between_the_cells(as_input) -> None:
    assert lines_of(as_input("Date;Close\n2020-01-02;1,5\n")) == [(1, ["Date", "Close"]), (2, ["2020-01-02", "1,5"])]
