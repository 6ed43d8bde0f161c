"""Settling with the broker: what it does not know is cancelled, what it filled is booked once, differences halt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from engine.core.trading_types import OperationalState as S
from engine.core.trading_types import Order
from engine.execution.broker import Clearance
from engine.execution.order_manager import OrderManager
from engine.execution.reconciliation import NEVER_ARRIVED, reconcile
from engine.sandbox.replay import replay

MARKET = "simulated_hogs"
OpenDesk = Callable[..., Any]
ORDER = Order("ord-1", MARKET, "C000", "BUY", 3, "market", None, 5, 85.0, "m", False)


def _reconcile(desk: Any) -> Any:
    return reconcile(desk.stores, desk.broker, MARKET, epoch=desk.epoch, now_ts=7)


def test_an_order_the_broker_never_saw_is_cancelled_not_resent(open_desk: OpenDesk) -> None:
    desk = open_desk()
    orders = OrderManager(desk.stores, MARKET, epoch=desk.epoch)
    orders.persist(ORDER, ts=5)
    orders.persist(replace(ORDER, order_ref="ord-2"), ts=5)
    orders.outcome_unknown("ord-2", reason="timeout", ts=5)
    report = _reconcile(desk)
    assert set(report.outcomes) == {"ord-1", "ord-2"}
    for reference in report.outcomes:
        record = desk.stores.trading.orders.require(reference)
        assert (record.status, record.reason) == ("cancelled", NEVER_ARRIVED)
        assert desk.broker.order(reference) is None
    assert _reconcile(desk).outcomes == {}


def test_an_order_the_trader_no_longer_wants_leaves_the_brokers_book(open_desk: OpenDesk) -> None:
    desk = open_desk()
    OrderManager(desk.stores, MARKET, epoch=desk.epoch).persist(ORDER, ts=5)
    desk.broker.submit(ORDER, Clearance("ord-1", 1, 5))
    desk.broker.submit(replace(ORDER, order_ref="ord-9"), Clearance("ord-9", 1, 5))
    _reconcile(desk)
    assert desk.broker.working_orders(MARKET) == ()
    assert desk.stores.trading.orders.require("ord-1").status == "cancelled"


@pytest.mark.parametrize("cut", [100, 103, 106, 109, 110, 111, 115, 121])
def test_fills_of_an_unfinished_bar_are_booked_once_and_decide_the_same(
    scenarios: ModuleType, open_desk: OpenDesk, cut: int
) -> None:
    bars = scenarios.make_bars(126, 31, bars_per_contract=110)
    predictions = scenarios.make_predictions(bars, 31)
    desk = open_desk()
    desk.trade(bars[:cut], predictions[:cut])
    desk.broker.on_bar(bars[cut], None)
    again = open_desk()
    assert again.books_agree()
    again.trade(bars[cut:], predictions[cut:])
    expected = replay(bars, predictions, desk.config)
    assert again.fills() == expected.fills
    assert again.trader.state.equity_usd == expected.final_state.equity_usd
    assert again.books_agree()


def test_a_difference_halts(scenarios: ModuleType, open_desk: OpenDesk) -> None:
    bars = scenarios.make_bars(120, 32)
    desk = open_desk()
    desk.trade(bars, scenarios.make_predictions(bars, 32))
    desk.stores.db.execute("INSERT INTO paper_positions VALUES (?, 'HEM99', 5)", (MARKET,))
    report = _reconcile(desk)
    assert report.mismatches == {"HEM99": (0, 5)}
    assert desk.keeper.current() is S.HALTED
    (event,) = desk.stores.events.read(kinds=["position.mismatch"])
    assert event.payload == {"contract": "HEM99", "journal_lots": 0, "broker_lots": 5}
