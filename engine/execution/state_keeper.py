"""The keeper of the operational state: every move goes through the table, is persisted with its event, then holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.core.state_machine import Trigger, next_state
from engine.core.trading_types import OperationalState
from engine.kernel.errors import RefusedError
from engine.kernel.timestamps import MICROS_PER_MINUTE

if TYPE_CHECKING:
    from storage.stores import Stores

STATE_KEY = "operational_state"
HALT_KEY = "halt"
LIMITS_KEY = "limits"


@dataclass(frozen=True, slots=True)
class StateRecord:
    """The operational state as it is stored; UNKNOWN with since 0 where the row is missing or unreadable."""

    state: OperationalState
    since_ts: int
    reason: str
    trigger: str


class StateKeeper:
    """Reads afresh each time and writes in the caller's transaction (or one of its own)."""

    def __init__(self, stores: Stores, market: str) -> None:
        self._stores = stores
        self._market = market

    def record(self) -> StateRecord:
        """The stored state. What cannot be read is UNKNOWN, which permits nothing."""
        value = self._stores.state.get(STATE_KEY)
        try:
            if value is None:
                raise KeyError(STATE_KEY)
            state = OperationalState(value["state"])
            return StateRecord(state, int(value["since_ts"]), str(value["reason"]), str(value["trigger"]))
        except (KeyError, TypeError, ValueError):
            return StateRecord(OperationalState.UNKNOWN, 0, "the state row is missing or unreadable", "")

    def current(self) -> OperationalState:
        """The operational state in force."""
        return self.record().state

    def begin(self, ts: int) -> None:
        """Enter RUNNING in a workspace that never had a state. One that lost its state stays UNKNOWN."""
        with self._stores.db.transaction():
            if self._has_past():
                return
            self._stores.state.put(HALT_KEY, {"halted": False, "reason": "", "actor": "engine", "ts": ts}, ts)
            self._put(OperationalState.RUNNING, ts, "first start of this workspace", "start")
            self._changed(OperationalState.UNKNOWN, OperationalState.RUNNING, ts, "first start", "start", {})

    def apply(
        self, trigger: Trigger, *, reason: str, source: str, ts: int, evidence: Mapping[str, float] | None = None
    ) -> OperationalState | None:
        """Make the move the table knows for `trigger` from the stored state; None where it knows none.

        `source` says who moved it ("breaker:drawdown", an actor's name) and is kept as the state's trigger.
        """
        with self._stores.db.transaction():
            old = self.current()
            new = next_state(old, trigger)
            if new is None:
                return None
            self._put(new, ts, reason, source, evidence)
            self._changed(old, new, ts, reason, source, evidence or {})
        return new

    def halt(self, *, reason: str, actor: str, ts: int) -> None:
        """Set the halt row and enter HALTED (from LOCKDOWN the stricter state stays). Always succeeds."""
        with self._stores.db.transaction():
            self._stores.state.put(HALT_KEY, {"halted": True, "reason": reason, "actor": actor, "ts": ts}, ts)
            self._stores.events.append(
                "halt.set", actor, {"reason": reason, "actor": actor}, ts=ts, market=self._market
            )
            self.apply(Trigger.HALT, reason=reason, source=actor, ts=ts)

    def resume(self, *, reason: str, actor: str, ts: int) -> None:
        """Lift the halt, remove the HALT file and enter RUNNING, a human act. Refused from LOCKDOWN and UNKNOWN."""
        with self._stores.db.transaction():
            state = self.current()
            if state in (OperationalState.LOCKDOWN, OperationalState.UNKNOWN):
                raise RefusedError(f"{state.value} is left only through HALTED: unlock or halt first, then resume")
            self._stores.state.put(HALT_KEY, {"halted": False, "reason": reason, "actor": actor, "ts": ts}, ts)
            self._stores.events.append(
                "halt.cleared", actor, {"reason": reason, "actor": actor}, ts=ts, market=self._market
            )
            self.apply(Trigger.RESUME, reason=reason, source=actor, ts=ts)
        self._stores.paths.halt_file.unlink(missing_ok=True)

    def lockdown(self, *, reason: str, actor: str, ts: int) -> None:
        """Enter LOCKDOWN deliberately: the next bars flatten over the reduce-only path. Idempotent."""
        self.apply(Trigger.LOCKDOWN, reason=reason, source=actor, ts=ts)

    def unlock(self, *, reason: str, actor: str, ts: int, cooldown_minutes: float) -> None:
        """Leave LOCKDOWN into HALTED, a human act, after the cool-down."""
        with self._stores.db.transaction():
            record = self.record()
            if record.state is not OperationalState.LOCKDOWN:
                raise RefusedError(f"there is nothing to unlock: the state is {record.state.value}")
            left = record.since_ts + int(cooldown_minutes * MICROS_PER_MINUTE) - ts
            if left > 0:
                raise RefusedError(f"LOCKDOWN can be left in {left / MICROS_PER_MINUTE:.1f} minutes, not before")
            self.apply(Trigger.UNLOCK, reason=reason, source=actor, ts=ts)

    def adopt_halt_file(self, ts: int) -> bool:
        """Turn a HALT file into the halt row, then remove the file; True where there was one."""
        path = self._stores.paths.halt_file
        if not path.exists():
            return False
        self.halt(reason="a HALT file lay in the workspace", actor="HALT file", ts=ts)
        path.unlink(missing_ok=True)
        return True

    def is_halted(self) -> bool:
        """True while the halt row or the HALT file says so, or the row is missing or unreadable."""
        value = self._stores.state.get(HALT_KEY)
        halted = value.get("halted") if isinstance(value, dict) else None
        return halted is not False or self._stores.gate.halt_file_exists()

    def limit_overrides(self) -> dict[str, float]:
        """The operator's limits by name of the risk setting."""
        value: Any = self._stores.state.get(LIMITS_KEY)
        return dict(value) if isinstance(value, dict) else {}

    def _has_past(self) -> bool:
        return bool(
            self._stores.db.query("SELECT 1 FROM state WHERE key IN (?, ?)", (STATE_KEY, HALT_KEY))
            or self._stores.db.query("SELECT 1 FROM events WHERE kind = 'state.changed' LIMIT 1")
            or self._stores.db.query("SELECT 1 FROM trader_state LIMIT 1")
        )

    def _put(
        self,
        state: OperationalState,
        ts: int,
        reason: str,
        trigger: str,
        evidence: Mapping[str, float] | None = None,
    ) -> None:
        value = {
            "state": state.value,
            "since_ts": ts,
            "reason": reason,
            "trigger": trigger,
            "evidence": dict(evidence or {}),
        }
        self._stores.state.put(STATE_KEY, value, ts)

    def _changed(
        self,
        old: OperationalState,
        new: OperationalState,
        ts: int,
        reason: str,
        trigger: str,
        evidence: Mapping[str, float],
    ) -> None:
        payload = {
            "old": old.value,
            "new": new.value,
            "reason": reason,
            "trigger": trigger,
            "evidence": dict(evidence),
        }
        self._stores.events.append("state.changed", new.value, payload, ts=ts, market=self._market)
