from __future__ import annotations

import csv
import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import FuturesBar
from engine.ingestion.calendars.session_calendar import midnight_ts, settlement_known_ts
from engine.ingestion.futures.investing_daily import InvestingDailyPipeline
from engine.ingestion.futures.yahoo_daily import YahooDailyPipeline
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError

PIPELINE = InvestingDailyPipeline()
HEADER = '\ufeff"Date","Price","Open","High","Low","Vol.","Change %"'
GOOD = [
    '"04/16/2020","37.33","39.30","39.77","37.00","0.32K","-18.15%"',
    '"04/15/2020","45.60","45.75","46.05","45.50","1.2M","-0.11%"',
    '"04/14/2020","45.65","44.77","45.80","44.50","","1.67%"',
]


def text_of(*lines: str) -> str:
    return "\n".join([HEADER, *lines])


def test_rows_newest_first_become_bars_oldest_first(hogs: HydraConfig, as_input) -> None:
    file = as_input(text_of(*GOOD))
    parsed = recognise_input(file).parse(file, hogs.market)
    assert parsed.problems == ()
    first, second, third = parsed.rows
    day = date(2020, 4, 15)
    assert second == FuturesBar(
        "lean_hogs", "investing", "HEJ20", 1, 86_400, midnight_ts(day, hogs.market.session),
        settlement_known_ts(day, hogs.market.session), 45.75, 46.05, 45.5, 45.6, 1_200_000.0,
    )  # fmt: skip
    assert isinstance(first, FuturesBar) and isinstance(third, FuturesBar)
    assert math.isnan(first.volume) and first.open == 44.775
    assert (third.contract, third.close, third.high, third.volume) == ("HEK20", 37.325, 39.775, 320.0)


def test_bad_rows_are_kept_out_with_place_and_reason(hogs: HydraConfig, as_input) -> None:
    lines = [
        '"04/22/2020","4720","44.9","47.6","44.0","1.76K","0%"',
        *GOOD,
        '"04/10/2020","42.90","42.90","42.90","42.90","","0.23%"',
        '"04/14/2020","45.65","44.77","45.80","44.50","1K","1.67%"',
        '"14 April","45.65","44.77","45.80","44.50","1K","1.67%"',
        '"04/09/2020","45.65","44.77","45.80","44.50","1Q","1.67%"',
        '"04/08/2020","45.65","44.77","44.50","45.80","1K","1.67%"',
        '"04/07/2020","-","44.77","45.80","44.50","1K","1.67%"',
        '"04/06/2020","45.65","44.77","45',
    ]
    parsed = PIPELINE.parse(as_input(text_of(*lines)), hogs.market)
    assert len(parsed.rows) == 3
    assert {(problem.row_number, problem.field, problem.reason) for problem in parsed.problems} == {
        (2, "Close", "price jumps by more than 50 times against its neighbours"),
        (6, "Date", "no session on this day and nothing traded"),
        (7, "Date", "second row for the same time and contract"), (8, "Date", "not a date"),
        (9, "price", "not a number"), (10, "High", "high below low"), (11, "Close", "price missing"),
        (12, "row", "row is cut short"),
    }  # fmt: skip
    assert all(problem.raw_text for problem in parsed.problems)


def test_thousands_separators_and_day_first_dates(as_input, market_like) -> None:
    lumber = market_like("LBS", "FHKNUX", 100.0, 2000.0, 0.1)
    lines = ['"14/05/2021","1,390.00","1,372.1","1,400.0","1,329.5","0.5K","1%"',
             '"13/05/2021","1,327.0","1,450.0","1,460.3","1,327.0","1,024","-3%"']  # fmt: skip
    first, second = PIPELINE.parse(as_input(text_of(*lines)), lumber).rows
    assert (first.high, first.volume, second.close, second.volume) == (1460.3, 1024.0, 1390.0, 500.0)
    assert second.event_ts == midnight_ts(date(2021, 5, 14), lumber.session)


@pytest.mark.parametrize(("day", "contract"), [("10/13/2017", "HEZ17"), ("04/13/2018", "HEK18"),
                                               ("10/13/2016", "HEV16")])  # fmt: skip
