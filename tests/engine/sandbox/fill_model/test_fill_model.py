"""When orders fill, at what price, and when they do not."""

from __future__ import annotations

import math
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from engine.core.trading_types import Fill, MarketMemory, Order
from engine.sandbox.fill_model import MatchContext, match

MEMORY = MarketMemory("HEZ23", 85.0, 84.5, "2023-11-14", 1000.0, (20_000.0,), 20_000.0, 1e-6, 50, 51, 5)
ORDER = Order("ord-1", "simulated_hogs", "HEZ23", "BUY", 5, "market", None, 5, 85.0, "m-1", False)


def _match(
    scenarios: ModuleType,
    *orders: Order,
    position: int = 0,
    memory: MarketMemory = MEMORY,
    days: float | None = None,
    open_: float = 85.0,
    close: float = 85.0,
    **bar: Any,
) -> tuple[Fill, ...]:
    context = MatchContext(scenarios.config(), memory, position, days)
    return match(orders or (ORDER,), scenarios.make_bar(60, open_, close, **bar), context)


def test_a_market_order_pays_half_the_spread_and_the_impact(scenarios: ModuleType) -> None:
    (fill,) = _match(scenarios)
    impact = 85.0 * math.sqrt(1e-6 * 13860 / 252) * math.sqrt(5 / 20_000)
    assert fill.price == pytest.approx(85.0 + 0.5 * 0.025 + impact)
    assert fill.reference_price == 85.0
    assert fill.costs.spread_usd == pytest.approx(5 * 400 * 0.0125)
    assert fill.costs.impact_usd == pytest.approx(5 * 400 * impact)
    assert (fill.lots, fill.contract, fill.order_ref) == (5, "HEZ23", "ord-1")
    (sale,) = _match(scenarios, replace(ORDER, side="SELL"))
    assert sale.price == pytest.approx(85.0 - 0.0125 - impact)
    assert sale.lots == -5


def test_near_expiry_the_spread_is_wider(scenarios: ModuleType) -> None:
    assert _match(scenarios, days=2.0)[0].costs.spread_usd == pytest.approx(2 * _match(scenarios)[0].costs.spread_usd)


@pytest.mark.parametrize(("low", "limit", "fills"), [(84.5, 84.5, False), (84.475, 84.5, True), (84.9, 84.5, False)])
def test_a_limit_order_fills_only_when_traded_through(
    scenarios: ModuleType, low: float, limit: float, fills: bool
) -> None:
    order = replace(ORDER, order_type="limit", limit_price=limit)
    result = _match(scenarios, order, low=low)
    assert bool(result) is fills
    if fills:
        assert result[0].price == limit
        assert result[0].costs.spread_usd == result[0].costs.impact_usd == 0.0
        assert result[0].costs.fees_usd > 0.0


def test_a_marketable_limit_order_fills_like_a_market_order(scenarios: ModuleType) -> None:
    order = replace(ORDER, order_type="limit", limit_price=86.0)
    assert _match(scenarios, order, low=84.9)[0].price == _match(scenarios)[0].price


def test_the_volume_cap_is_shared_and_the_rest_carries_over(scenarios: ModuleType) -> None:
    second = replace(ORDER, order_ref="ord-2")
    fills = _match(scenarios, ORDER, second, volume=140.0)
    assert [(fill.order_ref, fill.lots) for fill in fills] == [("ord-1", 5), ("ord-2", 2)]


@pytest.mark.parametrize(
    "bar",
    [
        {"volume": 0.0},
        {"volume": math.nan},
        {"flags": ("thin_contract",)},
        {"volume": 19.0},
        {"open_": 115.0, "close": 115.0},
        {"open_": math.nan},
    ],
)
def test_thin_dead_and_limit_locked_bars_fill_nothing(scenarios: ModuleType, bar: dict[str, Any]) -> None:
    assert _match(scenarios, **bar) == ()


def test_a_limit_move_with_a_range_is_not_locked(scenarios: ModuleType) -> None:
    assert _match(scenarios, open_=115.0, close=115.0, low=112.0)


def test_nothing_fills_before_volatility_and_volume_are_known(scenarios: ModuleType) -> None:
    assert _match(scenarios, memory=replace(MEMORY, returns_seen=0)) == ()
    assert _match(scenarios, memory=replace(MEMORY, adv_lots=0.0)) == ()


def test_reduce_only_never_opens_or_turns_a_position(scenarios: ModuleType) -> None:
    order = replace(ORDER, reduce_only=True)
    assert _match(scenarios, order, position=0) == ()
    assert _match(scenarios, order, position=4) == ()
    assert [fill.lots for fill in _match(scenarios, order, replace(order, order_ref="b"), position=-7)] == [5, 2]


def test_an_order_never_fills_in_the_bar_of_its_decision(scenarios: ModuleType) -> None:
    assert _match(scenarios, replace(ORDER, decision_ts=scenarios.make_bar(60, 1, 1).known_ts)) == ()


def test_a_roll_closes_at_the_old_price_and_reopens_at_the_new_open(scenarios: ModuleType) -> None:
    close, reopen = _match(scenarios, position=-6, open_=95.0, close=96.0, contract="HEG24")
    assert (close.contract, close.lots, close.reference_price) == ("HEZ23", 6, 85.0)
    assert (reopen.contract, reopen.lots, reopen.reference_price) == ("HEG24", -6, 95.0)
    assert close.price > 85.0
    assert reopen.price < 95.0
    for leg in (close, reopen):
        assert leg.costs.roll_usd == pytest.approx(abs(leg.price - leg.reference_price) * 6 * 400)
        assert leg.costs.spread_usd == leg.costs.impact_usd == 0.0
    assert close.order_ref != reopen.order_ref


def test_a_roll_into_a_thin_contract_stays_closed(scenarios: ModuleType) -> None:
    (close,) = _match(scenarios, position=6, contract="HEG24", volume=0.0)
    assert (close.contract, close.lots) == ("HEZ23", -6)
    part = _match(scenarios, position=6, contract="HEG24", volume=50.0)
    assert [fill.lots for fill in part] == [-6, 2]


def test_fills_are_named_by_content(scenarios: ModuleType) -> None:
    assert _match(scenarios) == _match(scenarios)
    other = _match(scenarios, replace(ORDER, order_ref="ord-9"))
    assert other[0].fill_id != _match(scenarios)[0].fill_id
