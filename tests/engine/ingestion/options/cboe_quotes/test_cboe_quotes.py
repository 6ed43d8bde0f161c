from __future__ import annotations

import gzip
import math
from collections import Counter
from datetime import datetime

import pytest

from engine.core.records import OptionChain, OptionQuote
from engine.ingestion.input_file import read_input
from engine.ingestion.lake_rows import OptionMark
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.options.cboe_quotes import CboeQuotesPipeline
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts

PIPELINE = CboeQuotesPipeline()
SIDE = (3.1, 3.0, 3.2, 12, 345)
ROWS = [("Fri Apr 12 2024", "84.00", SIDE, (0, 0, 2.5, 0, 7)), ("Fri Jun 14 2024", "85.00", SIDE, SIDE)]


def test_chains_by_expiry(hogs: HydraConfig, as_input, cboe_text) -> None:
    april, june, *marks = PIPELINE.parse(as_input(cboe_text(ROWS)), hogs.market).rows
    assert isinstance(april, OptionChain) and isinstance(june, OptionChain)
    assert len(marks) == 4 and all(isinstance(mark, OptionMark) for mark in marks)
    assert april.event_ts == april.known_ts == local_ts(2024, 3, 4, 10, 30, "America/New_York")
    assert april.expiry_ts == local_ts(2024, 4, 12, 13, 5, "America/Chicago")
    assert (april.contract, june.contract) == ("HEJ24", "HEM24")
    assert (april.style, april.underlying_price, april.source) == ("american", 84.5, "cboe_quotes")
    call, put = april.quotes
    assert call == OptionQuote(84.0, "C", 3.0, 3.2, 3.1, 12.0, 345.0)
    assert math.isnan(put.bid) and math.isnan(put.last)
    assert (put.ask, put.volume, put.open_interest) == (2.5, 0.0, 7.0)


