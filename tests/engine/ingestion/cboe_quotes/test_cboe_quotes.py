from __future__ import annotations

import math
from collections import Counter

import pytest

from engine.core.records import OptionChain, OptionQuote
from engine.ingestion.cboe_quotes import CboeQuotesPipeline
from engine.ingestion.input_file import read_input
from engine.kernel.config_models import HydraConfig, MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts

PIPELINE = CboeQuotesPipeline()
SIDE = (3.1, 3.0, 3.2, 12, 345)
ROWS = [("Fri Apr 12 2024", "84.00", SIDE, (0, 0, 2.5, 0, 7)), ("Fri Jun 14 2024", "85.00", SIDE, SIDE)]


def index_market(hogs: HydraConfig, root: str) -> MarketConfig:
    contract = hogs.market.contract.model_copy(update={"root": root})
    session = hogs.market.session.model_copy(update={"close_local": "15:00"})
    return hogs.market.model_copy(update={"contract": contract, "session": session})


def test_chains_by_expiry(hogs: HydraConfig, as_input, cboe_text) -> None:
    april, june = PIPELINE.parse(as_input(cboe_text(ROWS)), hogs.market).rows
    assert isinstance(april, OptionChain) and isinstance(june, OptionChain)
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
        (7, "Expiration Date", "expired series"), (8, "Expiration Date", "not a date"),
        (9, "Calls Bid", "bid above ask"), (10, "row", "not a number"), (11, "Strike", "strike missing"),
        (12, "Puts", "negative number"), (13, "row", "row is cut short"),
    ]  # fmt: skip
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


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "root", "chains", "quotes", "expired", "style"),
    [
        ("SPX_2022-06-11.csv.gz", "SPX", 43, 19220, 225, "european"),
        ("SPX_2023-09-14.csv.gz", "SPX", 52, 19624, 148, "european"),
        ("SPX_2023-12-09_russian_locale.csv.gz", "SPX", 14, 5798, 216, "european"),
        ("SPY_2023-09-14.csv.gz", "SPY", 30, 7042, 125, "american"),
        ("XSP_2023-09-14.csv.gz", "XSP", 50, 10602, 140, "european"),
    ],
)
def test_real_files(hogs, real_data, name, root, chains, quotes, expired, style) -> None:
    file = read_input(real_data / "options" / "cboe_quotedata" / name)
    assert PIPELINE.recognises(file)
    parsed = PIPELINE.parse(file, index_market(hogs, root))
    reasons = Counter(problem.reason for problem in parsed.problems)
    assert (len(parsed.rows), sum(len(chain.quotes) for chain in parsed.rows)) == (chains, quotes)
    assert reasons["expired series"] == expired and set(reasons) <= {"expired series", "bid above ask"}
    assert {chain.style for chain in parsed.rows} == {style}
    assert all(math.isnan(chain.underlying_price) and chain.contract is None for chain in parsed.rows)
    assert all(chain.expiry_ts > chain.event_ts for chain in parsed.rows)
    assert all(not (quote.bid == 0 or quote.ask == 0) for chain in parsed.rows for quote in chain.quotes)
