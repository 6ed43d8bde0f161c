from __future__ import annotations

import csv
import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import FuturesBar
from engine.ingestion.calendars.session_calendar import midnight_ts, settlement_known_ts
from engine.ingestion.futures.barchart_contract import BarchartContractPipeline
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.lake_rows import Statistic
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError

PIPELINE = BarchartContractPipeline()


def bars_in(rows) -> list[FuturesBar]:
    return [row for row in rows if isinstance(row, FuturesBar)]


NAME = "hez23_price-history-12-04-2023.csv"
HEADER = 'Time,Open,High,Low,Last,Change,%Change,Volume,"Open Int"'
NOTE = '"Downloaded from Barchart.com as of 12-04-2023 {} CST"'
GOOD = [
    "2023-12-04,69.5,70.25,69.1,70.025,0.5,+0.7%,8123,0",
    "2023-12-01,69,69.8,68.9,69.525,-0.2,-0.3%,9000,50123",
    "2023-10-11,68,68.8,67.9,68.525,-0.2,-0.3%,9000,50123",
]


def text_of(*lines: str, note: str = NOTE.format("04:31pm")) -> str:
    return "\n".join([HEADER, *lines, note]) + "\n"


def test_bars_of_the_contract_in_the_name(hogs: HydraConfig, as_input) -> None:
    file = as_input(text_of(*GOOD), NAME)
    parsed = recognise_input(file).parse(file, hogs.market)
    day, session = date(2023, 12, 4), hogs.market.session
    assert parsed.problems == ()
    assert bars_in(parsed.rows)[-1] == FuturesBar(
        "lean_hogs", "barchart", "HEZ23", 1, 86_400, midnight_ts(day, session), settlement_known_ts(day, session),
        69.5, 70.25, 69.1, 70.025, 8123.0,
    )  # fmt: skip
    assert [bar.nearby for bar in bars_in(parsed.rows)] == [2, 1, 1]


def test_both_headers_and_american_dates(hogs: HydraConfig, as_input) -> None:
    text = text_of("12/01/2023,69,69.8,68.9,69.525,-0.2,-0.3%,9000,50123").replace("%Change", "%Chg")
    (bar,) = bars_in(PIPELINE.parse(as_input(text, "HEZ23_daily.csv"), hogs.market).rows)
    assert (bar.contract, bar.event_ts) == ("HEZ23", midnight_ts(date(2023, 12, 1), hogs.market.session))


def test_a_bar_that_had_not_settled_when_the_file_was_made_is_kept_out(hogs: HydraConfig, as_input) -> None:
    parsed = PIPELINE.parse(as_input(text_of(*GOOD, note=NOTE.format("01:59pm")), NAME), hogs.market)
    assert [bar.close for bar in bars_in(parsed.rows)] == [68.525, 69.525]
    (problem,) = parsed.problems
    assert (problem.row_number, problem.reason) == (2, "bar was still forming when the file was downloaded")


@pytest.mark.parametrize(
    "note", ["", '"Downloaded from Barch', '"Downloaded from Barchart.com as of 99-99-2023 04:31pm CST"']
)
def test_a_missing_or_cut_note_costs_no_bar(hogs: HydraConfig, as_input, note: str) -> None:
    parsed = PIPELINE.parse(as_input(text_of(*GOOD, note=note), NAME), hogs.market)
    assert (len(bars_in(parsed.rows)), parsed.problems) == (3, ())


def test_bad_rows(hogs: HydraConfig, as_input) -> None:
    lines = [*GOOD, "2023-12-15,69,69.8,68.9,69.5,0,0%,1,1", "2023-11-31,69,69.8,68.9,69.5,0,0%,1,1",
             "2023-11-30,69,x,68.9,69.5,0,0%,1,1", "2023-11-29,69,69.8"]  # fmt: skip
    parsed = PIPELINE.parse(as_input(text_of(*lines, note=""), NAME), hogs.market)
    assert len(bars_in(parsed.rows)) == 3
    assert {(problem.row_number, problem.reason) for problem in parsed.problems} == {
        (5, "after the last trade day of HEZ23"), (6, "not a date"), (7, "not a number"), (8, "row is cut short"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("history.csv", "names the contract in the file's name alone"),
        ("clf24_daily_historical-data.csv", "holds contract CLF24, but market lean_hogs trades HE"),
        ("hef24_price-history.csv", "holds contract HEF24, but market lean_hogs trades HE with months GJKMNQVZ"),
    ],
)
def test_a_name_without_a_contract_of_the_market_is_refused(hogs: HydraConfig, as_input, name, words) -> None:
    with pytest.raises(InputError, match=words):
        PIPELINE.parse(as_input(text_of(*GOOD), name), hogs.market)


