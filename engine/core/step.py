"""The one step of trading: `(state, observation, config) -> (state, decisions)`. Replay, paper and live all run this.

Order of events at a bar's close: fills of the bar are booked and the account is marked; breakers judge the account; the
prediction becomes a target position; the target becomes at most one order; risk rules judge the order. What is accepted
works from the next bar on. No clock, no randomness, no I/O.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from engine.core.bookkeeping import BarBook, book_bar, remaining_orders, signed_lots
from engine.core.breakers.interface import AccountView
from engine.core.breakers.registry import assess_breakers, resolve
from engine.core.decisions import CancelWorking, Decision, OrderAccepted, PositionRolled
from engine.core.effective_limits import effective_limits
from engine.core.market_memory import remember
from engine.core.order_plan import plan_order
from engine.core.risk_rules.interface import OrderContext, raises_risk
from engine.core.risk_rules.registry import evaluate_order
from engine.core.sizing import target_size
from engine.core.state_machine import may_raise_risk
from engine.core.step_types import StepObservation, StepResult
from engine.core.trading_types import MarketMemory, OperationalState, TraderState
from engine.kernel.config_models import HydraConfig, RiskConfig
from engine.kernel.errors import InputError

__all__ = ["StepObservation", "StepResult", "step"]

LOCKDOWN_MODEL_ID: Final = "lockdown"
STAND_ASIDE_MODEL_ID: Final = "stand-aside"


def step(state: TraderState, observation: StepObservation, config: HydraConfig) -> StepResult:
    """Process one closed bar. Bars must come in order of `known_ts`, of the trader's own market.

    Raises InputError for a bar out of order, of another market or without a price; CalculationError for fills that do
    not fit the position. Both leave nothing half done: the state is a value.
    """
    bar = observation.bar
    before = state.memory
    if bar.market != state.market or bar.known_ts <= before.last_bar_ts:
        raise InputError(f"bar {bar.market} {bar.known_ts} does not follow {state.market} {before.last_bar_ts}")
    if not bar.close > 0.0:
        raise InputError(
            f"bar {bar.market} {bar.event_ts}: close is {bar.close}; a bar without a price decides nothing"
        )
    decisions: list[Decision] = []
    memory = remember(before, bar, config)
    book = book_bar(
        state.position_lots,
        state.average_price,
        before,
        memory.contract,
        bar.close,
        observation.fills,
        config.market.contract.usd_per_point,
    )
    if book.closed_lots:
        decisions.append(
            PositionRolled(before.contract, memory.contract, book.closed_lots, book.reopened_lots, book.roll_usd)
        )
    risk = effective_limits(config.risk, observation.limits)
    state = _judge_account(state, observation, memory, book, config, risk, decisions)
    target_lots = _trade(state, observation, config, risk, decisions)
    if decisions:
        state = _with_orders(state, decisions)
    return StepResult(state, tuple(decisions), target_lots)


def _judge_account(
    state: TraderState,
    observation: StepObservation,
    memory: MarketMemory,
    book: BarBook,
    config: HydraConfig,
    risk: RiskConfig,
    decisions: list[Decision],
) -> TraderState:
    """Mark the account and let the breakers move the operational state."""
    equity = state.equity_usd + book.profit_usd
    peak = max(state.peak_equity_usd, equity)
    new_day = memory.day != state.memory.day
    day_start = state.equity_usd if new_day else state.day_start_equity_usd
    round_trip = state.round_trip_pnl_usd + book.profit_usd
    view = AccountView(equity, peak, day_start, round_trip, book.position_lots, observation.errors_last_hour)
    position_risk = config.risk if risk.max_position_lots < config.risk.max_position_lots else risk
    operational, trigger, tripped = assess_breakers(state.operational_state, view, risk, position_risk)
    calm_bars = 0
    if tripped:
        decisions.extend(tripped)
    else:
        trigger = state.state_trigger
        if operational is OperationalState.DEGRADED:
            calm_bars, resolved = resolve(operational, trigger, state.calm_bars, view, risk)
            if resolved is not None:
                decisions.append(resolved)
                operational = resolved.new
    if book.position_lots == 0 or book.position_lots * state.position_lots < 0:
        round_trip = 0.0
    return TraderState(
        state.market,
        operational,
        book.position_lots,
        book.average_price,
        equity,
        peak,
        day_start,
        0 if new_day else state.orders_today,
        round_trip,
        remaining_orders(state.working_orders, observation.fills),
        memory,
        trigger,
        calm_bars,
    )


def _trade(
    state: TraderState,
    observation: StepObservation,
    config: HydraConfig,
    risk: RiskConfig,
    decisions: list[Decision],
) -> int:
    """Decide the target position and what to do about it now. Returns the target in lots."""
    operational = state.operational_state
    if operational is OperationalState.LOCKDOWN:
        target, model_id, must_reach = 0, LOCKDOWN_MODEL_ID, True
    elif observation.halted or not may_raise_risk(operational):
        _withdraw_risk(state, observation.halted, decisions)
        return state.position_lots
    elif not observation.tradable:
        return state.position_lots
    else:
        target, model_id, must_reach = _wanted(state, observation, config, risk)
    plan = plan_order(state, target, risk, model_id=model_id, must_reach=must_reach)
    for order in plan.cancel:
        decisions.append(CancelWorking(order.order_ref, plan.cancel_reason))
    if plan.order is not None:
        judged = replace(state, working_orders=()) if plan.cancel else state
        refusal = evaluate_order(OrderContext(plan.order, judged, observation, config, risk))
        decisions.append(OrderAccepted(plan.order) if refusal is None else refusal)
    return target


def _wanted(
    state: TraderState, observation: StepObservation, config: HydraConfig, risk: RiskConfig
) -> tuple[int, str, bool]:
    """Target lots, who wants them, and whether small changes count. Without sound inputs the champion stands aside."""
    prediction = observation.prediction
    if prediction is None or not prediction.usable or observation.stale_inputs:
        return 0, STAND_ASIDE_MODEL_ID if prediction is None else prediction.model_id, True
    size = target_size(
        prediction,
        price=state.last_price,
        equity_usd=state.equity_usd,
        adv_lots=state.adv_lots,
        degraded=state.operational_state is OperationalState.DEGRADED,
        risk=risk,
        market=config.market,
    )
    wanted = size.lots
    cut_back = size.bound_by and abs(wanted) < abs(state.position_lots)
    if prediction.trading_rate < 1.0 and not cut_back:
        wanted = _part_of_the_way(state.position_lots, wanted, prediction.trading_rate)
    return wanted, prediction.model_id, False


def _part_of_the_way(held: int, wanted: int, rate: float) -> int:
    """Lots after one bar at `rate` in (0, 1): at least one lot moves, and what lowers risk is rounded up."""
    way = abs(wanted - held)
    lowers_risk = held * wanted < 0 or abs(wanted) < abs(held)
    lots = min(way, max(1, math.ceil(rate * way) if lowers_risk else int(rate * way)))
    return held + (lots if wanted > held else -lots)


def _withdraw_risk(state: TraderState, halted: bool, decisions: list[Decision]) -> None:
    """While nothing may be added, working orders that would add leave the book; positions stay."""
    reason = "trading is halted" if halted else f"the state {state.operational_state.value} permits no new risk"
    for order in state.working_orders:
        if raises_risk(state.position_lots, signed_lots(order)):
            decisions.append(CancelWorking(order.order_ref, reason))


def _with_orders(state: TraderState, decisions: list[Decision]) -> TraderState:
    """The state after cancels and accepted orders."""
    cancelled = {decision.order_ref for decision in decisions if isinstance(decision, CancelWorking)}
    accepted = tuple(decision.order for decision in decisions if isinstance(decision, OrderAccepted))
    if not cancelled and not accepted:
        return state
    kept = tuple(order for order in state.working_orders if order.order_ref not in cancelled)
    return replace(state, working_orders=kept + accepted, orders_today=state.orders_today + len(accepted))
