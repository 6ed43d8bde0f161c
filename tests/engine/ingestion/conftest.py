"""Fixtures of the ingestion tests: settings, a workspace with its lake, and small files in every format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from engine.ingestion.input_file import InputFile, unpack
from engine.kernel.config_models import HydraConfig, MarketConfig
from engine.kernel.configuration import load_config
from storage.stores import Stores

LEGACY_COLUMNS = (
    "Market and Exchange Names", "As of Date in Form YYMMDD", "As of Date in Form YYYY-MM-DD",
    "CFTC Contract Market Code", "CFTC Market Code in Initials", "Open Interest (All)",
    "Noncommercial Positions-Long (All)", "Noncommercial Positions-Short (All)",
    "Noncommercial Positions-Spreading (All)", "Commercial Positions-Long (All)", "Commercial Positions-Short (All)",
    " Total Reportable Positions-Long (All)", "Nonreportable Positions-Long (All)",
    "Nonreportable Positions-Short (All)",
)  # fmt: skip
CBOE_HEADER = (
    "Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,"
    "Puts,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest"
)


@pytest.fixture(scope="session")
def hogs() -> HydraConfig:
    return load_config("lean_hogs", environment={}).config


@pytest.fixture(scope="session")
def simulated() -> HydraConfig:
    return load_config("simulated_hogs", environment={}).config


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with Stores.open(tmp_path / "workspace") as opened:
        yield opened


@pytest.fixture(scope="session")
def as_input() -> Callable[..., InputFile]:
    def build(text: str, name: str = "input.csv") -> InputFile:
        return unpack(name, text.encode())

    return build


@pytest.fixture(scope="session")
def yahoo_text() -> Callable[..., str]:
    """Rows are (day, open, high, low, close, volume)."""

    def build(rows: Sequence[Sequence[object]], ticker: str = "HE=F") -> str:
        lines = ["Price,Adj Close,Close,High,Low,Open,Volume", "Ticker" + f",{ticker}" * 6, "Date,,,,,,"]
        lines += [
            f"{day},{close},{close},{high},{low},{open_},{volume}" for day, open_, high, low, close, volume in rows
        ]
        return "\n".join(lines) + "\n"

    return build


@pytest.fixture(scope="session")
def databento_text() -> Callable[..., str]:
    """Rows are (stamp, instrument, open, high, low, close, volume, symbol)."""

    def build(rows: Sequence[Sequence[object]], rtype: int = 34) -> str:
        lines = ["ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol"]
        for stamp, instrument, open_, high, low, close, volume, symbol in rows:
            prices = ",".join(
                f"{price:.9f}" if isinstance(price, float) else str(price) for price in (open_, high, low, close)
            )
            lines.append(f"{stamp},{rtype},1,{instrument},{prices},{volume},{symbol}")
        return "\n".join(lines) + "\n"

    return build


@pytest.fixture(scope="session")
def legacy_text() -> Callable[..., str]:
    """Rows are (code, ISO day, open interest, then the seven positions)."""

    def build(rows: Sequence[Sequence[object]]) -> str:
        lines = [",".join(f'"{name}"' for name in LEGACY_COLUMNS)]
        for code, day, interest, *positions in rows:
            nc_long, nc_short, nc_spread, c_long, c_short, nr_long, nr_short = (f"{number:>8}" for number in positions)
            lines.append(
                f'"SOME MARKET - AN EXCHANGE",210608,{day},{code},CME ,{interest:>8},{nc_long},{nc_short},'
                f"{nc_spread},{c_long},{c_short},{c_long},{nr_long},{nr_short}"
            )
        return "\n".join(lines) + "\n"

    return build


@pytest.fixture(scope="session")
def cboe_text() -> Callable[..., str]:
    """Rows are (expiry text, strike, call side, put side); a side is (last, bid, ask, volume, open interest)."""

    def build(
        rows: Sequence[Sequence[object]],
        *,
        moment: str = "March 04, 2024 at 10:30 AM EST",
        root: str = "HE",
        last: float = 84.5,
    ) -> str:
        lines = [
            "",
            f"Lean Hogs Futures,Last: {last},Change: 0.1",
            f'"Date: {moment}",Bid: 84.4,Ask: 84.6,Size: 1*1',
            CBOE_HEADER,
        ]
        for expiry, strike, call, put in rows:
            sides = [f"{side[0]},0,{side[1]},{side[2]},{side[3]},0.3,0.5,0.01,{side[4]}" for side in (call, put)]
            code = f"{round(float(strike) * 1000):08d}"
            lines.append(f"{expiry},{root}240412C{code},{sides[0]},{strike},{root}240412P{code},{sides[1]}")
        return "\n".join(lines) + "\n"

    return build


@pytest.fixture(scope="session")
def market_like(hogs: HydraConfig) -> Callable[..., MarketConfig]:
    """A market as lean hogs are set up, with another contract."""

    def build(
        root: str, months: str, low: float, high: float, tick: float, rule: str = "business_day_10"
    ) -> MarketConfig:
        changed = {"root": root, "months": months, "plausible_price_low": low, "plausible_price_high": high,
                   "tick_size": tick, "last_trade_rule": rule}  # fmt: skip
        contract = hogs.market.contract.model_copy(update=changed)
        return hogs.market.model_copy(update={"market": root.lower(), "contract": contract})

    return build


@pytest.fixture(scope="session")
def damaged() -> Callable[[bytes, Sequence[tuple[float, int]]], bytes]:
    """Content with some bytes replaced; each change is (place as a fraction of the length, new byte)."""

    def build(content: bytes, changes: Sequence[tuple[float, int]]) -> bytes:
        changed = bytearray(content)
        for place, byte in changes:
            changed[int(place * len(content))] = byte
        return bytes(changed)

    return build
