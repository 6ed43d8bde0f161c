from __future__ import annotations

import csv
import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import OptionChain, OptionQuote
from engine.ingestion.ingest import ingest_input
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.lake_rows import OptionMark
from engine.ingestion.market_directory import MarketDirectory, reference_market
from engine.ingestion.options.option_table import OptionTablePipeline
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts, parse_iso

PIPELINE = OptionTablePipeline()
HEADER = "symbol,expiry,strike,right,bid,ask,last,volume,open_interest,iv,delta,underlying_price,quote_date\n"
ROW = "HE,2024-04-12,84,C,3.0,3.2,0,12,345,0.31,0.5,84.5,2024-03-04T15:30:00Z\n"


def test_a_row_becomes_a_quote_and_a_mark(hogs: HydraConfig, as_input) -> None:
    file = as_input(HEADER + ROW)
    assert recognise_input(file).name == "option_table"
    chain, mark = PIPELINE.parse(file, hogs.market).rows
    assert isinstance(chain, OptionChain) and isinstance(mark, OptionMark)
    assert chain.event_ts == chain.known_ts == parse_iso("2024-03-04T15:30Z")
    assert (chain.contract, chain.underlying_price, chain.style) == ("HEJ24", 84.5, "american")
    (quote,) = chain.quotes
    assert (quote.bid, quote.ask, quote.volume, quote.open_interest) == (3.0, 3.2, 12.0, 345.0)
    assert math.isnan(quote.last)
    assert (mark.implied_volatility, mark.delta, mark.underlying_price) == (0.31, 0.5, 84.5)


def test_a_day_alone_is_known_when_it_is_over(hogs: HydraConfig, as_input) -> None:
    (chain, _) = PIPELINE.parse(as_input((HEADER + ROW).replace("T15:30:00Z", "")), hogs.market).rows
    assert chain.event_ts == local_ts(2024, 3, 4, 13, 5, "America/Chicago")
    assert chain.known_ts == local_ts(2024, 3, 5, 0, 0, "America/Chicago")


YAHOO = "contractSymbol,strike,lastPrice,bid,ask,volume,openInterest,impliedVolatility\n"


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("GOOGL_2026-01-09_20260101_113944.csv", local_ts(2026, 1, 1, 11, 39, "America/New_York") + 44_000_000),
        ("GOOGL_2026-01-09_asof_20260101.csv", local_ts(2026, 1, 1, 16, 0, "America/New_York")),
        ("GOOGL_20260101_2026-01-09.csv", local_ts(2026, 1, 1, 16, 0, "America/New_York")),
    ],
)
def test_the_moment_may_stand_in_the_name(as_input, name: str, moment: int) -> None:
    file = as_input(YAHOO + "GOOGL260109P00110000,110,0.01,0,0.01,,31,1.9\n", name)
    chain, _ = PIPELINE.parse(file, reference_market("GOOGL")).rows
    assert (chain.event_ts, chain.expiry_ts) == (moment, local_ts(2026, 1, 9, 16, 0, "America/New_York"))
    assert chain.quotes[0].right == "P" and math.isnan(chain.quotes[0].bid)


@pytest.mark.parametrize("name", ["chain.csv", "GOOGL_2026-01-09.csv"])
def test_a_chain_without_a_moment_is_refused(as_input, name: str) -> None:
    file = as_input(YAHOO + "GOOGL260109P00110000,110,0.01,0,0.01,,31,1.9\n", name)
    with pytest.raises(InputError, match="neither a column nor the file's name says when the quotes were taken"):
        PIPELINE.parse(file, reference_market("GOOGL"))


def test_bad_rows_and_other_markets(hogs: HydraConfig, as_input) -> None:
    text = HEADER + ROW + (
        ROW.replace("HE,", "LE,") + ROW.replace("2024-04-12", "someday") + ROW.replace(",C,", ",X,")
        + ROW.replace("84,C", "x,C") + ROW.replace("2024-03-04T15:30:00Z", "soon") + "HE,2024-04-12\n"
        + ROW.replace("2024-04-12", "2024-02-14") + ROW.replace("3.2", "2.9").replace(",C,", ",P,") + ROW
    )  # fmt: skip
    parsed = PIPELINE.parse(as_input(text), hogs.market)
    assert parsed.ignored == {"other market": 1, "expired series": 1}
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [
        (4, "not a date"), (5, "neither call nor put"), (6, "not a number"), (7, "not a time"), (8, "row is cut short"),
        (10, "bid above ask"), (11, "second row for the same option")]  # fmt: skip
    with pytest.raises(InputError, match="holds options on LE, but market lean_hogs trades HE"):
        PIPELINE.parse(as_input(HEADER + ROW.replace("HE,", "LE,")), hogs.market)


