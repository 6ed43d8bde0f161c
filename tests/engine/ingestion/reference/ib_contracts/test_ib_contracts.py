from __future__ import annotations

import math

import pytest

from engine.ingestion.lake_rows import UNDATED_TS
from engine.ingestion.market_directory import MarketDirectory, reference_market, shipped_markets
from engine.ingestion.reference.ib_contracts import instrument_of, market_of_contract
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import parse_iso

SPX = reference_market("SPX")


@pytest.mark.parametrize(
    ("symbol", "kind", "market"),
    [
        ("HE", "FUT", "lean_hogs"), ("HE", "FOP", "lean_hogs"), ("HE", "STK", "he_stk"), ("HE", "OPT", "he_opt"),
        ("S", "STK", "s_stk"), ("ZS", "FUT", "soybeans"), ("AMD", "STK", "amd"), ("SPX", "IND", "spx"),
        ("SPX", "OPT", "spx"), ("EURUSD", "CASH", "eurusd"),
    ],
)  # fmt: skip
def test_a_share_is_no_future_of_the_same_symbol(symbol: str, kind: str, market: str, simulated: HydraConfig) -> None:
    directory = MarketDirectory(simulated.market, shipped_markets())
    assert market_of_contract(symbol, kind, directory).market == market


def test_an_option() -> None:
    fields: dict[str, object] = {
        "conId": 384688665, "symbol": "SPX", "lastTradeDateOrContractMonth": "20200116", "strike": 3205.0,
        "right": "PUT", "multiplier": "100", "exchange": "SMART", "currency": "USD",
        "localSymbol": "SPX   200117P03205000"}  # fmt: skip
    row = instrument_of(fields, "OPT", SPX, "s", tick_size=0.05)
    assert row is not None
    assert (row.contract, row.instrument_id, row.kind, row.underlying) == (
        "SPX   200117P03205000", "384688665", "option", "SPX")  # fmt: skip
    assert (row.strike, row.right, row.multiplier, row.tick_size) == (3205.0, "P", 100.0, 0.05)
    assert row.expiry_ts == parse_iso("2020-01-17T12:00Z") and row.event_ts == UNDATED_TS


def test_a_future_of_a_month_has_no_day_of_expiry_and_a_share_no_strike() -> None:
    future = instrument_of(
        {"conId": 1, "symbol": "HE", "lastTradeDateOrContractMonth": "202306", "multiplier": ""}, "FUT", SPX, "s"
    )
    assert future is not None and future.expiry_ts == 0 and math.isnan(future.multiplier) and future.kind == "future"
    share = instrument_of({"conId": 1, "symbol": "AMD", "strike": 0.0, "right": "?"}, "STK", SPX, "s")
    assert share is not None and math.isnan(share.strike) and (share.right, share.underlying) == ("", "")


@pytest.mark.parametrize("fields", [{}, {"symbol": "A"}, {"conId": 0, "symbol": "A"}, {"conId": 5, "symbol": "\x1b"}])
def test_what_names_no_contract(fields: dict[str, object]) -> None:
    assert instrument_of(fields, "STK", SPX, "s") is None
