"""Returns within one contract only; momentum and volatility count what is valid."""

from __future__ import annotations

import math

import pytest

from engine.core.records import FuturesBar
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.signals.feature_row import Reading
from engine.signals.price_action import PriceAction, within_contract_return
from engine.signals.volume_flow import VolumeFlow


def bar(index: int, close: float, contract: str | None = "HEM21", high: float | None = None) -> FuturesBar:
    ts = index * MICROS_PER_DAY
    top = high or close + 1
    return FuturesBar("lean_hogs", "yahoo", contract, 1, 86_400, ts, ts + 10, close, top, close - 1, close,
                      1000.0 + index)  # fmt: skip


def values(family: PriceAction | VolumeFlow, bars: list[FuturesBar], feature: str) -> list[float]:
    readings: list[Reading] = [reading for item in bars for reading in family.on_decision_bar(item, {})]
    return [reading.value for reading in readings if reading.feature == feature]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (None, bar(1, 80.0), "no_history"),
        (bar(0, 80.0, "HEJ21"), bar(1, 90.0, "HEM21"), "contract_change"),
        (bar(0, 80.0, None), bar(1, 80.5, None), "contract_unknown"),
        (bar(0, 0.0), bar(1, 80.0), "price_missing"),
        (bar(0, math.nan), bar(1, 80.0), "price_missing"),
    ],
)
def test_where_there_is_no_return(before: FuturesBar | None, after: FuturesBar, reason: str) -> None:
    value, quality = within_contract_return(before, after)
    assert math.isnan(value) and quality == reason


def test_momentum_is_the_sum_of_the_valid_returns(hogs: HydraConfig) -> None:
    closes = [80.0, 81.0, 82.0, 60.0, 61.0, 62.0]
    contracts = ["A", "A", "A", "B", "B", "B"]
    found = values(PriceAction(hogs), [bar(i, c, k) for i, (c, k) in enumerate(zip(closes, contracts, strict=True))],
                   "momentum_5")  # fmt: skip
    assert [math.isnan(value) for value in found] == [True] * 4 + [False] * 2
    assert found[5] == pytest.approx(math.log(82 / 80) + math.log(62 / 60))


def test_momentum_with_too_few_valid_returns_is_missing(hogs: HydraConfig) -> None:
    lonely = [bar(i, 80.0 + i, f"contract{i}") for i in range(12)]
    assert all(math.isnan(value) for value in values(PriceAction(hogs), lonely, "momentum_5"))


def test_volatility_is_the_standard_deviation_of_returns(hogs: HydraConfig) -> None:
    bars = [bar(i, 80.0 * math.exp(0.01 * (i % 2))) for i in range(40)]
    assert values(PriceAction(hogs), bars, "volatility_20")[-1] == pytest.approx(0.01 * math.sqrt(20 / 19))
    assert values(PriceAction(hogs), bars, "volatility_ewma")[-1] == pytest.approx(0.01)


def test_flow_imbalance_is_bounded_and_missing_without_range(hogs: HydraConfig) -> None:
    top = FuturesBar("lean_hogs", "yahoo", "A", 1, 86_400, 0, 1, 80.0, 81.0, 79.0, 81.0, 10.0)
    outside = FuturesBar("lean_hogs", "yahoo", "A", 1, 86_400, 0, 1, 80.0, 81.0, 79.0, 85.0, 10.0)
    flat = FuturesBar("lean_hogs", "yahoo", "A", 1, 86_400, 0, 1, 80.0, 80.0, 80.0, 80.0, 10.0)
    found = values(VolumeFlow(hogs), [top, outside, flat], "flow_imbalance")
    assert found[:2] == [1.0, 1.0] and math.isnan(found[2])