@pytest.mark.parametrize(("volume", "own"), [(0, True), (250_000, False)])
def test_volume_on_bars_that_never_moved_is_the_whole_markets(hogs: HydraConfig, as_input, volume, own) -> None:
    still = [f"2023-06-{day},60,60,60,60,0,0%,{volume},1" for day in range(10, 31)]
    rows = PIPELINE.parse(as_input(text_of(*GOOD, *still), NAME), hogs.market).rows
    bars = bars_in(rows)
    assert {row.contract for row in rows if isinstance(row, Statistic)} == {"HEZ23" if own else None}
    assert all(math.isnan(bar.volume) != own for bar in bars)
    assert all(("volume_of_whole_market" in bar.flags) != own for bar in bars)


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6))
def test_damaged_content_gives_rows_or_one_sentence(hogs: HydraConfig, damaged, changes) -> None:
    try:
        file = unpack(NAME, damaged(text_of(*GOOD).encode(), changes))
        recognise_input(file).parse(file, hogs.market)
    except InputError as error:
        assert error.message.startswith(f"{NAME}: ") and "\n" not in error.message


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "market", "rows", "first", "last", "missing_volumes"),
    [
        ("clf24_daily_historical-data-04-24-2024.csv", "CL", 1489, date(2018, 1, 23), date(2023, 12, 19), 1489),
        ("clg24_daily_historical-data-04-24-2024.csv", "CL", 1510, date(2018, 1, 23), date(2024, 1, 22), 1510),
        ("clh24_daily_historical-data-04-24-2024.csv", "CL", 1530, date(2018, 1, 23), date(2024, 2, 20), 0),
        ("ctz25_price-history-10-03-2025.csv", "CT", 519, date(2023, 9, 12), date(2025, 10, 3), 0),
        ("zcz25_price-history-10-03-2025.csv", "ZC", 519, date(2023, 9, 12), date(2025, 10, 3), 0),
    ],
)
def test_real_files(market_like, real_data, name, market, rows, first, last, missing_volumes) -> None:
    settings = {
        "CL": market_like("CL", "FGHJKMNQUVXZ", 10.0, 150.0, 0.01, "business_day_15"),
        "CT": market_like("CT", "HKNVZ", 40.0, 200.0, 0.01),
        "ZC": market_like("ZC", "HKNUZ", 200.0, 900.0, 0.25),
    }[market]
    path = real_data / "futures" / "barchart_contracts" / name
    parsed = PIPELINE.parse(read_input(path), settings)
    with path.open() as stream:
        table = list(csv.reader(stream))[1:-1]
    bars = bars_in(parsed.rows)
    assert (len(bars), parsed.problems) == (len(table), ()) == (rows, ())
    assert bars[0].event_ts == midnight_ts(first, settings.session)
    assert bars[-1].event_ts == midnight_ts(last, settings.session)
    assert {bar.contract for bar in bars} == {name[:5].upper()}
    assert sum(math.isnan(bar.volume) for bar in bars) == missing_volumes
    assert [bar.close for bar in bars] == [float(cells[4]) for cells in reversed(table)]


def test_open_interest_is_known_a_session_later_and_missing_until_it_is_out(hogs: HydraConfig, as_input) -> None:
    parsed = PIPELINE.parse(as_input(text_of(*GOOD), NAME), hogs.market)
    figures = [row for row in parsed.rows if isinstance(row, Statistic)]
    session = hogs.market.session
    assert [(one.contract, one.name, one.value) for one in figures] == [("HEZ23", "open_interest", 50123.0)] * 2
    assert figures[-1].event_ts == midnight_ts(date(2023, 12, 1), session)
    assert figures[-1].known_ts == settlement_known_ts(date(2023, 12, 4), session)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "key", "figures", "own"),
    [
        ("clf24_daily_historical-data-04-24-2024.csv", "crude_oil", 1489, False),
        ("clg24_daily_historical-data-04-24-2024.csv", "crude_oil", 1510, False),
        ("clh24_daily_historical-data-04-24-2024.csv", "crude_oil", 1530, True),
        ("ctz25_price-history-10-03-2025.csv", "cotton", 518, True),
        ("zcz25_price-history-10-03-2025.csv", "corn", 518, True),
    ],
)
def test_real_files_route_themselves_to_markets_of_unknown_expiry(hogs, real_data, name, key, figures, own) -> None:
    path = real_data / "futures" / "barchart_contracts" / name
    directory = MarketDirectory(hogs.market, [hogs.market])
    (market,) = PIPELINE.markets_in(read_input(path), directory)
    assert market.market == key
    parsed = PIPELINE.parse(read_input(path), market)
    bars = bars_in(parsed.rows)
    printed = len(path.read_text().splitlines()) - 2
    assert (len(bars), parsed.problems) == (printed, ())
    assert {(bar.nearby, bar.contract) for bar in bars} == {(0, name[:5].upper())}
    found = [row for row in parsed.rows if isinstance(row, Statistic)]
    assert len(found) == figures and {row.contract for row in found} == {name[:5].upper() if own else None}
