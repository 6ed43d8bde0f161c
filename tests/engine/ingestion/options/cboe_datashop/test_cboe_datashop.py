from __future__ import annotations

import csv
import gzip
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import OptionChain
from engine.ingestion.ingest import ingest_input
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.lake_rows import OptionMark
from engine.ingestion.market_directory import MarketDirectory, reference_market
from engine.ingestion.options.cboe_datashop import CboeDatashopPipeline
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts, parse_iso

PIPELINE = CboeDatashopPipeline()
PLAIN = ("underlying_symbol,quote_date,root,expiration,strike,option_type,open,high,low,close,trade_volume,"
         "bid_size_1545,bid_1545,ask_size_1545,ask_1545,underlying_bid_1545,underlying_ask_1545,bid_size_eod,bid_eod,"
         "ask_size_eod,ask_eod,underlying_bid_eod,underlying_ask_eod,vwap,open_interest,delivery_code\n")  # fmt: skip
ROW = (
    "^SPX,2024-04-19,SPXW,2024-04-26,5000,C,40,41,39,40.5,12,1,40.1,2,40.4,5000,5001,1,40.2,2,40.6,5002,5003,40,345,\n"
)


def test_two_snapshots_a_day_and_what_each_may_know(as_input) -> None:
    file = as_input(PLAIN + ROW)
    assert recognise_input(file).name == "cboe_datashop"
    market = reference_market("SPX").model_copy(update={"roots": ("SPX", "SPXW")})
    early, late = PIPELINE.parse(file, market).rows
    assert isinstance(early, OptionChain) and isinstance(late, OptionChain)
    assert early.event_ts == early.known_ts == local_ts(2024, 4, 19, 15, 45, "America/New_York")
    assert (late.event_ts, late.known_ts) == (
        local_ts(2024, 4, 19, 16, 15, "America/New_York"),
        local_ts(2024, 4, 19, 17, 0, "America/New_York"),
    )  # fmt: skip
    assert (early.quotes[0].bid, early.quotes[0].ask) == (40.1, 40.4)
    assert all(math.isnan(one) for one in (early.quotes[0].last, early.quotes[0].volume, early.quotes[0].open_interest))
    assert (late.quotes[0].bid, late.quotes[0].last, late.quotes[0].volume, late.quotes[0].open_interest) == (
        40.2, 40.5, 12.0, 345.0)  # fmt: skip


def test_a_series_that_ends_between_the_snapshots_is_in_the_first_alone(as_input) -> None:
    text = PLAIN + ROW.replace("2024-04-26", "2024-04-19")
    parsed = PIPELINE.parse(as_input(text), reference_market("SPX"))
    assert [row.event_ts for row in parsed.rows] == [local_ts(2024, 4, 19, 15, 45, "America/New_York")]
    assert (parsed.problems, parsed.ignored) == ((), {"expired series": 1})


def test_bad_rows_and_other_underlyings(as_input) -> None:
    text = PLAIN + ROW + ROW.replace("^SPX", "^NDX") + ROW.replace("2024-04-26", "x") + ROW.replace(",C,", ",Z,")
    text += ROW.replace("5000,C", "abc,C") + "^SPX,2024-04-19\n"
    parsed = PIPELINE.parse(as_input(text), reference_market("SPX"))
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [
        (4, "not a date"), (5, "neither call nor put"), (6, "not a number"), (7, "row is cut short")]  # fmt: skip
    assert parsed.ignored == {"other market": 1}
    with pytest.raises(InputError, match="holds options on SPX, but market vix trades VIX"):
        PIPELINE.parse(as_input(PLAIN + ROW), reference_market("VIX"))


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6))
def test_damaged_content_gives_rows_or_one_sentence(damaged, changes) -> None:
    try:
        file = unpack("x.csv", damaged((PLAIN + ROW * 2).encode(), changes))
        recognise_input(file).parse(file, reference_market("SPX"))
    except InputError as error:
        assert error.message.startswith("x.csv: ") and "\n" not in error.message


@pytest.mark.real_data
def test_real_file(hogs: HydraConfig, stores, real_data) -> None:
    path = real_data / "options" / "cboe_datashop" / "UnderlyingOptionsEODCalcs_2016-06-01.csv.gz"
    table = list(csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode())))
    directory = MarketDirectory(hogs.market, [hogs.market])
    (market,) = PIPELINE.markets_in(read_input(path), directory)
    parsed = PIPELINE.parse(read_input(path), market)
    chains = [row for row in parsed.rows if isinstance(row, OptionChain)]
    expired = sum(row["expiration"] == "2016-06-01" for row in table)
    assert (market.market, len(table), expired) == ("vix", 724, 76)
    assert (parsed.problems, parsed.ignored) == ((), {"expired series": 2 * expired})
    assert sum(len(chain.quotes) for chain in chains) == 2 * (len(table) - expired)
    assert len(chains) == 2 * (len({row["expiration"] for row in table}) - 1)
    assert {chain.event_ts for chain in chains} == {
        local_ts(2016, 6, 1, 15, 45, "America/New_York"), local_ts(2016, 6, 1, 16, 15, "America/New_York")}  # fmt: skip
    marks = [row for row in parsed.rows if isinstance(row, OptionMark)]
    alive = [row for row in table if row["expiration"] != "2016-06-01"]
    assert [mark.delta for mark in marks] == [float(row["delta_1545"]) for row in alive]
    now_ts = parse_iso("2026-02-01")
    added = ingest_input(stores, hogs, read_input(path), now_ts=now_ts, directory=directory).rows_added
    assert added == 1296 + 648
    assert ingest_input(stores, hogs, read_input(path), now_ts=now_ts + 1, directory=directory).rows_added == 0
