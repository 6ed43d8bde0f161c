"""Paper trading: the same decisions as replay, everything in the store, a bar processed once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from engine.core.decisions import CancelWorking, OrderAccepted, OrderRefused
from engine.core.trading_types import OperationalState as S
from engine.core.trading_types import Prediction
from engine.execution.live_trader import LiveTrader
from engine.kernel.errors import RefusedError
from engine.sandbox.decision_log import DecisionLog
from engine.sandbox.replay import replay

MARKET = "simulated_hogs"
OpenDesk = Callable[..., Any]


def _strong(ts: int, expected: float = 0.004) -> Prediction:
    return Prediction(ts, "m-1", expected, 0.002, 0.6, 0.1, 0.9)


@pytest.mark.parametrize("seed", [21, 22])
def test_paper_decides_and_fills_exactly_like_replay(scenarios: ModuleType, open_desk: OpenDesk, seed: int) -> None:
    bars = scenarios.make_bars(170, seed, bars_per_contract=75)
    predictions = scenarios.make_predictions(bars, seed)
    desk = open_desk()
    results = desk.trade(bars, predictions)
    expected = replay(bars, predictions, desk.config)
    fills = {bar.known_ts: tuple(f for f in desk.fills() if f.ts == bar.event_ts) for bar in bars}
    log = DecisionLog()
    for bar, result in zip(bars, results, strict=True):
        log.record(bar.known_ts, fills[bar.known_ts], result.decisions)
    assert tuple(log.lines) == expected.decision_lines
    assert log.hash == expected.decision_hash
    assert results[-1].state.equity_usd == expected.final_state.equity_usd
    assert len(desk.fills()) == len(expected.fills) > 10


def test_the_store_tells_the_whole_story(scenarios: ModuleType, open_desk: OpenDesk) -> None:
    bars = scenarios.make_bars(170, 23, bars_per_contract=75)
    predictions = scenarios.make_predictions(bars, 23)
    desk = open_desk()
    results = desk.trade(bars, predictions)
    decisions = [decision for result in results for decision in result.decisions]
    count = {
        kind: len(desk.stores.events.read(kinds=[kind]))
        for kind in ("order.created", "order.submitted", "order.filled", "order.cancelled", "order.refused")
    }
    accepted = sum(isinstance(decision, OrderAccepted) for decision in decisions)
    assert count["order.created"] == count["order.submitted"] == accepted > 0
    assert count["order.filled"] == len(desk.fills())
    assert count["order.cancelled"] == sum(isinstance(decision, CancelWorking) for decision in decisions)
    assert count["order.refused"] == sum(isinstance(decision, OrderRefused) for decision in decisions)
    assert desk.books_agree()
    equity = desk.stores.performance.equity(MARKET)
    assert [point.ts for point in equity] == [bar.known_ts for bar in bars]
    assert equity[-1].equity_usd == results[-1].state.equity_usd
    assert desk.stores.events.verify().ok
    working = {order.order_ref for order in results[-1].state.working_orders}
    assert {order.order_ref for order in desk.stores.trading.open_orders(MARKET)} == working


def test_a_bar_processed_before_changes_nothing(scenarios: ModuleType, open_desk: OpenDesk) -> None:
    bars = scenarios.make_bars(120, 24)
    predictions = scenarios.make_predictions(bars, 24)
    desk = open_desk()
    desk.trade(bars, predictions)
    head = desk.stores.events.head()
    again = desk.trade(bars, predictions)
    assert all(result.decisions == () for result in again)
    assert desk.stores.events.head() == head


def test_a_restart_between_bars_goes_on_as_if_nothing_had_been(scenarios: ModuleType, open_desk: OpenDesk) -> None:
    bars = scenarios.make_bars(150, 25, bars_per_contract=70)
    predictions = scenarios.make_predictions(bars, 25)
    open_desk().trade(bars[:90], predictions[:90])
    desk = open_desk()
    desk.trade(bars[90:], predictions[90:])
    expected = replay(bars, predictions, desk.config)
    assert desk.fills() == expected.fills
    assert desk.trader.state.equity_usd == expected.final_state.equity_usd


def test_trading_needs_a_start(scenarios: ModuleType, open_desk: OpenDesk) -> None:
    desk = open_desk()
    fresh = LiveTrader(desk.stores, desk.config, desk.broker, epoch=desk.epoch)
    with pytest.raises(RefusedError, match="call start first"):
        fresh.on_bar(scenarios.make_bar(0, 85.0, 85.0, volume=4000.0), None, now_ts=1)


def _warm(scenarios: ModuleType, desk: Any, count: int = 60) -> None:
    for index in range(count):
        bar = scenarios.make_bar(index, 85.0, 85.0 + 0.05 * (index % 2), volume=4000.0)
        desk.trader.on_bar(bar, None, now_ts=bar.known_ts)


def test_a_halt_between_decision_and_submit_stops_the_order(scenarios: ModuleType, open_desk: OpenDesk) -> None:
    desk = open_desk()
    _warm(scenarios, desk)
    bar = scenarios.make_bar(60, 85.0, 85.0, volume=4000.0)
    submit = desk.trader._gate.submit

    def _halting_submit(order: Any, *, now_ts: int) -> Any:
        desk.stores.paths.halt_file.write_text("stop")
        return submit(order, now_ts=now_ts)

    desk.trader._gate.submit = _halting_submit
    result = desk.trader.on_bar(bar, _strong(bar.known_ts), now_ts=bar.known_ts)
    (accepted,) = [decision for decision in result.decisions if isinstance(decision, OrderAccepted)]
    record = desk.stores.trading.orders.require(accepted.order.order_ref)
    assert record.status == "cancelled"
    assert "HALT" in record.reason
    assert result.state.working_orders == desk.trader.state.working_orders == ()
    assert desk.broker.working_orders(MARKET) == ()


def test_halt_keeps_the_position_and_resume_trades_again(scenarios: ModuleType, open_desk: OpenDesk) -> None:
    desk = open_desk()
    _warm(scenarios, desk)
    for index in (60, 61):
        bar = scenarios.make_bar(index, 85.0, 85.0, volume=4000.0)
        desk.trader.on_bar(bar, _strong(bar.known_ts), now_ts=bar.known_ts)
    held = desk.trader.state.position_lots
    assert held > 0
    desk.keeper.halt(reason="test", actor="operator", ts=bar.known_ts)
    bar = scenarios.make_bar(62, 85.0, 85.0, volume=4000.0)
    halted = desk.trader.on_bar(bar, _strong(bar.known_ts, -0.004), now_ts=bar.known_ts)
    assert (halted.state.position_lots, halted.decisions) == (held, ())
    assert halted.state.operational_state is S.HALTED
    desk.keeper.resume(reason="test", actor="operator", ts=bar.known_ts)
    bar = scenarios.make_bar(63, 85.0, 85.0, volume=4000.0)
    back = desk.trader.on_bar(bar, _strong(bar.known_ts, -0.004), now_ts=bar.known_ts)
    assert back.state.operational_state is S.RUNNING
    assert [type(decision) for decision in back.decisions] == [OrderAccepted]


def test_lockdown_flattens_and_a_corrupt_state_row_does_not(scenarios: ModuleType, open_desk: OpenDesk) -> None:
    desk = open_desk()
    _warm(scenarios, desk)
    for index in (60, 61):
        bar = scenarios.make_bar(index, 85.0, 85.0, volume=4000.0)
        desk.trader.on_bar(bar, _strong(bar.known_ts), now_ts=bar.known_ts)
    held = desk.trader.state.position_lots
    desk.stores.db.execute("UPDATE state SET value = '{broken' WHERE key = 'operational_state'")
    for index in (62, 63):
        bar = scenarios.make_bar(index, 85.0, 85.0, volume=4000.0)
        result = desk.trader.on_bar(bar, _strong(bar.known_ts), now_ts=bar.known_ts)
        assert result.state.operational_state is S.UNKNOWN
    assert desk.trader.state.position_lots == held > 0
    desk.keeper.lockdown(reason="test", actor="operator", ts=bar.known_ts)
    for index in (64, 65):
        bar = scenarios.make_bar(index, 85.0, 85.0, volume=4000.0)
        desk.trader.on_bar(bar, _strong(bar.known_ts), now_ts=bar.known_ts)
    assert desk.trader.state.position_lots == 0
    assert desk.books_agree()


def test_a_breaker_persists_the_state_and_raises_an_alert(scenarios: ModuleType, open_desk: OpenDesk) -> None:
    desk = open_desk(scenarios.config(risk__max_position_lots=20, risk__max_trade_loss_fraction=0.01))
    _warm(scenarios, desk)
    for index in (60, 61):
        bar = scenarios.make_bar(index, 85.0, 85.0, volume=4000.0)
        desk.trader.on_bar(bar, _strong(bar.known_ts), now_ts=bar.known_ts)
    bar = scenarios.make_bar(62, 85.0, 79.0, volume=4000.0)
    result = desk.trader.on_bar(bar, _strong(bar.known_ts), now_ts=bar.known_ts)
    assert result.state.operational_state is desk.keeper.current() is S.HALTED
    alerts = {alert.code: alert.status for alert in desk.stores.agent.alerts.list(market=MARKET)}
    assert set(alerts.values()) == {"open"}
    assert set(alerts) == {"breaker.daily_loss", "breaker.single_trade_loss"}
    assert desk.stores.events.read(kinds=["breaker.tripped"])
    assert open_desk().keeper.current() is S.HALTED
    desk.keeper.resume(reason="seen", actor="operator", ts=bar.known_ts)
    bar = scenarios.make_bar(63, 82.0, 82.0, volume=4000.0)
    desk.trader.on_bar(bar, None, now_ts=bar.known_ts)
    assert desk.trader.state.operational_state is S.RUNNING
    assert {alert.status for alert in desk.stores.agent.alerts.list(market=MARKET)} == {"cleared"}


def test_too_many_engine_errors_halt(scenarios: ModuleType, open_desk: OpenDesk) -> None:
    desk = open_desk()
    _warm(scenarios, desk, 3)
    bar = scenarios.make_bar(3, 85.0, 85.0, volume=4000.0)
    for _ in range(desk.config.risk.max_errors_per_hour):
        desk.stores.events.append("engine.error", "x", {"stage": "test", "error": "e"}, ts=bar.event_ts)
    desk.trader.on_bar(bar, None, now_ts=bar.known_ts)
    assert desk.keeper.current() is S.HALTED


def test_limits_of_the_operator_bind_the_next_bar(scenarios: ModuleType, open_desk: OpenDesk) -> None:
    desk = open_desk()
    _warm(scenarios, desk)
    desk.stores.state.put("limits", {"max_position_lots": 1}, 1)
    bar = scenarios.make_bar(60, 85.0, 85.0, volume=4000.0)
    assert desk.trader.on_bar(bar, _strong(bar.known_ts), now_ts=bar.known_ts).target_lots == 1


def test_a_failing_transaction_leaves_the_trader_where_it_was(
    scenarios: ModuleType, open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk()
    _warm(scenarios, desk)
    bar = scenarios.make_bar(60, 85.0, 85.0, volume=4000.0)
    before = desk.trader.state
    with monkeypatch.context() as patch:
        patch.setattr(desk.stores.performance, "record_equity", lambda equity: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            desk.trader.on_bar(bar, _strong(bar.known_ts), now_ts=bar.known_ts)
    assert desk.trader.state == before
    assert desk.stores.trading.open_orders(MARKET) == []
    result = desk.trader.on_bar(bar, _strong(bar.known_ts), now_ts=bar.known_ts)
    assert isinstance(result.decisions[0], OrderAccepted)
    assert replace(result.state, working_orders=()).memory.bars_seen == before.bars_seen + 1


def test_remembered_history_lets_the_first_live_bar_trade(scenarios: ModuleType, open_desk: OpenDesk) -> None:
    bars = scenarios.make_bars(140, 26)
    predictions: list[Prediction | None] = [None] * 60 + scenarios.make_predictions(bars, 26)[60:]
    desk = open_desk()
    assert desk.trader.warm_up(bars[:60], now_ts=bars[59].known_ts) == 60
    assert desk.trader.warm_up(bars[:60], now_ts=bars[59].known_ts) == 0
    desk = open_desk()
    desk.trade(bars[60:], predictions[60:])
    expected = replay(bars, predictions, desk.config)
    assert desk.fills() == expected.fills != ()
    assert desk.trader.state.equity_usd == expected.final_state.equity_usd


def test_history_is_not_remembered_over_a_position(scenarios: ModuleType, open_desk: OpenDesk) -> None:
    desk = open_desk()
    _warm(scenarios, desk)
    bar = scenarios.make_bar(60, 85.0, 85.0, volume=4000.0)
    desk.trader.on_bar(bar, _strong(bar.known_ts), now_ts=bar.known_ts)
    with pytest.raises(RefusedError, match="while flat"):
        desk.trader.warm_up([scenarios.make_bar(61, 85.0, 85.0, volume=4000.0)], now_ts=1)


def test_others_write_in_the_same_transaction_or_nothing_is_written(scenarios: ModuleType, open_desk: OpenDesk) -> None:
    desk = open_desk()
    _warm(scenarios, desk)
    bar = scenarios.make_bar(60, 85.0, 85.0, volume=4000.0)
    head, before = desk.stores.events.head(), desk.trader.state

    def _fails(result: Any, fills: Any) -> None:
        desk.stores.state.put_view("seen", {"target": result.target_lots}, 1)
        raise RefusedError("no")

    with pytest.raises(RefusedError, match="no"):
        desk.trader.on_bar(bar, _strong(bar.known_ts), now_ts=bar.known_ts, in_same_transaction=_fails)
    assert desk.stores.state.get("seen") is None
    assert (desk.stores.events.head(), desk.trader.state) == (head, before)
    seen: list[int] = []

    def _notes(result: Any, fills: Any) -> None:
        seen.append(result.target_lots)

    desk.trader.on_bar(bar, _strong(bar.known_ts), now_ts=bar.known_ts, in_same_transaction=_notes)
    assert seen == [desk.trader.state.working_orders[0].quantity_lots]


@pytest.mark.parametrize("arrived", [True, False])
def test_an_unknown_outcome_is_settled_before_the_next_bar_and_never_resent(
    scenarios: ModuleType, open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch, arrived: bool
) -> None:
    desk = open_desk()
    _warm(scenarios, desk)
    bar = scenarios.make_bar(60, 85.0, 85.0, volume=4000.0)
    submit = desk.broker.submit

    def _loses_the_reply(order: Any, clearance: Any) -> Any:
        if arrived:
            submit(order, clearance)
        raise TimeoutError("no reply")

    with monkeypatch.context() as patch:
        patch.setattr(desk.broker, "submit", _loses_the_reply)
        result = desk.trader.on_bar(bar, _strong(bar.known_ts), now_ts=bar.known_ts)
    (order,) = result.state.working_orders
    assert desk.stores.trading.orders.require(order.order_ref).status == "unknown"
    bar = scenarios.make_bar(61, 85.0, 85.0, volume=4000.0)
    after = desk.trader.on_bar(bar, _strong(bar.known_ts), now_ts=bar.known_ts)
    assert desk.stores.trading.orders.require(order.order_ref).status == ("filled" if arrived else "cancelled")
    assert after.state.position_lots == (order.quantity_lots if arrived else 0)
    assert [type(decision) for decision in after.decisions] == ([] if arrived else [OrderAccepted])
    assert desk.books_agree()
