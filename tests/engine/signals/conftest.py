"""Fixtures of the signal tests: settings and a small consistent market as records."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from engine.core.records import (
    CotPosition,
    CotReport,
    FuturesBar,
    Headline,
    OptionChain,
    OptionQuote,
    RawRecord,
    order_of,
)
from engine.ingestion.calendars.contract_calendar import ContractCalendar
from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_SECOND, local_ts
from engine.signals.options_math.black76 import price

MarketBuilder = Callable[..., list[RawRecord]]
_BAR_US = 300 * MICROS_PER_SECOND
_START_TS = local_ts(2024, 1, 1, 8, 30, "America/Chicago")
_WORDS = {1: ("strong", "robust", "solid"), -1: ("weak", "poor", "sluggish")}


@pytest.fixture(scope="session")
def simulated() -> HydraConfig:
    return load_config("simulated_hogs", environment={}).config


@pytest.fixture(scope="session")
def hogs() -> HydraConfig:
    return load_config("lean_hogs", environment={}).config


@pytest.fixture(scope="session")
def market_records() -> MarketBuilder:
    """`build(bars, seed, contracts=("HEJ24",))` -> records of a simulated market in order: bars, deferred bars, chains
    of nine strikes, headlines, a weekly COT report; the contract changes at equal distances."""

    def build(bars: int, seed: int = 0, contracts: tuple[str, ...] = ("HEJ24",)) -> list[RawRecord]:
        rng = np.random.default_rng(seed)
        records: list[RawRecord] = []
        level = 80.0
        factor = np.zeros(3)
        for index in range(bars):
            day, bar = divmod(index, 55)
            start = _START_TS + (day + 2 * (day // 5)) * MICROS_PER_DAY + bar * _BAR_US
            known = start + _BAR_US
            factor = 0.9 * factor + 0.43 * rng.standard_normal(3)
            opened = level
            level = round(level * math.exp(0.001 * rng.standard_normal()) / 0.025) * 0.025
            high, low = max(opened, level) + 0.05, min(opened, level) - 0.025
            contract = contracts[min(index * len(contracts) // bars, len(contracts) - 1)]
            volume = float(rng.integers(50, 500))
            traded = (opened, high, low, level, volume)
            records.append(FuturesBar("simulated_hogs", "venue", contract, 1, 300, start, known, *traded))
            far = round(level * math.exp(-0.02 - 0.01 * factor[0]) / 0.025) * 0.025
            records.append(
                FuturesBar("simulated_hogs", "venue", "HEM25", 2, 300, start, known, far, far, far, far, volume)
            )
            records.append(chain_of(known, level, 0.25 + 0.02 * factor[1], -0.01 + 0.01 * factor[2], rng))
            net = int(rng.integers(-3, 4))
            words = " ".join(rng.choice(_WORDS[1 if net > 0 else -1], abs(net)))
            records.append(
                Headline("simulated_hogs", "wire", known - 60, known - 60, f"Hog desk {index}: {words}", f"h{index}")
            )
            if index % 55 == 20:
                net_long = float(rng.integers(-20_000, 20_000))
                records.append(
                    CotReport("simulated_hogs", "disaggregated", False, start - 3 * MICROS_PER_DAY, known, 200_000.0,
                              (CotPosition("managed_money", 50_000.0 + net_long, 50_000.0, 10_000.0),))
                )  # fmt: skip
        return sorted(records, key=order_of)

    return build


def chain_of(ts: int, level: float, atm: float, slope: float, rng: np.random.Generator) -> OptionChain:
    """A European chain of nine strikes around the money, quoted in ticks."""
    expiry = _START_TS + 90 * MICROS_PER_DAY
    years = (expiry - ts) / (365 * MICROS_PER_DAY)
    strikes = round(level / 2.0) * 2.0 + 2.0 * np.arange(-4, 5)
    z = np.log(strikes / level) / (atm * math.sqrt(years))
    quotes = []
    for right in ("C", "P"):
        fair, _ = price(level, strikes, years, atm + slope * z, right == "C")
        for strike, value in zip(strikes, fair, strict=True):
            half = max(0.025, 0.02 * float(value))
            bid = math.floor(max(0.0, float(value) - half) / 0.025) * 0.025
            ask = math.ceil((float(value) + half) / 0.025) * 0.025
            interest = float(rng.integers(100, 1000))
            quotes.append(OptionQuote(float(strike), right, bid, ask, math.nan, 0.0, interest))
    return OptionChain("simulated_hogs", "cboe_quotes", None, "european", ts, ts, expiry, level, tuple(quotes))


@pytest.fixture(scope="session")
def hog_calendar(hogs: HydraConfig) -> ContractCalendar:
    return ContractCalendar.of(hogs.market)
