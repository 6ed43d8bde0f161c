from __future__ import annotations

import csv
import math
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import OptionChain, OptionQuote
from engine.ingestion.ingest import ingest_input
from engine.ingestion.input_file import InputFile, read_input, unpack
from engine.ingestion.lean.lean_options import LeanOptionsPipeline
from engine.ingestion.market_directory import MarketDirectory, reference_market
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts, parse_iso
from tests.engine.ingestion.zip_files import zipped

PIPELINE = LeanOptionsPipeline()
CALL, PUT = "twx_{}_american_call_650000_20140621.csv", "twx_{}_american_put_650000_20140621.csv"
QUOTES = {
    CALL.format("quote"): b"20140605 00:00,55000,61500,54000,59000,201,58000,67000,58000,63000,765\n",
    PUT.format("quote"): b"20140605 00:00,,,,,0,1500,1550,1500,1550,7\n",
}


def lean(tables: dict[str, bytes]) -> InputFile:
    return unpack("x.zip", zipped(tables))


def test_closes_of_bid_and_ask_in_one_chain() -> None:
    file, market = lean(QUOTES), reference_market("TWX")
    assert recognise_input(file).name == "lean_options"
    assert PIPELINE.source_of(file, market) == "lean_options_quote_1d"
    (chain,) = PIPELINE.parse(file, market).rows
    assert isinstance(chain, OptionChain)
    nan = math.nan
    assert repr(chain.quotes) == repr((
        OptionQuote(65.0, "C", 5.9, 6.3, nan, nan, nan), OptionQuote(65.0, "P", nan, 0.155, nan, nan, nan),
    ))  # fmt: skip
    assert (chain.style, chain.expiry_ts) == ("american", local_ts(2014, 6, 21, 16, 0, "America/New_York"))


def test_prices_that_are_no_half_cents_are_as_quoted() -> None:
    name = "es_trade_american_call_32300000_20200320.csv"
    file = lean({name: b"20200106 00:00,100,150,50,73.75,12\n"})
    (chain,) = PIPELINE.parse(file, reference_market("ES")).rows
    assert (chain.quotes[0].strike, chain.quotes[0].last, chain.quotes[0].volume) == (3230.0, 73.75, 12.0)


def test_open_interest_on_its_own() -> None:
    file = lean({CALL.format("openinterest"): b"20140605 00:00,1324\n20140606 00:00,1373\n"})
    first, second = PIPELINE.parse(file, reference_market("TWX")).rows
    assert [chain.quotes[0].open_interest for chain in (first, second)] == [1324.0, 1373.0]
    assert first.known_ts == local_ts(2014, 6, 6, 0, 0, "America/New_York")


def test_bad_rows_name_their_table() -> None:
    rows = (
        b"20140605 00:00,1,2\n20141305 00:00,50,50,50,50,1\n20140606 00:00,50,50,50,x,1\n20140701 00:00,50,50,50,50,1\n"
    )
    parsed = PIPELINE.parse(lean({CALL.format("trade"): rows}), reference_market("TWX"))
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [
        (1, "row is cut short"), (2, "not a time"), (3, "not a number")]  # fmt: skip
    assert parsed.ignored == {"expired series": 1}
    assert all(problem.raw_text.startswith("twx_trade_american_call_") for problem in parsed.problems)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        (QUOTES, "holds options on TWX, but market es trades ES"),
        ({**QUOTES, CALL.format("trade"): b"20140605 00:00,50,50,50,50,1\n"}, "mixes kinds or days of data"),
    ],
)
def test_file_level_refusals(tables, words) -> None:
    with pytest.raises(InputError, match=words):
        PIPELINE.parse(lean(tables), reference_market("ES"))


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6), st.booleans())
def test_damaged_content_gives_rows_or_one_sentence(damaged, changes, inside: bool) -> None:
    raw = (
        zipped({name: damaged(content, changes) for name, content in QUOTES.items()})
        if inside
        else damaged(zipped(QUOTES), changes)
    )
    try:
        file = unpack("x.zip", raw)
        recognise_input(file).parse(file, reference_market("TWX"))
    except InputError as error:
        assert error.message.startswith("x.zip: ") and "\n" not in error.message


