"""A trader on paper: the same step as live, breakers off, a value that survives JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from engine.core.initial_state import initial_state
from engine.core.trading_types import MarketMemory, OperationalState, Prediction
from engine.sandbox.candidate import forecast
from engine.sandbox.market_history import as_predictions
from engine.sandbox.replay import replay
from engine.sandbox.virtual_trader import MEMORY_BARS, VirtualTrader, warmed_state
from tests.engine import small_market

CONFIG = small_market.settings()
HISTORY = small_market.history(760)
BEFORE, PART = HISTORY.bars[:600], HISTORY.window(600, 760)
PREDICTIONS = as_predictions(forecast(small_market.champion(), HISTORY, 600))


def trade(trader: VirtualTrader, predictions: list[Prediction]) -> tuple[VirtualTrader, list[float]]:
    returns = []
    for bar, prediction in zip(PART.bars, predictions, strict=True):
        trader, net_return = trader.on_bar(bar, prediction, CONFIG)
        returns.append(net_return)
    return trader, returns


def test_it_trades_as_the_replay_does() -> None:
    trader, returns = trade(VirtualTrader.flat(CONFIG, small_market.memory_of(BEFORE)), PREDICTIONS)
    run = replay(PART.bars, PREDICTIONS, CONFIG, warmed_state(BEFORE, CONFIG))
    assert len(run.fills) > 10
    assert returns == pytest.approx(run.net_returns.tolist(), abs=1e-15)
    assert trader.state.equity_usd == run.final_state.equity_usd


def test_without_a_prediction_nothing_is_traded() -> None:
    trader = VirtualTrader.flat(CONFIG, small_market.memory_of(BEFORE))
    for bar in PART.bars:
        trader, net_return = trader.on_bar(bar, None, CONFIG)
        assert net_return == 0.0
    assert trader.state.position_lots == 0


def test_a_breaker_of_the_account_does_not_stop_the_comparison() -> None:
    flat = VirtualTrader.flat(CONFIG, small_market.memory_of(BEFORE))
    wounded = VirtualTrader(
        replace(flat.state, operational_state=OperationalState.LOCKDOWN, peak_equity_usd=2.0 * flat.state.equity_usd)
    )
    trader, returns = trade(wounded, PREDICTIONS)
    assert returns == trade(flat, PREDICTIONS)[1]
    assert np.count_nonzero(returns) > 50
    assert trader.state.peak_equity_usd == 2.0 * flat.state.equity_usd, "the drawdown is still seen"


def test_json_in_the_middle_changes_nothing_that_follows() -> None:
    trader = VirtualTrader.flat(CONFIG, small_market.memory_of(BEFORE))
    restored = trader
    for bar, prediction in zip(PART.bars, PREDICTIONS, strict=True):
        trader, ours = trader.on_bar(bar, prediction, CONFIG)
        restored, theirs = VirtualTrader.from_json(json.loads(json.dumps(restored.to_json()))).on_bar(
            bar, prediction, CONFIG
        )
        assert ours == theirs
    assert restored == trader


def test_a_warm_start_is_flat_and_remembers_the_market() -> None:
    warm = warmed_state(BEFORE, CONFIG)
    assert (warm.position_lots, warm.equity_usd) == (0, CONFIG.risk.paper_equity_usd)
    assert warm.memory.adv_lots > 0.0 and warm.last_bar_ts == BEFORE[-1].known_ts
    assert warmed_state(BEFORE[-MEMORY_BARS:], CONFIG) == warm
    assert warmed_state((), CONFIG) == initial_state(CONFIG)
    assert VirtualTrader.flat(CONFIG, MarketMemory()).state == initial_state(CONFIG)
