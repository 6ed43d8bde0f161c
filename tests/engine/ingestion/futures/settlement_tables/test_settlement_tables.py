from __future__ import annotations

import csv
import math
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import FuturesBar
from engine.ingestion.calendars.session_calendar import midnight_ts, settlement_known_ts
from engine.ingestion.futures.settlement_tables import NearbySettlementPipeline, SettlementTablePipeline
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.lake_rows import Statistic
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError

TABLE = SettlementTablePipeline()
NEARBY = NearbySettlementPipeline()
CATTLE = "Date,Open,High,Low,Settle,Volume,Prev. Day Open Interest,Returns\n"
FEEDER = "Date,Open,High,Low,Last,Change,Settle,Volume,Previous Day Open Interest\n"
CHANGES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6)


def test_the_close_is_the_settlement_in_both_layouts(hogs: HydraConfig, as_input) -> None:
    day, session = date(2013, 6, 20), hogs.market.session
    expected = FuturesBar(
        "lean_hogs", "settlement", None, 1, 86_400, midnight_ts(day, session), settlement_known_ts(day, session),
        100.0, 102.5, 99.5, 101.225, 1777.0,
    )  # fmt: skip
    for text in (CATTLE + "2013-06-20,100,102.5,99.5,101.225,1777,8958,\n",
                 FEEDER + "2013-06-20,100,102.5,99.5,101.5,,101.225,1777,8958\n"):  # fmt: skip
        file = as_input(text)
        assert recognise_input(file).name == "settlement"
        bar, interest = TABLE.parse(file, hogs.market).rows
        assert bar == expected
        assert interest == Statistic(
            "lean_hogs", "settlement", None, "nearby_open_interest", "lots",
            midnight_ts(date(2013, 6, 19), session), settlement_known_ts(day, session), 8958.0,
        )  # fmt: skip


def test_missing_cells_and_corrupt_rows(hogs: HydraConfig, as_input) -> None:
    text = CATTLE + (
        "2014-31-14,165.25,166,162.675,163.55,24548,119193,\n"
        "2013-06-20,100,102.5,99.5,101.225,,8958,\n"
        "2013-06-19,,102.5,99.5,101.225,1777,8958,\n"
        "2013-06-18,100,102.5,99.5,101.225\n"
        "2013-06-17,100,102.5,99.5,101.225,-3,8958,\n"
    )
    parsed = TABLE.parse(as_input(text), hogs.market)
    (bar,) = (row for row in parsed.rows if isinstance(row, FuturesBar))
    assert math.isnan(bar.volume) and bar.event_ts == midnight_ts(date(2013, 6, 20), hogs.market.session)
    assert {(problem.row_number, problem.field, problem.reason) for problem in parsed.problems} == {
        (2, "Date", "not a date"), (4, "Open", "price missing"), (5, "row", "row is cut short"),
        (6, "Volume", "negative volume"),
    }  # fmt: skip


def test_a_nearby_settlement_is_a_close_and_nothing_else(hogs: HydraConfig, as_input) -> None:
    file = as_input(
        '"Index","Nearby"\n2010-01-04,65.85\n2010-01-05,\n2010-01-06,6657.5\n2010-01-07,66.575\n2010-01-09,66\n'
    )
    assert recognise_input(file).name == "nearby_settlement"
    parsed = NEARBY.parse(file, hogs.market)
    first, second = parsed.rows
    assert (first.series, first.contract, first.nearby, first.close) == ("nearby_settlement", None, 1, 65.85)
    assert all(math.isnan(number) for number in (first.open, first.high, first.low, first.volume))
    assert second.known_ts == settlement_known_ts(date(2010, 1, 7), hogs.market.session)
    assert sorted((problem.row_number, problem.reason) for problem in parsed.problems) == [
        (3, "all prices missing"), (4, "price jumps by more than 50 times against its neighbours"),
        (6, "no session on this day and nothing traded"),
    ]  # fmt: skip


@given(CHANGES, st.sampled_from([CATTLE + "2013-06-20,100,102.5,99.5,101.225,1777,8958,\n",
                                 '"Index","Nearby"\n2010-01-04,65.85\n2010-01-06,66.575\n']))  # fmt: skip
def test_damaged_content_gives_rows_or_one_sentence(hogs: HydraConfig, damaged, changes, text) -> None:
    try:
        file = unpack("x.csv", damaged(text.encode(), changes))
        recognise_input(file).parse(file, hogs.market)
    except InputError as error:
        assert error.message.startswith("x.csv: ") and "\n" not in error.message


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "market", "reasons"),
    [
        ("live_cattle", ("LE", "GJMQVZ", 60.0, 400.0, 0.025), {"not a date": 2}),
        ("feeder", ("GF", "FHJKQUVX", 60.0, 500.0, 0.025), {"no session on this day and nothing traded": 1}),
    ],
)
def test_real_tables(market_like, real_data, name, market, reasons) -> None:
    path = real_data / "futures" / "settle_oi_2005_2014" / f"{name}.csv"
    settings = market_like(*market)
    parsed = TABLE.parse(read_input(path), settings)
    with path.open() as stream:
        table = list(csv.DictReader(stream))
    assert Counter(problem.reason for problem in parsed.problems) == reasons
    bars = [row for row in parsed.rows if isinstance(row, FuturesBar)]
    assert len(bars) == len(table) - sum(reasons.values())
    assert bars[0].event_ts == midnight_ts(date(2005, 1, 3), settings.session)
    assert bars[-1].event_ts == midnight_ts(date(2014, 12, 29), settings.session)
    figures = [row for row in parsed.rows if isinstance(row, Statistic)]
    column = next(name for name in table[0] if name.endswith("Open Interest"))
    printed = [row[column] for row in table if row["Date"] != "2014-31-14" and row["Date"] != "2014-30-14"]
    assert len(figures) <= sum(cell != "" for cell in printed) <= len(figures) + 3
    assert all(bar_ts < figure.known_ts for bar_ts, figure in ((one.event_ts, one) for one in figures))
    assert bars[-2].close == float(next(row for row in table if row["Date"] == "2014-12-26")["Settle"])


@pytest.mark.real_data
def test_real_nearby_series(hogs: HydraConfig, real_data) -> None:
    parsed = NEARBY.parse(read_input(real_data / "futures" / "nearby" / "LeanHogs_nearby_2010_2017.csv"), hogs.market)
    assert (len(parsed.rows), parsed.problems) == (1975, ())
    assert parsed.rows[0].event_ts == midnight_ts(date(2010, 1, 4), hogs.market.session)
    assert (parsed.rows[-1].event_ts, parsed.rows[-1].close) == (
        midnight_ts(date(2017, 11, 14), hogs.market.session), 59.975,
    )  # fmt: skip