def test_each_underlying_goes_to_its_market(hogs: HydraConfig, as_input) -> None:
    file = as_input(HEADER + ROW + ROW.replace("HE,", "^SPX,"))
    directory = MarketDirectory(hogs.market, [hogs.market])
    markets = PIPELINE.markets_in(file, directory)
    parts = list(PIPELINE.parse_markets(file, markets, directory))
    assert [(market.market, len(parsed.rows), dict(parsed.ignored)) for market, parsed in parts] == [
        ("lean_hogs", 2, {}), ("spx", 2, {})]  # fmt: skip


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6))
def test_damaged_content_gives_rows_or_one_sentence(hogs: HydraConfig, damaged, changes) -> None:
    try:
        file = unpack("x.csv", damaged((HEADER + ROW * 3).encode(), changes))
        recognise_input(file).parse(file, hogs.market)
    except InputError as error:
        assert error.message.startswith("x.csv: ") and "\n" not in error.message


@pytest.mark.real_data
def test_real_yahoo_chain(hogs: HydraConfig, stores, real_data) -> None:
    path = real_data / "options" / "yahoo" / "GOOGL_2026-01-09_asof_20260101.csv"
    directory = MarketDirectory(hogs.market, [hogs.market])
    with path.open() as stream:
        table = list(csv.DictReader(stream))
    (market,) = PIPELINE.markets_in(read_input(path), directory)
    parsed = PIPELINE.parse(read_input(path), market)
    (chain,) = (row for row in parsed.rows if isinstance(row, OptionChain))
    assert (market.market, len(chain.quotes), len(table), parsed.problems) == ("googl", 128, 128, ())
    assert Counter(quote.right for quote in chain.quotes) == {"C": 67, "P": 61}
    first = OptionQuote(110.0, "P", math.nan, 0.01, 0.01, math.nan, 31.0)
    assert repr(chain.quotes[0]) == repr(first)
    assert sum(isinstance(row, OptionMark) for row in parsed.rows) == sum(
        float(row["implied_volatility"]) > 0 for row in table
    )
    now_ts = parse_iso("2026-02-01")
    added = ingest_input(stores, hogs, read_input(path), now_ts=now_ts, directory=directory).rows_added
    assert added == 256
    assert ingest_input(stores, hogs, read_input(path), now_ts=now_ts + 1, directory=directory).rows_added == 0


@pytest.mark.real_data
def test_real_history_of_four_options(hogs: HydraConfig, real_data) -> None:
    path = real_data / "options" / "spx_2014_2016" / "options_data.csv"
    with path.open() as stream:
        table = list(csv.DictReader(stream))
    (market,) = PIPELINE.markets_in(read_input(path), MarketDirectory(hogs.market, [hogs.market]))
    parsed = PIPELINE.parse(read_input(path), market)
    chains = [row for row in parsed.rows if isinstance(row, OptionChain)]
    assert (market.market, parsed.problems) == ("spx", ())
    assert len(chains) == len({row["quotedate"] for row in table}) == 61
    assert sum(len(chain.quotes) for chain in chains) == len(table) == 244
    assert chains[0].event_ts == local_ts(2014, 12, 15, 16, 0, "America/New_York")
    assert chains[-1].known_ts == local_ts(2015, 3, 14, 0, 0, "America/New_York")
    assert {chain.expiry_ts for chain in chains} == {local_ts(2016, 6, 17, 9, 30, "America/New_York")}
    marks = [row for row in parsed.rows if isinstance(row, OptionMark)]
    assert [mark.implied_volatility for mark in marks] == [float(row["impliedvol"]) for row in table]
    assert {mark.underlying_price for mark in marks} == {float(row["underlying_last"]) for row in table}
