"""Replay: bars and predictions through the same step function and fill model as live. Writes nothing anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.decisions import OrderAccepted, OrderRefused, StateTransition
from engine.core.initial_state import initial_state as fresh_state
from engine.core.initial_state import resumed
from engine.core.records import FuturesBar
from engine.core.step import StepObservation, step
from engine.core.trading_types import Fill, OperationalState, Prediction, TraderState
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.sandbox.decision_log import DecisionLog
from engine.sandbox.fill_model import MatchContext, match
from engine.sandbox.replay_metrics import CostSplit, ReplayMetrics, cost_split, replay_metrics


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """Everything a replay found. Arrays have one entry per bar, at its close.

    `net_returns` are simple returns of equity after costs. `decision_hash` covers every fill and decision line;
    `decision_lines` are those lines with the known time of their bar. `refusals` counts refused orders by rule,
    `transitions` are the moves of the operational state.
    """

    known_ts: NDArray[np.int64]
    equity_usd: NDArray[np.float64]
    net_returns: NDArray[np.float64]
    position_lots: NDArray[np.int64]
    target_lots: NDArray[np.int64]
    fills: tuple[Fill, ...]
    orders: int
    refusals: Mapping[str, int]
    transitions: tuple[tuple[int, StateTransition], ...]
    decision_hash: str
    decision_lines: tuple[tuple[int, str], ...]
    costs: CostSplit
    metrics: ReplayMetrics
    final_state: TraderState


def replay(
    bars: Sequence[FuturesBar],
    predictions: Sequence[Prediction | None],
    config: HydraConfig,
    initial_state: TraderState | None = None,
    *,
    days_to_expiry: Sequence[float | None] | None = None,
    stale_inputs: Sequence[tuple[str, ...]] | None = None,
    resume_after_bars: int | None = None,
) -> ReplayResult:
    """Trade `bars` of one series, in order of `known_ts`, with `predictions[i]` known at the close of `bars[i]`.

    `days_to_expiry` and `stale_inputs` are aligned like predictions. `resume_after_bars` plays an operator who resumes
    trading that many bars after a halt (None: a halt lasts to the end, as it would without anyone). Raises InputError
    for sequences of unequal length or bars out of order, CalculationError for fewer than 2 bars.
    """
    count = len(bars)
    for name, aligned in (
        ("predictions", predictions),
        ("days_to_expiry", days_to_expiry),
        ("stale_inputs", stale_inputs),
    ):
        if aligned is not None and len(aligned) != count:
            raise InputError(f"replay got {count} bars but {len(aligned)} {name}")
    state = initial_state if initial_state is not None else fresh_state(config)
    start_equity = state.equity_usd
    log = DecisionLog()
    fills_seen: list[Fill] = []
    equity: list[float] = []
    positions: list[int] = []
    targets: list[int] = []
    notional: list[float] = []
    trips: list[float] = []
    refusals: dict[str, int] = {}
    transitions: list[tuple[int, StateTransition]] = []
    orders = bars_halted = 0
    usd_per_point = config.market.contract.usd_per_point
    for index in range(count):
        bar = bars[index]
        expiry = days_to_expiry[index] if days_to_expiry is not None else None
        fills: tuple[Fill, ...] = ()
        if state.working_orders or state.position_lots:
            fills = match(state.working_orders, bar, MatchContext(config, state.memory, state.position_lots, expiry))
        observation = StepObservation(
            bar,
            fills,
            predictions[index],
            stale_inputs=stale_inputs[index] if stale_inputs is not None else (),
            days_to_expiry=expiry,
        )
        before = state
        result = step(before, observation, config)
        state = result.state
        if fills or result.decisions:
            log.record(bar.known_ts, fills, result.decisions)
            for decision in result.decisions:
                if isinstance(decision, OrderAccepted):
                    orders += 1
                elif isinstance(decision, OrderRefused):
                    refusals[decision.rule] = refusals.get(decision.rule, 0) + 1
                elif isinstance(decision, StateTransition):
                    transitions.append((bar.known_ts, decision))
        if fills:
            fills_seen.extend(fills)
            if before.position_lots and before.position_lots * state.position_lots <= 0:
                trips.append(before.round_trip_pnl_usd + state.equity_usd - before.equity_usd)
        equity.append(state.equity_usd)
        positions.append(state.position_lots)
        targets.append(result.target_lots)
        notional.append(state.position_lots * bar.close * usd_per_point)
        if state.operational_state is OperationalState.HALTED and resume_after_bars is not None:
            bars_halted += 1
            if bars_halted >= resume_after_bars:
                state, bars_halted = resumed(state, trigger="operator"), 0
    equity_array = np.array(equity, dtype=np.float64)
    net_returns = np.diff(equity_array, prepend=start_equity) / np.concatenate(([start_equity], equity_array[:-1]))
    all_fills = tuple(fills_seen)
    metrics = replay_metrics(
        start_equity_usd=start_equity,
        equity_usd=equity_array,
        net_returns=net_returns,
        notional_usd=np.array(notional, dtype=np.float64),
        fills=all_fills,
        round_trips_usd=trips,
        usd_per_point=usd_per_point,
        bars_per_year=config.market.bars_per_year,
    )
    return ReplayResult(
        known_ts=np.array([bar.known_ts for bar in bars], dtype=np.int64),
        equity_usd=equity_array,
        net_returns=net_returns,
        position_lots=np.array(positions, dtype=np.int64),
        target_lots=np.array(targets, dtype=np.int64),
        fills=all_fills,
        orders=orders,
        refusals=refusals,
        transitions=tuple(transitions),
        decision_hash=log.hash,
        decision_lines=tuple(log.lines),
        costs=cost_split(all_fills),
        metrics=metrics,
        final_state=state,
    )