def rows_of(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(len(archive.read(name).split(b"\n")) - archive.read(name).endswith(b"\n")
                   for name in archive.namelist())  # fmt: skip


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "market", "source", "quotes", "first", "last"),
    [
        ("lean_equity/daily/twx_2014_openinterest_american.zip", "twx", "openinterest_1d", 368,
         "2014-06-05T20:00Z", "2014-06-06T20:00Z"),
        ("lean_equity/daily/twx_2014_quote_american.zip", "twx", "quote_1d", 368,
         "2014-06-05T20:00Z", "2014-06-06T20:00Z"),
        ("lean_equity/daily/twx_2014_trade_american.zip", "twx", "trade_1d", 59,
         "2014-06-05T20:00Z", "2014-06-06T20:00Z"),
        ("lean_futureoption/cme/daily/es/202003/es_2020_trade_american.zip", "es", "trade_1d", 225,
         "2020-01-03T06:00Z", "2020-01-09T06:00Z"),
        ("lean_futureoption/cme/minute/es/202003/20200105_quote_american.zip", "es", "quote_1m", 5244,
         "2020-01-05T20:01Z", "2020-01-06T00:00Z"),
        ("lean_futureoption/cme/minute/es/202003/20200105_trade_american.zip", "es", "trade_1m", 62,
         "2020-01-05T23:01Z", "2020-01-06T00:00Z"),
        ("lean_futureoption/cme/minute/es/202003/20200106_trade_american.zip", "es", "trade_1m", 572,
         "2020-01-06T00:01Z", "2020-01-06T23:47Z"),
        ("lean_futureoption/comex/daily/og/202004/og_2020_quote_american.zip", "gold", "quote_1d", 4,
         "2020-01-06T05:00Z", "2020-01-06T05:00Z"),
    ],
)  # fmt: skip
def test_real_files(hogs: HydraConfig, stores, real_data, name, market, source, quotes, first, last) -> None:
    path = real_data / "options" / name
    file, directory = read_input(path), MarketDirectory(hogs.market, [hogs.market])
    (found,) = PIPELINE.markets_in(file, directory)
    parsed = PIPELINE.parse(file, found)
    assert (found.market, PIPELINE.source_of(file, found)) == (market, f"lean_options_{source}")
    assert (sum(len(chain.quotes) for chain in parsed.rows), parsed.problems) == (quotes, ())
    assert quotes == rows_of(path)
    assert parsed.rows[0].event_ts == parse_iso(first) and parsed.rows[-1].event_ts == parse_iso(last)
    now_ts = parse_iso("2026-02-01")
    assert ingest_input(stores, hogs, file, now_ts=now_ts, directory=directory).rows_added == quotes
    assert ingest_input(stores, hogs, file, now_ts=now_ts + 1, directory=directory).rows_added == 0


@pytest.mark.real_data
@pytest.mark.parametrize("day", ["20140605", "20140606"])
def test_scaled_prices_agree_with_the_lists_of_the_same_days(real_data, day: str) -> None:
    path = real_data / "options" / "lean_equity" / "daily" / "twx_2014_trade_american.zip"
    chains = PIPELINE.parse(read_input(path), reference_market("TWX")).rows
    with (real_data / "options" / "lean_equity" / "universes" / "twx" / f"{day}.csv").open() as stream:
        listed = {(float(row["strike"]), row["right"], row["#expiry"]): row for row in csv.DictReader(stream)
                  if row["#expiry"]}  # fmt: skip
    closes = [
        (quote.last, float(listed[quote.strike, quote.right, key]["close"]))
        for chain in chains
        if chain.event_ts == local_ts(int(day[:4]), int(day[4:6]), int(day[6:]), 16, 0, "America/New_York")
        for quote in chain.quotes
        for key in {expiry for _, _, expiry in listed}
        if (quote.strike, quote.right, key) in listed
        and chain.expiry_ts == local_ts(int(key[:4]), int(key[4:6]), int(key[6:]), 16, 0, "America/New_York")
    ]
    assert len(closes) >= 20
    assert sum(abs(ours - theirs) < 1e-9 for ours, theirs in closes) * 2 > len(closes)
    assert all(0.5 < ours / theirs < 2 for ours, theirs in closes)
