from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from engine.ingestion.dbn.dbn_pipeline import DbnPipeline
from engine.ingestion.input_file import read_input
from engine.ingestion.lake_rows import Instrument, Quote, Statistic
from engine.ingestion.options.option_chain_assembly import assemble_option_chains
from engine.kernel.timestamps import MICROS_PER_MINUTE, parse_iso
from tests.engine.ingestion.dbn_samples import directory

NAN = math.nan
T0 = parse_iso("2024-05-09T09:55Z")
EXPIRY = parse_iso("2024-06-21T13:30Z")


def option(contract: str, strike: float, right: str, *, known_ts: int = T0 - 10, expiry_ts: int = EXPIRY,
           kind: str = "option") -> Instrument:  # fmt: skip
    return Instrument("es", "x", contract, contract[-4:], kind, "ESM4", "XCME", "USD", known_ts, known_ts, 0,  # type: ignore[arg-type]
                      expiry_ts, strike, right, 0.25, 50.0)  # fmt: skip


def quote(contract: str, bid: float, ask: float, minute: int = 0) -> Quote:
    at = T0 + minute * MICROS_PER_MINUTE
    return Quote("es", "x", contract, 0, at, at, bid, 1.0, ask, 1.0, *([NAN] * 6))


def figure(contract: str, name: str, value: float, minute: int = 0, *flags: str) -> Statistic:
    at = T0 + minute * MICROS_PER_MINUTE
    return Statistic("es", "x", contract, name, "", at, at, value, flags)


CALL, PUT = option("ESM4 C5250", 5250, "C"), option("ESM4 P5250", 5250, "P")


def chains(instruments: list[Instrument], quotes: list[Quote], age: int = 5, **more: object) -> list:
    return assemble_option_chains(
        instruments, quotes, max_quote_age_us=age * MICROS_PER_MINUTE, style="american", **more,  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_chain_holds_what_was_known_at_its_moment() -> None:
    later, sooner = chains(
        [CALL, PUT],
        [quote("ESM4 C5250", 10, 11), quote("ESM4 C5250", 12, 13, 2), quote("ESM4 P5250", 5, 6, 1)],
        moments=[T0 + 2 * MICROS_PER_MINUTE, T0],
        statistics=[figure("ESM4 C5250", "open_interest", 100), figure("ESM4 C5250", "open_interest", 200, 3),
                    figure("ESM4 C5250", "settlement_price", 9.5), figure("ESM4 C5250", "last_trade_price", 10.5, 1)],
        underlying_quotes=[quote("ESM4", 5000, 5001), quote("ESM5", 6000, 6001)],
    )  # fmt: skip
    assert [(line.right, line.bid, line.open_interest, line.last) for line in sooner.quotes] == [("C", 10, 100, 9.5)]
    assert [(line.right, line.bid, line.last) for line in later.quotes[:1]] == [("C", 12, 10.5)]
    assert [line.right for line in later.quotes] == ["C", "P"]
    assert math.isnan(later.quotes[1].open_interest) and math.isnan(later.quotes[1].volume)
    assert (sooner.event_ts, sooner.known_ts, sooner.expiry_ts, sooner.contract) == (T0, T0, EXPIRY, "ESM4")
    assert (sooner.underlying_price, sooner.style, sooner.market, sooner.source) == (5000.5, "american", "es", "x")


def test_moments_are_those_of_the_quotes_and_old_quotes_lapse() -> None:
    found = chains(
        [CALL, PUT], [quote("ESM4 C5250", 10, 11), quote("ESM4 P5250", 5, 6, 3), quote("ESM4 P5250", 5, 6, 6)]
    )
    assert [(chain.event_ts - T0, len(chain.quotes)) for chain in found] == [
        (0, 1), (3 * MICROS_PER_MINUTE, 2), (6 * MICROS_PER_MINUTE, 1),
    ]  # fmt: skip
    assert all(math.isnan(chain.underlying_price) for chain in found)


@pytest.mark.parametrize(
    ("instrument", "bid", "ask"),
    [(replace(CALL, known_ts=T0 + 1), 10, 11), (replace(CALL, expiry_ts=T0), 10, 11), (CALL, 11, 10),
     (replace(CALL, kind="future"), 10, 11), (replace(CALL, strike=NAN), 10, 11), (replace(CALL, contract="Z",
      instrument_id="Y"), 10, 11)],
)  # fmt: skip
def test_what_is_not_yet_defined_expired_crossed_or_no_option_is_left_out(instrument: Instrument, bid: float,
                                                                         ask: float) -> None:  # fmt: skip
    assert chains([instrument], [quote("ESM4 C5250", bid, ask)]) == []


def test_quotes_known_by_instrument_id_and_one_sided_ones_are_used() -> None:
    (chain,) = chains([CALL], [quote("5250", NAN, 11)], statistics=[figure("5250", "open_interest", 7),
                                                                    figure("5250", "open_interest", 9, 0, "deleted")],
                      underlying_quotes=[quote("ESM4", NAN, 5001)])  # fmt: skip
    assert math.isnan(chain.quotes[0].bid) and chain.quotes[0].open_interest == 7
    assert math.isnan(chain.underlying_price)


def test_expiries_are_chains_of_their_own() -> None:
    other = option("ESU4 C5250", 5250, "C", expiry_ts=EXPIRY + 1)
    found = chains([other, CALL], [quote("ESM4 C5250", 1, 2), quote("ESU4 C5250", 3, 4)])
    assert [chain.expiry_ts for chain in found] == [EXPIRY, EXPIRY + 1]


@pytest.mark.real_data
def test_real_options_of_one_day(hogs, real_data: Path) -> None:
    folder = real_data / "databento" / "nautilus" / "options_catalog"
    market = directory(hogs.market).by_root("ES")
    names = ("options_definition.dbn.zst", "options_bbo-1m_2024-05-09T09-55_2024-05-09T10-05.dbn.zst",
             "futures_bbo-1m_2024-05-09T09-55_2024-05-09T10-05.dbn.zst")  # fmt: skip
    definitions, options, futures = (DbnPipeline().parse(read_input(folder / name), market).rows for name in names)
    found = chains(
        [row for row in definitions if isinstance(row, Instrument)],
        [row for row in options if isinstance(row, Quote)],
        statistics=[row for row in options if isinstance(row, Statistic)],
        underlying_quotes=[row for row in futures if isinstance(row, Quote)],
    )
    assert len(found) == 10
    first = found[0]
    assert (first.event_ts, first.expiry_ts, first.contract) == (T0, EXPIRY, "ESM4")
    assert [(line.strike, line.right, line.bid, line.ask, line.last) for line in first.quotes] == [
        (5230.0, "P", 97.5, 98.25, 92.25), (5250.0, "P", 108.25, 108.75, 100.0),
    ]  # fmt: skip
    for chain in found:  # a put is worth more at a higher strike, and at least what it would pay now
        low, high = chain.quotes
        assert low.ask < high.ask
        assert high.ask > high.strike - chain.underlying_price
