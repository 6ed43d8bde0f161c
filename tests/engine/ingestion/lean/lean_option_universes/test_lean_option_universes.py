from __future__ import annotations

import csv
import gzip
import math
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import OptionChain
from engine.ingestion.ingest import ingest_input
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.lake_rows import OptionMark, Statistic
from engine.ingestion.lean.lean_option_universes import LeanOptionUniversePipeline
from engine.ingestion.market_directory import MarketDirectory, reference_market
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts, parse_iso

PIPELINE = LeanOptionUniversePipeline()
PLAIN = "#expiry,strike,right,open,high,low,close,volume,open_interest"
GREEK = PLAIN + ",implied_volatility,delta,gamma,vega,theta,rho\n"
SHARES = GREEK + (
    ",,,70.53,70.56,70.50,70.56,0,,,,,,,\n20140621,42.5,C,27.8,28.6,27.4,27.375,0,,0.98,0.97,0.001,0.003,0.04,0.02\n"
    "20140621,45,P,0,0,0,0,0,,0,0,0,0,0,0\n"
)
FUTURES = PLAIN + "\n,,,3220.25,3224,3216.25,3223.75,0,\n20200320,3000,C,249.5,256,243,251.875,0,\n"


def share(text: str, name: str = "20140604.csv", folders: tuple[str, ...] = ("universes", "twx")):
    return replace(unpack(name, text.encode()), folders=folders)


def test_lists_on_shares_hold_their_own_day() -> None:
    file, market = share(SHARES), reference_market("TWX")
    assert recognise_input(file).name == "lean_option_universe"
    chain, mark, *statistics = PIPELINE.parse(file, market).rows
    assert isinstance(chain, OptionChain) and isinstance(mark, OptionMark)
    assert chain.event_ts == local_ts(2014, 6, 4, 16, 0, "America/New_York")
    assert chain.known_ts == local_ts(2014, 6, 5, 0, 0, "America/New_York")
    assert math.isnan(chain.underlying_price) and chain.quotes[0].last == 27.375
    assert (mark.vega, mark.theta, mark.underlying_price) == (0.003, 0.04, 70.56)
    assert {row.name: row.value for row in statistics if isinstance(row, Statistic)} == {
        "underlying_open": 70.53, "underlying_high": 70.56, "underlying_low": 70.5, "underlying_close": 70.56,
    }  # fmt: skip
    assert PIPELINE.parse(file, market).ignored == {"listed without a figure": 1}


@pytest.mark.parametrize(
    ("name", "known_day"), [("20200103.csv", date(2020, 1, 6)), ("20200106.csv", date(2020, 1, 7))]
)
def test_lists_on_futures_hold_the_next_session(name: str, known_day: date, hogs: HydraConfig) -> None:
    file = share(FUTURES, name, ("futureoption", "cme", "universes", "es", "202003"))
    (market,) = PIPELINE.markets_in(file, MarketDirectory(hogs.market, [hogs.market]))
    chain = PIPELINE.parse(file, market).rows[0]
    assert (
        chain.known_ts
        == chain.event_ts
        == local_ts(known_day.year, known_day.month, known_day.day + 1, 0, 0, "America/Chicago")
    )
    assert chain.underlying_price == 3223.75


def test_without_its_folder_a_list_needs_a_market(stores, simulated: HydraConfig, hogs: HydraConfig) -> None:
    file = share(SHARES, folders=("tmp", "downloads"))
    directory = MarketDirectory(simulated.market, [hogs.market])
    assert PIPELINE.markets_in(file, directory) == ()
    with pytest.raises(InputError, match="neither the content nor the file's name says which market"):
        ingest_input(stores, simulated, file, now_ts=parse_iso("2026-02-01"), directory=directory)


def test_file_level_refusals() -> None:
    with pytest.raises(InputError, match="lies in the folder of TWX, but market es trades ES"):
        PIPELINE.parse(share(SHARES), reference_market("ES"))
    with pytest.raises(InputError, match="this name holds none; give the file its original name"):
        PIPELINE.parse(share(SHARES, "list.csv"), reference_market("TWX"))


