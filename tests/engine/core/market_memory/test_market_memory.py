"""The memory of a market: volume per day, volatility within one contract, reference prices."""

from __future__ import annotations

import math
from types import ModuleType

import pytest

from engine.core.market_memory import daily_return_sd, remember
from engine.core.trading_types import MarketMemory


def test_volume_counts_by_complete_session_days(scenarios: ModuleType) -> None:
    config = scenarios.config()
    memory = MarketMemory()
    for index in range(56):
        memory = remember(memory, scenarios.make_bar(index, 85.0, 85.0, volume=10.0), config)
        assert memory.adv_lots == (550.0 if index == 55 else 0.0)
    assert memory.running_volume_lots == 10.0
    assert memory.bars_seen == 56


def test_daily_bars_count_at_once_and_the_window_is_bounded(scenarios: ModuleType) -> None:
    config = scenarios.config(market__bar_seconds=86_400, costs__adv_window_days=3)
    memory = MarketMemory()
    for day, volume in enumerate((100.0, math.nan, 300.0, 500.0)):
        memory = remember(memory, scenarios.make_bar(day * 55, 85.0, 85.0, volume=volume), config)
    assert memory.day_volumes == (0.0, 300.0, 500.0)
    assert memory.adv_lots == pytest.approx(800 / 3)


def test_the_gap_between_contracts_is_no_volatility(scenarios: ModuleType) -> None:
    config = scenarios.config()
    calm = [scenarios.make_bar(index, 85.0, 85.0) for index in range(5)]
    jump = [scenarios.make_bar(5, 99.0, 99.0, contract="HEG24"), scenarios.make_bar(6, 99.0, 99.0, contract="HEG24")]
    memory = MarketMemory()
    assert math.isnan(daily_return_sd(memory, config))
    for bar in (*calm, *jump):
        memory = remember(memory, bar, config)
    assert daily_return_sd(memory, config) == 0.0
    assert memory.contract == "HEG24"
    assert math.isnan(memory.reference_price)


def test_constant_moves_give_their_own_volatility(scenarios: ModuleType) -> None:
    config = scenarios.config()
    memory, price = MarketMemory(), 85.0
    for index in range(400):
        price *= math.exp(0.001 if index % 2 else -0.001)
        memory = remember(memory, scenarios.make_bar(index, price, price), config)
    assert daily_return_sd(memory, config) == pytest.approx(0.001 * math.sqrt(13860 / 252))


def test_the_reference_price_is_the_former_sessions_last(scenarios: ModuleType) -> None:
    config = scenarios.config()
    memory = MarketMemory()
    for index in range(60):
        memory = remember(memory, scenarios.make_bar(index, 85.0, 85.0 + index), config)
    assert memory.reference_price == 85.0 + 54
