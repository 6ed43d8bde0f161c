"""Alerts as the operator meets them: the row that the screen lists and the event that tells of it, always both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.kernel.identifiers import derived_id
from storage.agent_records import AlertRecord

if TYPE_CHECKING:
    from storage.stores import Stores


class AlertDesk:
    """Raises and clears the alerts of one market. Times are the market's, in microseconds UTC."""

    def __init__(self, stores: Stores, market: str) -> None:
        self._stores = stores
        self._market = market

    def raise_alert(
        self, alert_id: str, code: str, level: str, subject: str, message: str, evidence: Mapping[str, Any], ts: int
    ) -> None:
        """Open an alert; one of the same id is opened again. Joins the caller's transaction where there is one."""
        with self._stores.db.transaction("agent"):
            payload = {"alert_id": alert_id, "code": code, "level": level, "message": message, "evidence": evidence}
            raised = self._stores.events.append("alert.raised", alert_id, payload, ts=ts, market=self._market)
            self._stores.agent.alerts.upsert(
                AlertRecord(
                    alert_id=alert_id,
                    market=self._market,
                    code=code,
                    level=level,
                    subject=subject,
                    message=message,
                    evidence=evidence,
                    status="open",
                    first_ts=ts,
                    last_ts=ts,
                    event_seq=raised.seq,
                )
            )

    def raise_now(self, code: str, level: str, message: str, evidence: Mapping[str, Any], ts: int) -> None:
        """Open an alert about the market itself, a new one for every moment."""
        alert_id = derived_id("alert", self._market, code, ts, length=8)
        self.raise_alert(alert_id, code, level, self._market, message, evidence, ts)

    def clear(self, code: str, ts: int) -> None:
        """End every alert of a code that is not cleared yet; an acknowledged one too."""
        for record in self._stores.agent.alerts.list(market=self._market, code=code):
            if record.status == "cleared":
                continue
            with self._stores.db.transaction("agent"):
                self._stores.agent.alerts.change(record.alert_id, status="cleared", last_ts=ts)
                payload = {"alert_id": record.alert_id, "code": code}
                self._stores.events.append("alert.cleared", record.alert_id, payload, ts=ts, market=self._market)
