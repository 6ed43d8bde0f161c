"""State, orders and fills survive JSON exactly; what does not read is said to be corrupt."""

from __future__ import annotations

import json
from types import ModuleType

import pytest

from engine.core.initial_state import initial_state
from engine.core.trader_state_json import (
    fill_from_json,
    fill_to_json,
    market_memory_from_json,
    order_from_json,
    trader_state_from_json,
    trader_state_to_json,
)
from engine.kernel.canonical import canonical_json
from engine.kernel.errors import CorruptStoreError
from engine.sandbox.replay import replay


def test_state_and_fills_come_back_equal(scenarios: ModuleType) -> None:
    config = scenarios.config()
    bars = scenarios.make_bars(150, 4, bars_per_contract=149)
    result = replay(bars, scenarios.make_predictions(bars, 4), config)
    state = result.final_state
    text = canonical_json(trader_state_to_json(state))
    again = trader_state_from_json(json.loads(text))
    assert canonical_json(trader_state_to_json(again)) == text
    assert (again.position_lots, again.equity_usd, again.working_orders) == (
        state.position_lots,
        state.equity_usd,
        state.working_orders,
    )
    assert result.fills
    for fill in result.fills:
        assert fill_from_json(json.loads(canonical_json(fill_to_json(fill)))) == fill


def test_a_fresh_state_holds_no_price_rather_than_zero(scenarios: ModuleType) -> None:
    value = trader_state_to_json(initial_state(scenarios.config()))
    assert value["memory"]["last_price"] is None
    assert trader_state_from_json(value).last_price != trader_state_from_json(value).last_price


def test_what_does_not_fit_is_corrupt(scenarios: ModuleType) -> None:
    value = trader_state_to_json(initial_state(scenarios.config()))
    for broken in ({**value, "operational_state": "FINE"}, {**value, "extra": 1}, {"market": "x"}):
        with pytest.raises(CorruptStoreError):
            trader_state_from_json(broken)
    for read in (order_from_json, fill_from_json, market_memory_from_json):
        with pytest.raises(CorruptStoreError):
            read({"nonsense": 1})