def test_several_snapshots_in_one_file(simulated: HydraConfig, as_input, cboe_text) -> None:
    text = cboe_text(ROWS) + cboe_text(ROWS[:1], moment="March 04, 2024 at 10:35 AM EST", last=85.5)
    chains = PIPELINE.parse(as_input(text), simulated.market).rows
    assert [(chain.event_ts - chains[0].event_ts) // 60_000_000 for chain in chains] == [0, 0, 5]
    assert [chain.underlying_price for chain in chains] == [84.5, 84.5, 85.5]
    assert {chain.contract for chain in chains} == {None}
    assert {chain.style for chain in chains} == {"european"}


def test_bad_rows(hogs: HydraConfig, as_input, cboe_text) -> None:
    rows = [*ROWS, ("Fri Mar 01 2024", "84.00", SIDE, SIDE), ("someday", "84.00", SIDE, SIDE),
            ("Fri Jun 14 2024", "86.00", (3.1, 3.3, 3.2, 12, 345), SIDE),
            ("Fri Jun 14 2024", "87.00", ("x", 1, 2, 3, 4), SIDE),
            ("Fri Jun 14 2024", "0", SIDE, SIDE), ("Fri Jun 14 2024", "88.00", SIDE, (1, 1, 2, -3, 4))]  # fmt: skip
    parsed = PIPELINE.parse(as_input(cboe_text(rows) + "Fri Jun 14 2024,HE\n"), hogs.market)
    assert [(problem.row_number, problem.field, problem.reason) for problem in parsed.problems] == [
        (8, "Expiration Date", "not a date"),
        (9, "Calls bid", "bid above ask"), (10, "row", "not a number"), (11, "Strike", "strike missing"),
        (12, "Puts quote", "negative number"), (13, "row", "row is cut short"),
    ]  # fmt: skip
    assert parsed.ignored == {"expired series": 2}
    june = parsed.rows[1]
    assert [(quote.strike, quote.right) for quote in june.quotes] == [
        (85.0, "C"), (85.0, "P"), (86.0, "P"), (88.0, "C")]  # fmt: skip


def test_file_level_refusals(hogs: HydraConfig, as_input, cboe_text) -> None:
    with pytest.raises(InputError, match="holds options on SPXW, but market lean_hogs trades HE"):
        PIPELINE.parse(as_input(cboe_text(ROWS, root="SPXW")), hogs.market)
    with pytest.raises(InputError, match="line 3: no snapshot time in"):
        PIPELINE.parse(as_input(cboe_text(ROWS, moment="some day")), hogs.market)
    with pytest.raises(InputError, match="lacks a column"):
        PIPELINE.parse(as_input(cboe_text(ROWS).replace("Strike", "Level")), hogs.market)
    with pytest.raises(InputError, match="descriptive lines"):
        PIPELINE.parse(as_input(cboe_text(ROWS).lstrip().split("\n", 2)[2]), hogs.market)


def test_roots_of_one_underlying_are_one_market_and_end_at_their_own_hours(hogs: HydraConfig, as_input, cboe_text):
    monthly = cboe_text([("Fri Apr 19 2024", "5000.00", SIDE, SIDE)], root="SPX", last=5100.0)
    weekly = cboe_text([("Fri Apr 19 2024", "5000.00", SIDE, SIDE)], root="SPXW").splitlines()[-1]
    directory = MarketDirectory(hogs.market, [hogs.market])
    file = as_input(monthly + weekly + "\n")
    (market,) = PIPELINE.markets_in(file, directory)
    ((stored, parsed),) = PIPELINE.parse_markets(file, [market], directory)
    chains = [row for row in parsed.rows if isinstance(row, OptionChain)]
    assert (stored.market, {chain.style for chain in chains}) == ("spx", {"european"})
    assert [chain.expiry_ts for chain in chains] == [
        local_ts(2024, 4, 19, 9, 30, "America/New_York"), local_ts(2024, 4, 19, 16, 0, "America/New_York")]  # fmt: skip
    assert {row.underlying_price for row in parsed.rows if isinstance(row, OptionMark)} >= {5100.0}


def test_a_volatility_of_zero_is_missing(hogs: HydraConfig, as_input, cboe_text) -> None:
    text = cboe_text(ROWS).replace("0.3,0.5,0.01", "0,0.5,0.01", 1).replace("0.3,0.5,0.01", "0,0,0", 1)
    marks = [row for row in PIPELINE.parse(as_input(text), hogs.market).rows if isinstance(row, OptionMark)]
    assert len(marks) == 3
    assert math.isnan(marks[0].implied_volatility) and marks[0].delta == 0.5
    assert marks[1].implied_volatility == 0.3


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "market", "style"),
    [
        ("SPX_2022-06-11.csv.gz", "SPX", "european"),
        ("SPX_2023-09-14.csv.gz", "SPX", "european"),
        ("SPX_2023-12-09_russian_locale.csv.gz", "SPX", "european"),
        ("SPY_2023-09-14.csv.gz", "SPY", "american"),
        ("XSP_2023-09-14.csv.gz", "XSP", "european"),
    ],
)
def test_every_listed_side_of_real_files_is_accounted_for(hogs, real_data, name, market, style) -> None:
    path = real_data / "options" / "cboe_quotedata" / name
    file, directory = read_input(path), MarketDirectory(hogs.market, [hogs.market])
    assert PIPELINE.recognises(file)
    markets = PIPELINE.markets_in(file, directory)
    assert [one.market for one in markets] == [market.lower()]
    ((_, parsed),) = PIPELINE.parse_markets(file, markets, directory)
    table = [line.split(",") for line in gzip.decompress(path.read_bytes()).decode().splitlines()[4:]]
    chains = [row for row in parsed.rows if isinstance(row, OptionChain)]
    reasons = Counter(problem.reason for problem in parsed.problems)
    assert set(reasons) <= {"bid above ask"} and set(parsed.ignored) == {"expired series"}
    quotes = sum(len(chain.quotes) for chain in chains)
    assert quotes + parsed.ignored["expired series"] + reasons["bid above ask"] == 2 * len(table)
    snapshot = name.split("_")[1][:10]
    kept = [cells for cells in table if datetime.strptime(cells[0], "%a %b %d %Y").date().isoformat() > snapshot]  # noqa: DTZ007
    assert 2 * (len(table) - len(kept)) == parsed.ignored["expired series"]
    assert len(chains) == len({(cells[0], cells[1][:-15]) for cells in kept})
    assert {chain.style for chain in chains} == {style}
    assert all(math.isnan(chain.underlying_price) and chain.contract is None for chain in chains)
    assert all(chain.expiry_ts > chain.event_ts for chain in chains)
    assert all(not (quote.bid == 0 or quote.ask == 0) for chain in chains for quote in chain.quotes)
    marks = [row for row in parsed.rows if isinstance(row, OptionMark)]
    computed = sum(
        any(float(cells[place]) != 0 for place in side) for cells in kept for side in ((7, 8, 9), (18, 19, 20))
    )
    assert computed - reasons["bid above ask"] <= len(marks) <= computed
    assert all(mark.implied_volatility != 0 for mark in marks)