def test_bad_rows() -> None:
    text = SHARES + "2014,45,P,1,1,1,1,1,1,0,0,0,0,0,0\n20140621,45,X,1,1,1,1,1,1,0,0,0,0,0,0\n20140621,x,P,1,1\n"
    text += "20140621,x,P,1,1,1,1,1,1,0,0,0,0,0,0\n"
    parsed = PIPELINE.parse(share(text), reference_market("TWX"))
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [
        (5, "not a date"), (6, "not a right"), (7, "row is cut short"), (8, "not a number")]  # fmt: skip


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6))
def test_damaged_content_gives_rows_or_one_sentence(damaged, changes) -> None:
    try:
        file = unpack("20140604.csv", damaged(SHARES.encode(), changes))
        recognise_input(file).parse(file, reference_market("TWX"))
    except InputError as error:
        assert error.message.startswith("20140604.csv: ") and "\n" not in error.message


EQUITY, FUTURE = "lean_equity/universes/", "lean_futureoption/"


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "market", "quotes", "silent"),
    [
        (EQUITY + "aapl/20140605.csv.gz", "aapl", 2322, 30), (EQUITY + "aapl/20140606.csv.gz", "aapl", 0, 2180),
        (EQUITY + "twx/20140604.csv", "twx", 184, 0), (EQUITY + "twx/20140605.csv", "twx", 184, 0),
        (EQUITY + "twx/20140606.csv", "twx", 184, 0), (EQUITY + "twx/20140610.csv", "twx", 184, 0),
        (FUTURE + "cme/universes/es/202003/20200102.csv", "es", 0, 104),
        (FUTURE + "cme/universes/es/202003/20200103.csv", "es", 104, 0),
        (FUTURE + "cme/universes/es/202003/20200106.csv", "es", 90, 14),
        (FUTURE + "cme/universes/es/202003/20200107.csv", "es", 0, 104),
        (FUTURE + "cme/universes/es/202003/20200108.csv", "es", 0, 104),
        (FUTURE + "comex/universes/og/202004/20200102.csv", "gold", 0, 1),
        (FUTURE + "comex/universes/og/202004/20200103.csv", "gold", 4, 0),
    ],
)  # fmt: skip
def test_real_lists(hogs: HydraConfig, stores, real_data, name, market, quotes, silent) -> None:
    path = real_data / "options" / name
    raw = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
    table = list(csv.reader(raw.decode().splitlines()))[2:]
    file, directory = read_input(path), MarketDirectory(hogs.market, [hogs.market])
    (found,) = PIPELINE.markets_in(file, directory)
    parsed = PIPELINE.parse(file, found)
    assert (found.market, parsed.problems) == (market, ())
    assert sum(len(row.quotes) for row in parsed.rows if isinstance(row, OptionChain)) == quotes
    assert parsed.ignored.get("listed without a figure", 0) == silent
    assert quotes + silent - (1 if not table else 0) == len(table)
    now_ts = parse_iso("2026-02-01")
    report = ingest_input(stores, hogs, file, now_ts=now_ts, directory=directory)
    assert report.rows_added >= quotes
    assert ingest_input(stores, hogs, file, now_ts=now_ts + 1, directory=directory).rows_added == 0


@pytest.mark.real_data
def test_the_list_of_the_split_brings_no_chain_and_says_so(real_data) -> None:
    folder, market = real_data / "options" / "lean_equity" / "universes" / "aapl", reference_market("AAPL")
    before, after = (PIPELINE.parse(read_input(folder / f"2014060{day}.csv.gz"), market) for day in (5, 6))
    closes = [row for part in (before, after) for row in part.rows
              if isinstance(row, Statistic) and row.name == "underlying_close"]  # fmt: skip
    assert [(row.value, row.flags) for row in closes] == [(649.56, ()), (92.72, ("adjusted_strikes",))]
    assert not any(isinstance(row, OptionChain) for row in after.rows)


def test_an_option_without_a_strike_is_set_aside_and_the_others_stay() -> None:
    damaged = SHARES + "20140621,,C,27.8,28.6,27.4,27.375,0,,0.98,0.97,0.001,0.003,0.04,0.02\n"
    parsed = PIPELINE.parse(share(damaged), reference_market("TWX"))
    chain = parsed.rows[0]
    assert isinstance(chain, OptionChain) and [quote.strike for quote in chain.quotes] == [42.5]
    assert [(problem.row_number, problem.field) for problem in parsed.problems] == [(5, "strike")]
