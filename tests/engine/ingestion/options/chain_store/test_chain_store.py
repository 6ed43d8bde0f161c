"""Single quotes in the lake become chains at the moments of decision, once."""

from __future__ import annotations

import math

from engine.core.records import OptionChain
from engine.ingestion.ingest import store_derived
from engine.ingestion.lake_rows import Instrument, Quote
from engine.ingestion.options.chain_store import ASSEMBLED, decision_moments, extend_option_chains
from engine.ingestion.record_tables import rows_from_table
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import parse_iso
from storage.stores import Stores

NOW = parse_iso("2024-06-01")
EXPIRY = parse_iso("2024-06-14T18:00Z")
SETTLED = parse_iso("2024-03-05T20:00Z")  # 14:00 Chicago, winter time
NAN = math.nan


def option(right: str) -> Instrument:
    listed = parse_iso("2024-01-02")
    return Instrument("lean_hogs", "databento_definition", f"HEM24 {right}90", f"7{right}", "option", "HEM24", "XCME",
                      "USD", listed, listed, 0, EXPIRY, 90.0, right, 0.025, 400.0)  # fmt: skip


def quote(contract: str, moment: str, bid: float, ask: float) -> Quote:
    ts = parse_iso(moment)
    return Quote("lean_hogs", "databento_bbo_1m", contract, 0, ts, ts, bid, 5.0, ask, 5.0, *([NAN] * 6))


def store(stores: Stores, config: HydraConfig, source: str, rows: list) -> None:
    store_derived(stores, config.market, source, f"{source} {rows[-1].known_ts}", rows, now_ts=NOW)


def chains(stores: Stores) -> list[OptionChain]:
    rows = rows_from_table("option_quote", stores.lake.read("lean_hogs", "option_quote", sources=[ASSEMBLED]))
    return [row for row in rows if isinstance(row, OptionChain)]


def test_a_session_gets_one_chain_at_its_settlement_and_keeps_it(stores: Stores, hogs: HydraConfig) -> None:
    store(stores, hogs, "databento_definition", [option("C"), option("P")])
    first = [
        quote("HEM24 C90", "2024-03-05T15:00Z", 2.0, 2.2),
        quote("HEM24 C90", "2024-03-05T19:00Z", 2.1, 2.3),
        quote("HEM24 P90", "2024-03-05T18:00Z", 1.0, 1.2),
        quote("HEM24", "2024-03-05T19:30Z", 89.975, 90.025),
    ]
    store(stores, hogs, "databento_bbo_1m", first)
    assert extend_option_chains(stores, hogs, now_ts=NOW) == 2
    (chain,) = chains(stores)
    assert (chain.event_ts, chain.known_ts, chain.expiry_ts) == (SETTLED, SETTLED, EXPIRY)
    assert [(one.right, one.bid) for one in chain.quotes] == [("C", 2.1), ("P", 1.0)]
    assert (chain.underlying_price, chain.style) == (90.0, "american")
    assert extend_option_chains(stores, hogs, now_ts=NOW) == 0
    store(stores, hogs, "databento_bbo_1m", [quote("HEM24 C90", "2024-03-05T21:00Z", 3.0, 3.2)])
    assert extend_option_chains(stores, hogs, now_ts=NOW) > 0
    assert [one.event_ts for one in chains(stores)] == [SETTLED, parse_iso("2024-03-06T20:00Z")]


def test_nothing_is_assembled_for_a_moment_to_come_or_without_definitions(stores: Stores, hogs: HydraConfig) -> None:
    store(stores, hogs, "databento_bbo_1m", [quote("HEM24 C90", "2024-03-05T19:00Z", 2.1, 2.3)])
    assert extend_option_chains(stores, hogs, now_ts=NOW) == 0
    store(stores, hogs, "databento_definition", [option("C")])
    assert extend_option_chains(stores, hogs, now_ts=SETTLED - 1) == 0
    assert extend_option_chains(stores, hogs, now_ts=SETTLED) == 1


def test_intraday_markets_decide_at_the_end_of_a_bar(hogs: HydraConfig) -> None:
    market = hogs.market.model_copy(update={"bar_seconds": 300})
    quotes = [quote("x", moment, 1, 2) for moment in ("2024-03-05T15:00:00Z", "2024-03-05T15:00:01Z")]
    assert decision_moments(quotes, market) == [parse_iso("2024-03-05T15:00Z"), parse_iso("2024-03-05T15:05Z")]


def test_a_quote_of_a_holiday_counts_at_the_next_settlement(hogs: HydraConfig) -> None:
    assert decision_moments([quote("x", "2024-03-29T15:00Z", 1, 2)], hogs.market) == [parse_iso("2024-04-01T19:00Z")]
