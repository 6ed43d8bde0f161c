"""Live and paper trading of one market: the pure step between a broker and the store, one bar at a time.

For each bar: fills from the broker, the step, one transaction with everything that follows from it, then cancels and
orders to the broker. A process killed at any point loses and doubles nothing: bars are processed once, fills booked
once, orders persisted before they are sent, and `start` reconciles before anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.core.decisions import (
    BreakerTripped,
    CancelWorking,
    OrderAccepted,
    OrderRefused,
    StateTransition,
)
from engine.core.initial_state import initial_state, resumed
from engine.core.market_memory import remember
from engine.core.records import FuturesBar
from engine.core.state_machine import Trigger, may_raise_risk
from engine.core.step import StepObservation, StepResult, step
from engine.core.trading_types import Fill, OperationalState, Order, Prediction, TraderState
from engine.execution.breaker_alerts import clear_breaker_alerts, raise_breaker_alert
from engine.execution.broker import Broker
from engine.execution.order_manager import OrderManager
from engine.execution.reconciliation import ReconcileReport, reconcile
from engine.execution.risk_manager import RiskManager
from engine.execution.state_keeper import StateKeeper
from engine.execution.trader_book import TraderBook, load_book, save_book
from engine.kernel.config_models import HydraConfig
from engine.kernel.crashpoints import crashpoint
from engine.kernel.errors import RefusedError
from engine.kernel.timestamps import MICROS_PER_HOUR
from storage.performance import EquityRecord

if TYPE_CHECKING:
    from storage.stores import Stores

_TRIGGER_OF = {
    OperationalState.DEGRADED: Trigger.WARNING,
    OperationalState.HALTED: Trigger.CRITICAL,
    OperationalState.LOCKDOWN: Trigger.CASCADE,
    OperationalState.RUNNING: Trigger.RESOLVED,
}


class LiveTrader:
    """Trades one market. `epoch` is the engine's lease; `days_to_expiry` tells how near a bar's contract is to its end
    (None where unknown)."""

    def __init__(
        self,
        stores: Stores,
        config: HydraConfig,
        broker: Broker,
        *,
        epoch: int,
        days_to_expiry: Callable[[FuturesBar], float | None] | None = None,
    ) -> None:
        self._stores = stores
        self._config = config
        self._broker = broker
        self._epoch = epoch
        self._days_to_expiry = days_to_expiry
        self._market = config.market.market
        self._keeper = StateKeeper(stores, self._market)
        self._orders = OrderManager(stores, self._market, epoch=epoch)
        self._gate = RiskManager(stores, broker, epoch=epoch)
        self._book: TraderBook | None = None
        self._has_unknown_outcome = False

    def start(self, now_ts: int) -> ReconcileReport:
        """Load the trader and settle with the broker. Must run before the first bar, in every process."""
        report = reconcile(self._stores, self._broker, self._market, epoch=self._epoch, now_ts=now_ts)
        self._book = load_book(self._stores.trading, self._market) or TraderBook(initial_state(self._config))
        self._has_unknown_outcome = False
        return report

    def warm_up(self, bars: Sequence[FuturesBar], *, now_ts: int) -> int:
        """Remember history (volume, volatility, last prices) without trading it; returns the bars that were new.

        For the time before the first traded bar: without it nothing fills until a whole session has been seen. Bars
        in order of known time; those processed before are left out. Refused while anything is held or working.
        """
        book = self._started()
        state = book.state
        new = [bar for bar in bars if bar.known_ts > state.last_bar_ts]
        if not new:
            return 0
        if state.position_lots or state.working_orders or book.pending_fills:
            raise RefusedError("history can only be remembered while flat; process these bars one by one")
        memory = state.memory
        for bar in new:
            memory = remember(memory, bar, self._config)
        warmed = TraderBook(replace(state, memory=memory))
        self._broker.warm_up(new)
        with self._stores.db.transaction("trader"):
            save_book(self._stores.trading, warmed, ts=now_ts)
        self._book = warmed
        return len(new)

    @property
    def state(self) -> TraderState:
        """The trader's state after the last processed bar."""
        return self._started().state

    def on_bar(
        self,
        bar: FuturesBar,
        prediction: Prediction | None,
        stale_inputs: tuple[str, ...] = (),
        *,
        now_ts: int,
        tradable: bool = True,
        in_same_transaction: Callable[[StepResult, tuple[Fill, ...]], None] | None = None,
    ) -> StepResult:
        """Process one closed bar whole: fills, decisions, store, broker. A bar processed before changes nothing.

        `prediction` and `stale_inputs` are what was known at the bar's close; `now_ts` stamps rows and events.
        `in_same_transaction` is called with the step's result and the bar's fills before the commit, for whatever must
        stand or fall with the bar.
        """
        book = self._started()
        if self._has_unknown_outcome:
            self.start(now_ts)
            book = self._started()
        if bar.known_ts <= book.state.last_bar_ts:
            return StepResult(book.state, (), book.state.position_lots)
        expiry = self._days_to_expiry(bar) if self._days_to_expiry is not None else None
        fills = _each_once(book.pending_fills + self._broker.on_bar(bar, expiry))
        observation = StepObservation(
            bar,
            fills,
            prediction,
            self._keeper.is_halted(),
            self._keeper.limit_overrides(),
            stale_inputs,
            tradable,
            expiry,
            self._errors_last_hour(now_ts),
        )
        result = step(self._in_force(book.state), observation, self._config)
        with self._stores.db.transaction("trader"):
            self._persist(result, fills, bar, now_ts)
            if in_same_transaction is not None:
                in_same_transaction(result, fills)
            crashpoint("trader.before_commit")
        self._book = TraderBook(result.state)
        crashpoint("trader.after_commit")
        self._cancel(result, now_ts)
        withdrawn = self._send(result, now_ts)
        return replace(result, state=self._without(withdrawn, now_ts)) if withdrawn else result

    def _in_force(self, state: TraderState) -> TraderState:
        """The state with the operational state that is stored: the stored row is the authority, not our copy."""
        record = self._keeper.record()
        if record.state is state.operational_state and record.trigger == state.state_trigger:
            return state
        stopped = state.operational_state in (OperationalState.HALTED, OperationalState.LOCKDOWN)
        if stopped and may_raise_risk(record.state):
            state = resumed(state, trigger=record.trigger)
        return replace(state, operational_state=record.state, state_trigger=record.trigger, calm_bars=0)

    def _persist(self, result: StepResult, fills: tuple[Fill, ...], bar: FuturesBar, ts: int) -> None:
        was_running = self._started().state.operational_state is OperationalState.RUNNING
        for fill in fills:
            self._orders.book_fill(fill, ts=ts)
        for decision in result.decisions:
            if isinstance(decision, OrderAccepted):
                self._orders.persist(decision.order, ts=ts)
            elif isinstance(decision, OrderRefused):
                self._orders.refused(decision, ts=ts)
            elif isinstance(decision, CancelWorking):
                self._orders.cancel_requested(decision.order_ref, reason=decision.reason, ts=ts)
            elif isinstance(decision, BreakerTripped):
                raise_breaker_alert(self._stores, self._market, decision, ts=ts)
            elif isinstance(decision, StateTransition):
                self._keeper.apply(
                    _TRIGGER_OF[decision.new],
                    reason=decision.reason,
                    source=decision.trigger,
                    ts=ts,
                    evidence=decision.evidence,
                )
        if result.state.operational_state is OperationalState.RUNNING and not was_running:
            clear_breaker_alerts(self._stores, self._market, ts=ts)
        state = result.state
        self._stores.performance.record_equity(
            EquityRecord(
                market=self._market,
                ts=bar.known_ts,
                equity_usd=state.equity_usd,
                position_lots=state.position_lots,
                day_pnl_usd=state.equity_usd - state.day_start_equity_usd,
                drawdown=1.0 - state.equity_usd / state.peak_equity_usd,
            )
        )
        save_book(self._stores.trading, TraderBook(state), ts=ts)

    def _cancel(self, result: StepResult, ts: int) -> None:
        """Take orders out of the broker's book; one that filled meanwhile is left to its fill."""
        for decision in result.decisions:
            if not isinstance(decision, CancelWorking):
                continue
            crashpoint("order.before_cancel")
            self._broker.cancel(decision.order_ref)
            at_broker = self._broker.order(decision.order_ref)
            if at_broker is None or at_broker.status == "cancelled":
                with self._stores.db.transaction("cancel"):
                    self._orders.cancelled(decision.order_ref, reason=decision.reason, ts=ts)

    def _send(self, result: StepResult, ts: int) -> tuple[Order, ...]:
        """Submit what was persisted; returns the orders that were stopped at the gate."""
        stopped = []
        for decision in result.decisions:
            if not isinstance(decision, OrderAccepted):
                continue
            order = decision.order
            crashpoint("order.persisted")
            outcome = self._gate.submit(order, now_ts=ts)
            with self._stores.db.transaction("acknowledge"):
                if outcome.outcome == "submitted":
                    self._orders.acknowledged(order.order_ref, ts=ts)
                elif outcome.outcome == "unknown":
                    self._orders.outcome_unknown(order.order_ref, reason=outcome.reason, ts=ts)
                    self._has_unknown_outcome = True
                else:
                    self._orders.refused_at_gate(order, rule=outcome.rule, reason=outcome.reason, ts=ts)
                    stopped.append(order)
        return tuple(stopped)

    def _without(self, stopped: tuple[Order, ...], ts: int) -> TraderState:
        """The state without orders that never left; persisted."""
        state = self._started().state
        references = {order.order_ref for order in stopped}
        kept = tuple(order for order in state.working_orders if order.order_ref not in references)
        book = TraderBook(replace(state, working_orders=kept))
        with self._stores.db.transaction("trader"):
            save_book(self._stores.trading, book, ts=ts)
        self._book = book
        return book.state

    def _errors_last_hour(self, now_ts: int) -> int:
        """Engine errors within an hour, counted from the last change of state: a resume starts a new count."""
        since_ts = max(now_ts - MICROS_PER_HOUR, self._keeper.record().since_ts)
        rows = self._stores.db.query("SELECT count(*) FROM events WHERE kind = 'engine.error' AND ts > ?", (since_ts,))
        return int(rows[0][0])

    def _started(self) -> TraderBook:
        if self._book is None:
            raise RefusedError("the trader has not reconciled with its broker yet; call start first")
        return self._book


def _each_once(fills: tuple[Fill, ...]) -> tuple[Fill, ...]:
    return tuple({fill.fill_id: fill for fill in fills}.values())
