"""From a target position to at most one order: what to cancel, how much to trade now, under which name."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.bookkeeping import signed_lots
from engine.core.risk_rules.interface import raises_risk
from engine.core.trading_types import Order, TraderState
from engine.kernel.config_models import RiskConfig
from engine.kernel.identifiers import derived_id


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """Working orders to cancel, with the reason, and the order to send if any."""

    cancel: tuple[Order, ...] = ()
    cancel_reason: str = ""
    order: Order | None = None


_NOTHING = OrderPlan()


def plan_order(state: TraderState, target_lots: int, risk: RiskConfig, *, model_id: str, must_reach: bool) -> OrderPlan:
    """The orders that lead from the position of `state` to `target_lots`.

    Working orders that already lead there stay (partial fills carry over); others are cancelled before a new one is
    made. Large changes are sliced: an order takes at most `max_order_lots` and the ADV share, the rest follows on later
    bars. Changes below the rebalance threshold are left alone unless `must_reach`.
    """
    position, working = state.position_lots, state.working_orders
    wanted = target_lots - position
    if not must_reach and abs(wanted) < risk.rebalance_threshold_lots:
        wanted = 0
    now = _slice(position, wanted, state.adv_lots, risk)
    if not working and not now:
        return _NOTHING
    if sum(signed_lots(order) for order in working) == now and all(o.contract == state.contract for o in working):
        return _NOTHING
    order = _order(state, now, model_id) if now else None
    return OrderPlan(working, "the target position changed" if working else "", order)


def _slice(position: int, wanted: int, adv_lots: float, risk: RiskConfig) -> int:
    size = min(abs(wanted), risk.max_order_lots)
    if size and raises_risk(position, wanted):
        size = min(size, int(risk.max_adv_fraction * adv_lots))
    elif size and adv_lots > 0.0:
        size = min(size, max(1, int(risk.max_adv_fraction * adv_lots)))
    return size if wanted > 0 else -size


def _order(state: TraderState, lots: int, model_id: str) -> Order:
    price, ts = state.last_price, state.last_bar_ts
    reference = derived_id("ord", state.market, state.contract, ts, lots, repr(price), model_id, length=16)
    return Order(
        reference,
        state.market,
        state.contract,
        "BUY" if lots > 0 else "SELL",
        abs(lots),
        "market",
        None,
        ts,
        price,
        model_id,
        not raises_risk(state.position_lots, lots),
    )
