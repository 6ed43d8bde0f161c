"""The last gate before a broker, and the only module that submits to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.core.trading_types import Order
from engine.execution.broker import Broker, Clearance
from engine.kernel.crashpoints import crashpoint

if TYPE_CHECKING:
    from storage.stores import Stores

Outcome = Literal["submitted", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class SubmitOutcome:
    """What became of a submit. "unknown" is settled by reconciliation and never sent again."""

    outcome: Outcome
    rule: str = ""
    reason: str = ""


class RiskManager:
    """Re-checks right before each submit what may have changed since the decision: halt, state, lease, journal.

    The pure risk rules have judged the order inside the step; here only the world is asked, and any doubt refuses.
    """

    def __init__(self, stores: Stores, broker: Broker, *, epoch: int) -> None:
        self._stores = stores
        self._broker = broker
        self._epoch = epoch

    def submit(self, order: Order, *, now_ts: int) -> SubmitOutcome:
        """Send a persisted order to the broker, or say why not. Never raises for what the broker does."""
        permitted, reason = self._stores.gate.permits(not order.reduce_only)
        if not permitted:
            return SubmitOutcome("refused", "gate", reason)
        if not self._stores.lease.holds(self._epoch):
            return SubmitOutcome("refused", "lease", f"this engine's epoch {self._epoch} no longer holds the lease")
        record = self._stores.trading.orders.get(order.order_ref)
        if record is None or record.status != "persisted":
            status = "absent" if record is None else record.status
            return SubmitOutcome("refused", "journal", f"the order is {status} in the journal, not persisted")
        crashpoint("order.before_submit")
        try:
            answer = self._broker.submit(order, Clearance(order.order_ref, self._epoch, now_ts))
        except Exception as error:  # whatever a broker raises, the order may be in its book: reconcile, never resend
            return SubmitOutcome("unknown", "broker", f"{type(error).__name__}: {error}")
        crashpoint("order.after_submit")
        if not answer.accepted:
            return SubmitOutcome("refused", "broker", answer.reason)
        return SubmitOutcome("submitted")