def test_dated_early_rolls(hogs: HydraConfig, as_input, day: str, contract: str) -> None:
    (bar,) = PIPELINE.parse(as_input(text_of(f'"{day}","62.2","61.75","62.4","61.52","1K","1%"')), hogs.market).rows
    assert bar.contract == contract


def test_another_markets_prices_are_refused(hogs: HydraConfig, as_input) -> None:
    with pytest.raises(InputError, match=r"^input\.csv: most prices \(median 436\.6\) lie outside 15 to 200 cents/lb"):
        PIPELINE.parse(as_input(text_of('"10/05/2022","436.60","434","437.6","421.2","0.2K","0%"')), hogs.market)


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6))
def test_damaged_content_gives_rows_or_one_sentence(hogs: HydraConfig, damaged, changes) -> None:
    try:
        file = unpack("x.csv", damaged(text_of(*GOOD).encode(), changes))
        parsed = recognise_input(file).parse(file, hogs.market)
    except InputError as error:
        assert error.message.startswith("x.csv: ") and "\n" not in error.message
    else:
        assert len(parsed.rows) + len(parsed.problems) <= 3 + len(changes)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "market", "rows", "placeholders", "other"),
    [
        ("Lean_Hogs", None, 1715, 12, 0),
        ("Live_Cattle", ("LE", "GJMQVZ", 60.0, 400.0, 0.025), 1716, 13, 0),
        ("Feeder_Cattle", ("GF", "FHJKQUVX", 60.0, 500.0, 0.025), 1711, 9, 0),
        ("Lumber", ("LBS", "FHKNUX", 100.0, 2000.0, 0.1), 1719, 16, 0),
        ("Oats", ("ZO", "HKNUZ", 100.0, 1000.0, 0.25), 1706, 0, 5),
    ],
)
def test_real_files(hogs: HydraConfig, market_like, real_data, name, market, rows, placeholders, other) -> None:
    path = real_data / "futures" / "investing_2016_2022" / f"{name}.csv"
    settings = hogs.market if market is None else market_like(*market)
    parsed = PIPELINE.parse(read_input(path), settings)
    with path.open(encoding="utf-8-sig") as stream:
        table = list(csv.DictReader(stream))
    reasons = [problem.reason for problem in parsed.problems]
    assert len(table) == rows == len(parsed.rows) + len(reasons)
    assert reasons.count("no session on this day and nothing traded") == placeholders
    assert reasons.count("high below low") == other == len(reasons) - placeholders
    assert parsed.rows[0].event_ts == midnight_ts(date(2016, 1, 4), settings.session)
    assert parsed.rows[-1].event_ts == midnight_ts(date(2022, 10, 5), settings.session)
    outside = sum(
        float(row["High"]) >= float(row["Low"]) and not float(row["Low"]) <= float(row["Price"]) <= float(row["High"])
        for row in ({key: cell.replace(",", "") for key, cell in row.items()} for row in table)
    )
    assert sum("close_outside_range" in bar.flags for bar in parsed.rows) == outside
    assert name != "Oats" or outside == 148
    empty_volumes = sum(row["Vol."] == "" for row in table) - sum(
        ",," in problem.raw_text for problem in parsed.problems
    )
    assert sum(math.isnan(bar.volume) for bar in parsed.rows) == empty_volumes


@pytest.mark.real_data
def test_the_series_agrees_with_yahoo_in_price_and_contract(hogs: HydraConfig, real_data) -> None:
    folder = real_data / "futures"
    ours = PIPELINE.parse(read_input(folder / "investing_2016_2022" / "Lean_Hogs.csv"), hogs.market).rows
    yahoo_file = read_input(folder / "yahoo_continuous" / "HE_to_2023.csv")
    yahoo = {bar.event_ts: bar for bar in YahooDailyPipeline().parse(yahoo_file, hogs.market).rows}
    common = [(bar, yahoo[bar.event_ts]) for bar in ours if bar.event_ts in yahoo]
    assert len(common) == 1700
    assert sum(one.close != other.close for one, other in common) == 3
    assert {one.contract for one, other in common if one.contract != other.contract} == {"HEZ17", "HEK18"}
