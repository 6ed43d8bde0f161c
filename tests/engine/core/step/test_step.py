"""The one step: what is decided from which account, prediction and state."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from engine.core.bookkeeping import signed_lots
from engine.core.decisions import (
    BreakerTripped,
    CancelWorking,
    OrderAccepted,
    OrderRefused,
    PositionRolled,
    StateTransition,
)
from engine.core.initial_state import initial_state, resumed
from engine.core.step import StepObservation, StepResult, step
from engine.core.trading_types import Fill, FillCosts, MarketMemory, Prediction, TraderState
from engine.core.trading_types import OperationalState as S
from engine.kernel.errors import CalculationError, ConfigError, InputError

MEMORY = MarketMemory("HEZ23", 85.0, 84.5, "2023-11-13", 1000.0, (20_000.0,), 20_000.0, 1e-6, 50, 51, 5)
NO_COSTS = FillCosts(0.0, 0.0, 0.0)


def _step(
    scenarios: ModuleType,
    *,
    close: float = 85.0,
    state: dict[str, Any] | None = None,
    bar: dict[str, Any] | None = None,
    flags: dict[str, Any] | None = None,
    **observation: Any,
) -> StepResult:
    config = scenarios.config(**(flags or {}))
    trader = replace(initial_state(config), **({"memory": MEMORY} | (state or {})))
    closed = scenarios.make_bar(60, 85.0, close, **(bar or {}))
    return step(trader, StepObservation(closed, **observation), config)


def _prediction(expected: float = 0.0004, **changes: Any) -> Prediction:
    return replace(Prediction(1, "m-1", expected, 0.002, 0.6, 0.1, 0.8), **changes)


def _fill(lots: int, price: float, *, contract: str = "HEZ23", ref: str = "ord-1", fees: float = 0.0) -> Fill:
    return Fill("fill-1", ref, "simulated_hogs", contract, 1, lots, price, price, FillCosts(0.0, 0.0, fees))


def test_a_prediction_becomes_one_order_for_the_next_bar(scenarios: ModuleType) -> None:
    result = _step(scenarios, prediction=_prediction())
    (accepted,) = result.decisions
    assert isinstance(accepted, OrderAccepted)
    assert accepted.order.quantity_lots == result.target_lots > 0
    assert accepted.order.decision_ts == result.state.last_bar_ts
    assert accepted.order.decision_price == 85.0
    assert result.state.working_orders == (accepted.order,)
    assert result.state.position_lots == 0
    assert result.state.orders_today == 1


def test_a_working_order_that_already_leads_to_the_target_stays(scenarios: ModuleType) -> None:
    first = _step(scenarios, prediction=_prediction())
    config = scenarios.config()
    again = step(first.state, StepObservation(scenarios.make_bar(61, 85.0, 85.0), prediction=_prediction()), config)
    assert again.decisions == ()
    assert again.state.working_orders == first.state.working_orders


def test_a_changed_target_cancels_and_replaces(scenarios: ModuleType) -> None:
    first = _step(scenarios, prediction=_prediction())
    config = scenarios.config()
    bar = scenarios.make_bar(61, 85.0, 85.0)
    again = step(first.state, StepObservation(bar, prediction=_prediction(-0.0004)), config)
    cancel, accepted = again.decisions
    assert isinstance(cancel, CancelWorking)
    assert cancel.order_ref == first.state.working_orders[0].order_ref
    assert isinstance(accepted, OrderAccepted)
    assert accepted.order.side == "SELL"


def test_large_changes_are_sliced(scenarios: ModuleType) -> None:
    flags = {"risk__max_order_lots": 1}
    result = _step(scenarios, prediction=_prediction(0.004), flags=flags)
    assert result.target_lots > 1
    assert [signed_lots(order) for order in result.state.working_orders] == [1]


def test_a_trading_rate_goes_part_of_the_way_but_never_delays_standing_aside(scenarios: ModuleType) -> None:
    whole = _step(scenarios, prediction=_prediction(0.004)).target_lots
    assert _step(scenarios, prediction=_prediction(0.004, trading_rate=0.5)).target_lots == whole // 2
    aside = _step(
        scenarios, prediction=_prediction(edge_lower_bound=-1.0, trading_rate=0.1), state={"position_lots": 9}
    )
    assert aside.target_lots == 0


@pytest.mark.parametrize(("held", "rate"), [(3, 0.15), (0, 0.15), (-12, 0.05), (12, 0.05)])
def test_a_trading_rate_arrives_in_the_end(scenarios: ModuleType, held: int, rate: float) -> None:
    wanted = _step(scenarios, prediction=_prediction(-0.004)).target_lots
    assert wanted < 0
    path = [held]
    while path[-1] != wanted:
        step = _step(scenarios, prediction=_prediction(-0.004, trading_rate=rate), state={"position_lots": path[-1]})
        assert abs(step.target_lots - wanted) < abs(path[-1] - wanted)
        path.append(step.target_lots)


@pytest.mark.parametrize(
    "observation",
    [
        {"prediction": None},
        {"prediction": _prediction(usable=False, unusable_reason="stale")},
        {"prediction": _prediction(), "stale_inputs": ("carry",)},
    ],
)
def test_without_sound_inputs_the_champion_stands_aside(scenarios: ModuleType, observation: dict[str, Any]) -> None:
    assert _step(scenarios, **observation).decisions == ()
    (accepted,) = _step(scenarios, state={"position_lots": -7, "average_price": 85.0}, **observation).decisions
    assert isinstance(accepted, OrderAccepted)
    assert (accepted.order.side, accepted.order.quantity_lots, accepted.order.reduce_only) == ("BUY", 7, True)


@pytest.mark.parametrize(
    ("state", "halted"), [(S.HALTED, False), (S.UNKNOWN, False), (S.RUNNING, True), (S.DEGRADED, True)]
)
def test_stopped_trading_keeps_positions_and_withdraws_new_risk(scenarios: ModuleType, state: S, halted: bool) -> None:
    working = _step(scenarios, prediction=_prediction()).state.working_orders
    result = _step(
        scenarios,
        prediction=_prediction(-0.004),
        halted=halted,
        state={"operational_state": state, "position_lots": 4, "working_orders": working},
    )
    (cancel,) = result.decisions
    assert isinstance(cancel, CancelWorking)
    assert result.state.position_lots == result.target_lots == 4
    assert result.state.working_orders == ()


def test_lockdown_flattens_over_a_reduce_only_path_even_halted_and_stale(scenarios: ModuleType) -> None:
    result = _step(
        scenarios,
        halted=True,
        stale_inputs=("carry",),
        prediction=_prediction(0.01),
        state={"operational_state": S.LOCKDOWN, "position_lots": 4},
    )
    (accepted,) = result.decisions
    assert isinstance(accepted, OrderAccepted)
    assert (accepted.order.side, accepted.order.quantity_lots, accepted.order.reduce_only) == ("SELL", 4, True)
    flat = _step(scenarios, prediction=_prediction(0.01), state={"operational_state": S.LOCKDOWN})
    assert flat.decisions == ()


def test_a_closed_market_takes_no_order(scenarios: ModuleType) -> None:
    assert _step(scenarios, prediction=_prediction(), tradable=False).decisions == ()


def test_a_thin_bar_refuses_new_risk_but_not_a_reduction(scenarios: ModuleType) -> None:
    thin = {"flags": ("thin_contract",)}
    (refused,) = _step(scenarios, prediction=_prediction(), bar=thin).decisions
    assert isinstance(refused, OrderRefused)
    assert refused.rule == "thin_market"
    (accepted,) = _step(scenarios, bar=thin, state={"position_lots": 4}).decisions
    assert isinstance(accepted, OrderAccepted)


def test_no_new_position_in_the_last_days_of_a_contract(scenarios: ModuleType) -> None:
    (refused,) = _step(scenarios, prediction=_prediction(), days_to_expiry=0.5).decisions
    assert isinstance(refused, OrderRefused)
    assert refused.rule == "expiry"


def test_a_halting_loss_takes_effect_in_the_same_step(scenarios: ModuleType) -> None:
    result = _step(
        scenarios, close=83.0, prediction=_prediction(0.01), state={"position_lots": 49, "average_price": 85.0}
    )
    assert result.state.equity_usd == pytest.approx(1e6 - 49 * 2 * 400)
    kinds = [type(decision) for decision in result.decisions]
    assert kinds == [BreakerTripped, StateTransition]
    assert result.state.operational_state is S.HALTED
    assert result.target_lots == 49


def test_a_trade_closed_at_a_large_loss_halts_too(scenarios: ModuleType) -> None:
    flags = {"risk__max_daily_loss_fraction": 0.9, "risk__warn_daily_loss_fraction": 0.8}
    result = _step(
        scenarios,
        close=83.0,
        fills=(_fill(-49, 83.0),),
        flags=flags,
        state={"position_lots": 49, "average_price": 85.0},
    )
    assert [d.breaker for d in result.decisions if isinstance(d, BreakerTripped)] == ["single_trade_loss"]
    assert result.state.round_trip_pnl_usd == 0.0


def test_degraded_halves_the_target_and_resolves_after_the_dwell(scenarios: ModuleType) -> None:
    degraded = {"operational_state": S.DEGRADED, "state_trigger": "breaker:drawdown"}
    whole = _step(scenarios, prediction=_prediction(0.004)).target_lots
    half = _step(scenarios, prediction=_prediction(0.004), state=degraded)
    assert half.target_lots == whole // 2
    assert half.state.calm_bars == 1
    last = _step(scenarios, state={**degraded, "calm_bars": 11})
    assert last.state.operational_state is S.RUNNING
    assert isinstance(last.decisions[0], StateTransition)


def test_fills_move_position_price_and_profit(scenarios: ModuleType) -> None:
    working = _step(scenarios, prediction=_prediction()).state.working_orders
    lots = working[0].quantity_lots
    part = replace(_fill(lots - 1, 84.0, ref=working[0].order_ref, fees=10.0))
    result = _step(scenarios, fills=(part,), prediction=_prediction(), state={"working_orders": working})
    assert result.state.position_lots == lots - 1
    assert result.state.average_price == 84.0
    assert result.state.equity_usd == pytest.approx(1e6 + (lots - 1) * 400 - 10.0)
    assert [order.quantity_lots for order in result.state.working_orders] == [1]


def test_a_roll_is_neither_profit_nor_loss_except_its_costs(scenarios: ModuleType) -> None:
    close = replace(_fill(-4, 85.0 - 0.1), fill_id="f1", costs=FillCosts(0, 0, 8.4, 160.0), reference_price=85.0)
    reopen = replace(
        _fill(4, 95.0 + 0.1, contract="HEG24"), fill_id="f2", costs=FillCosts(0, 0, 8.4, 160.0), reference_price=95.0
    )
    result = _step(
        scenarios,
        close=95.0,
        bar={"contract": "HEG24"},
        fills=(close, reopen),
        prediction=_prediction(usable=False),
        state={"position_lots": 4, "average_price": 80.0},
    )
    assert result.state.equity_usd == pytest.approx(1e6 - 2 * 160.0 - 2 * 8.4)
    assert result.decisions[0] == PositionRolled("HEZ23", "HEG24", -4, 4, 320.0)
    assert (result.state.contract, result.state.position_lots) == ("HEG24", 4)
    assert result.state.average_price == pytest.approx(95.1)


def test_a_position_left_in_an_old_contract_is_an_error_not_a_profit(scenarios: ModuleType) -> None:
    with pytest.raises(CalculationError, match="stay in HEZ23"):
        _step(scenarios, close=95.0, bar={"contract": "HEG24"}, state={"position_lots": 4})


def test_limits_override_settings_and_unknown_ones_are_refused(scenarios: ModuleType) -> None:
    result = _step(scenarios, prediction=_prediction(0.004), limits={"max_position_lots": 2})
    assert result.target_lots == 2
    lowered = _step(
        scenarios, prediction=_prediction(0.004), limits={"max_position_lots": 2}, state={"position_lots": 9}
    )
    assert lowered.state.operational_state is S.RUNNING
    assert lowered.target_lots == 2
    with pytest.raises(ConfigError, match="unknown limit"):
        _step(scenarios, limits={"max_positions": 2})
    with pytest.raises(ConfigError, match="out of range"):
        _step(scenarios, limits={"max_adv_fraction": 7.0})


def test_a_new_day_starts_a_new_count(scenarios: ModuleType) -> None:
    state = {"orders_today": 7, "day_start_equity_usd": 1_010_000.0}
    same = _step(scenarios, state={**state, "memory": replace(MEMORY, day="2023-11-14")})
    assert (same.state.orders_today, same.state.day_start_equity_usd) == (7, 1_010_000.0)
    new = _step(scenarios, state=state)
    assert (new.state.orders_today, new.state.day_start_equity_usd) == (0, 1_000_000.0)


def test_bars_out_of_order_or_of_another_market_are_refused(scenarios: ModuleType) -> None:
    state: TraderState = _step(scenarios).state
    config = scenarios.config()
    with pytest.raises(InputError, match="does not follow"):
        step(state, StepObservation(scenarios.make_bar(60, 85.0, 85.0)), config)
    with pytest.raises(InputError, match="does not follow"):
        step(state, StepObservation(replace(scenarios.make_bar(61, 85.0, 85.0), market="lean_hogs")), config)


def test_resuming_accepts_the_loss(scenarios: ModuleType) -> None:
    config = scenarios.config()
    halted = replace(initial_state(config), operational_state=S.HALTED, equity_usd=800_000.0, memory=MEMORY)
    back = step(resumed(halted, trigger="operator"), StepObservation(scenarios.make_bar(60, 85.0, 85.0)), config)
    assert back.state.operational_state is S.RUNNING
    assert back.decisions == ()
