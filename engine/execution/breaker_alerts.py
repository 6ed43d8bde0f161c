"""Alerts of circuit breakers: raised with the trip, cleared when trading runs normally again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.core.decisions import BreakerTripped
from engine.core.trading_types import OperationalState
from engine.kernel.identifiers import derived_id
from storage.agent_records import AlertRecord

if TYPE_CHECKING:
    from storage.stores import Stores

CODE_PREFIX = "breaker."


def raise_breaker_alert(stores: Stores, market: str, tripped: BreakerTripped, *, ts: int) -> None:
    """Write the event `breaker.tripped` and an open alert, in the caller's transaction."""
    payload = {
        "breaker": tripped.breaker,
        "value": tripped.value,
        "limit": tripped.limit,
        "enters": tripped.enters.value,
    }
    event = stores.events.append("breaker.tripped", tripped.breaker, payload, ts=ts, market=market)
    level = "WARNING" if tripped.enters is OperationalState.DEGRADED else "CRITICAL"
    code = CODE_PREFIX + tripped.breaker
    alert_id = derived_id("alert", market, code, tripped.enters.value, ts)
    message = f"breaker {tripped.breaker}: {tripped.value:.4g} passed {tripped.limit:.4g}; state {tripped.enters.value}"
    evidence = {"value": tripped.value, "limit": tripped.limit}
    raised = stores.events.append(
        "alert.raised",
        alert_id,
        {"alert_id": alert_id, "code": code, "level": level, "message": message, "evidence": evidence},
        ts=ts,
        market=market,
        cause_seq=event.seq,
    )
    stores.agent.alerts.upsert(
        AlertRecord(alert_id, market, code, level, tripped.breaker, message, evidence, "open", ts, ts, raised.seq)
    )


def clear_breaker_alerts(stores: Stores, market: str, *, ts: int) -> None:
    """Clear every breaker's alert that is not cleared yet, in the caller's transaction."""
    for alert in stores.agent.alerts.list(market=market, status=["open", "acknowledged"]):
        if alert.code.startswith(CODE_PREFIX):
            stores.agent.alerts.change(alert.alert_id, status="cleared", last_ts=ts)
            payload = {"alert_id": alert.alert_id, "code": alert.code}
            stores.events.append("alert.cleared", alert.alert_id, payload, ts=ts, market=market)
