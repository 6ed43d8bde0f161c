"""The paper broker: idempotent by reference and by bar, a book of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from engine.core.trading_types import Order
from engine.execution.broker import Clearance
from engine.execution.paper_broker import PaperBroker
from engine.kernel.errors import CorruptStoreError, RefusedError

MARKET = "simulated_hogs"


def _order(scenarios: ModuleType, **changes: Any) -> Order:
    decision_ts = scenarios.make_bar(59, 85.0, 85.0).known_ts
    order = Order("ord-1", MARKET, "HEZ23", "BUY", 30, "market", None, decision_ts, 85.0, "m", False)
    return replace(order, **changes)


@pytest.fixture
def broker(scenarios: ModuleType, open_desk: Callable[..., Any]) -> PaperBroker:
    desk = open_desk()
    for index in range(60):
        desk.broker.on_bar(scenarios.make_bar(index, 85.0, 85.0 + 0.05 * (index % 2)), None)
    return desk.broker


def _submit(broker: PaperBroker, order: Order) -> bool:
    return broker.submit(order, Clearance(order.order_ref, 1, order.decision_ts)).accepted


def test_an_order_fills_over_several_bars_once(scenarios: ModuleType, broker: PaperBroker) -> None:
    order = _order(scenarios)
    assert _submit(broker, order)
    first = broker.on_bar(scenarios.make_bar(60, 85.0, 85.0), None)
    assert [fill.lots for fill in first] == [20]
    assert broker.on_bar(scenarios.make_bar(60, 85.0, 85.0), None) == first
    assert [fill.lots for fill in broker.on_bar(scenarios.make_bar(61, 85.0, 85.0), None)] == [10]
    assert broker.on_bar(scenarios.make_bar(60, 85.0, 85.0), None) == first
    assert broker.positions(MARKET) == {"HEZ23": 30}
    found = broker.order("ord-1")
    assert found is not None
    assert (found.status, found.remaining_lots) == ("filled", 0)
    assert broker.working_orders(MARKET) == ()
    assert sum(fill.lots for fill in broker.fills(MARKET)) == 30


def test_a_repeated_submit_changes_nothing(scenarios: ModuleType, broker: PaperBroker) -> None:
    order = _order(scenarios)
    assert _submit(broker, order)
    assert _submit(broker, order)
    broker.on_bar(scenarios.make_bar(60, 85.0, 85.0, volume=4000.0), None)
    assert _submit(broker, order)
    assert broker.on_bar(scenarios.make_bar(61, 85.0, 85.0, volume=4000.0), None) == ()
    assert broker.positions(MARKET) == {"HEZ23": 30}


def test_a_cancelled_order_no_longer_fills(scenarios: ModuleType, broker: PaperBroker) -> None:
    assert _submit(broker, _order(scenarios))
    broker.on_bar(scenarios.make_bar(60, 85.0, 85.0), None)
    assert broker.cancel("ord-1")
    assert not broker.cancel("ord-1")
    assert not broker.cancel("ord-never")
    assert broker.on_bar(scenarios.make_bar(61, 85.0, 85.0), None) == ()
    assert broker.positions(MARKET) == {"HEZ23": 20}


def test_what_is_no_order_is_refused(scenarios: ModuleType, broker: PaperBroker) -> None:
    assert not _submit(broker, _order(scenarios, quantity_lots=0))
    assert not _submit(broker, _order(scenarios, market="lean_hogs"))
    with pytest.raises(RefusedError, match="clearance"):
        broker.submit(_order(scenarios), Clearance("ord-2", 1, 1))
    assert broker.order("ord-1") is None


def test_a_roll_leaves_no_position_behind(scenarios: ModuleType, broker: PaperBroker) -> None:
    assert _submit(broker, _order(scenarios, quantity_lots=12, side="SELL"))
    broker.on_bar(scenarios.make_bar(60, 85.0, 85.0), None)
    fills = broker.on_bar(scenarios.make_bar(61, 95.0, 95.0, contract="HEG24"), None)
    assert [(fill.contract, fill.lots) for fill in fills] == [("HEZ23", 12), ("HEG24", -12)]
    assert broker.positions(MARKET) == {"HEG24": -12}


def test_a_new_process_knows_the_book(
    scenarios: ModuleType, broker: PaperBroker, open_desk: Callable[..., Any]
) -> None:
    assert _submit(broker, _order(scenarios))
    fills = broker.on_bar(scenarios.make_bar(60, 85.0, 85.0), None)
    other = open_desk().broker
    assert other.on_bar(scenarios.make_bar(60, 85.0, 85.0), None) == fills
    assert other.positions(MARKET) == {"HEZ23": 20}


def test_a_damaged_book_is_said_to_be_damaged(
    scenarios: ModuleType, broker: PaperBroker, open_desk: Callable[..., Any]
) -> None:
    desk = open_desk()
    assert _submit(desk.broker, _order(scenarios))
    desk.stores.db.execute("UPDATE paper_orders SET payload = '{'")
    with pytest.raises(CorruptStoreError):
        desk.broker.on_bar(scenarios.make_bar(60, 85.0, 85.0), None)
