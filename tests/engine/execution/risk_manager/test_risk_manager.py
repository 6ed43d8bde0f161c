"""The last gate: it asks the world again before each submit, and nobody else submits."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from engine.core.trading_types import Order
from engine.execution.broker import Acknowledgement
from engine.execution.order_manager import OrderManager
from engine.execution.risk_manager import RiskManager
from engine.kernel.errors import StoreError

PROJECT = Path(__file__).resolve().parents[4]
PACKAGES = ("engine", "storage", "models", "llm", "hydra_tui", "widgets")
MARKET = "simulated_hogs"
ORDER = Order("ord-1", MARKET, "HEZ23", "BUY", 3, "market", None, 5, 85.0, "m", False)
REDUCING = Order("ord-2", MARKET, "HEZ23", "SELL", 3, "market", None, 5, 85.0, "m", True)


@pytest.fixture
def desk(open_desk: Callable[..., Any]) -> Any:
    desk = open_desk()
    orders = OrderManager(desk.stores, MARKET, epoch=desk.epoch)
    orders.persist(ORDER, ts=5)
    orders.persist(REDUCING, ts=5)
    return desk


def _submit(desk: Any, order: Order = ORDER, epoch: int | None = None) -> Any:
    return RiskManager(desk.stores, desk.broker, epoch=epoch or desk.epoch).submit(order, now_ts=6)


def test_a_persisted_order_goes_out_once(desk: Any) -> None:
    assert _submit(desk).outcome == "submitted"
    OrderManager(desk.stores, MARKET, epoch=desk.epoch).acknowledged("ord-1", ts=6)
    again = _submit(desk)
    assert (again.outcome, again.rule) == ("refused", "journal")


def test_an_order_that_was_not_persisted_never_goes_out(desk: Any) -> None:
    desk.stores.trading.orders.delete("ord-1")
    assert _submit(desk).rule == "journal"
    assert desk.broker.order("ord-1") is None


@pytest.mark.parametrize("way", ["halt row", "halt file", "HALTED", "LOCKDOWN"])
def test_a_stopped_engine_lets_only_reductions_out(desk: Any, way: str) -> None:
    if way == "halt row":
        desk.stores.state.put("halt", {"halted": True, "reason": "test"}, 5)
    elif way == "halt file":
        desk.stores.paths.halt_file.write_text("")
    elif way == "HALTED":
        desk.keeper.halt(reason="test", actor="operator", ts=5)
    else:
        desk.keeper.lockdown(reason="test", actor="operator", ts=5)
    assert _submit(desk).rule == "gate"
    assert desk.broker.order("ord-1") is None
    assert _submit(desk, REDUCING).outcome == "submitted"


@pytest.mark.parametrize("key", ["operational_state", "halt"])
@pytest.mark.parametrize("order", [ORDER, REDUCING])
def test_what_cannot_be_read_permits_nothing(desk: Any, key: str, order: Order) -> None:
    desk.stores.db.execute("UPDATE state SET value = 'garbage' WHERE key = ?", (key,))
    assert _submit(desk, order).rule == "gate"


def test_an_engine_that_lost_its_lease_cannot_trade(desk: Any, open_desk: Callable[..., Any]) -> None:
    open_desk()
    refused = _submit(desk)
    assert (refused.outcome, refused.rule) == ("refused", "lease")


def test_an_exception_means_unknown_and_a_refusal_is_a_refusal(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def _fails(order: Order, clearance: object) -> Acknowledgement:
        raise StoreError("socket closed")

    monkeypatch.setattr(desk.broker, "submit", _fails)
    unknown = _submit(desk)
    assert unknown.outcome == "unknown"
    assert "socket closed" in unknown.reason
    monkeypatch.setattr(desk.broker, "submit", lambda order, clearance: Acknowledgement(False, "no margin"))
    refused = _submit(desk)
    assert (refused.outcome, refused.rule, refused.reason) == ("refused", "broker", "no margin")


def _sources() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((PROJECT / package).rglob("*.py"))]


def test_no_other_module_submits_to_a_broker() -> None:
    """A submit needs a clearance; nobody but the risk manager makes one, passes one on or calls submit on a broker."""
    submitters, makers = set(), set()
    for path in _sources():
        name = path.relative_to(PROJECT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Attribute)
                and node.attr == "submit"
                and "broker" in ast.unparse(node.value).lower()
            ):
                submitters.add(name)
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Clearance":
                makers.add(name)
    assert submitters == {"engine/execution/risk_manager.py"}
    assert makers == {"engine/execution/risk_manager.py"}


def test_brokers_are_used_only_inside_execution_and_by_the_host(scenarios: ModuleType) -> None:
    for path in _sources():
        name = path.relative_to(PROJECT).as_posix()
        if name.startswith(("engine/execution/", "engine/host/")):
            continue
        imported = {
            node.module or ""
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom)
        }
        assert not any(module.startswith("engine.execution") and "broker" in module for module in imported), name
