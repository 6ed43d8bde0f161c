"""Small facts that must survive everything: operational state, halt, autonomy, pause, limits.

One counter numbers every change, so that a command can name the state it was given in. A row that is missing or does
not read as JSON is None: unknown, which permits nothing.
"""

from __future__ import annotations

import json
from typing import Any, Final

from engine.kernel.canonical import canonical_json
from engine.kernel.errors import StoreError
from storage.database import Database

OPERATIONAL_STATE: Final = "operational_state"
HALT: Final = "halt"
AUTONOMY: Final = "autonomy"
AGENT_PAUSED: Final = "agent_paused"

UNKNOWN_STATE: Final = "UNKNOWN"
KNOWN_STATES: Final = frozenset({"RUNNING", "DEGRADED", "HALTED", "LOCKDOWN"})


class StateStore:
    """Key to JSON value, each change numbered by one global `state_seq`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, key: str) -> Any | None:
        """The value, or None where it is missing or corrupt."""
        row = self._db.query_one("SELECT value FROM state WHERE key = ?", (key,))
        if row is None:
            return None
        try:
            return json.loads(row["value"])
        except (ValueError, TypeError):
            return None

    def put(self, key: str, value: Any, ts: int) -> int:
        """Store a value in the current transaction and return the new `state_seq`."""
        try:
            text = canonical_json(value)
        except (TypeError, ValueError) as error:
            raise StoreError(f"state '{key}' is not plain JSON ({error})") from error
        with self._db.transaction() as connection:
            seq = self.state_seq() + 1
            connection.execute(
                "INSERT INTO state(key, value, state_seq, updated_ts) VALUES(?,?,?,?) ON CONFLICT(key) DO UPDATE SET "
                "value = excluded.value, state_seq = excluded.state_seq, updated_ts = excluded.updated_ts",
                (key, text, seq, ts),
            )
        return seq

    def put_view(self, key: str, value: Any, ts: int) -> None:
        """Store a value that screens read and no decision names (it does not move `state_seq`)."""
        try:
            text = canonical_json(value)
        except (TypeError, ValueError) as error:
            raise StoreError(f"view '{key}' is not plain JSON ({error})") from error
        with self._db.transaction() as connection:
            connection.execute(
                "INSERT INTO state(key, value, state_seq, updated_ts) VALUES(?,?,0,?) ON CONFLICT(key) DO UPDATE SET "
                "value = excluded.value, updated_ts = excluded.updated_ts",
                (key, text, ts),
            )

    def state_seq(self) -> int:
        """Number of the newest change; 0 before the first."""
        row = self._db.query_one("SELECT max(state_seq) FROM state")
        return 0 if row is None or row[0] is None else int(row[0])

    def operational_state(self) -> str:
        """RUNNING, DEGRADED, HALTED or LOCKDOWN; UNKNOWN for anything missing, corrupt or unheard of."""
        value = self.get(OPERATIONAL_STATE)
        name = value.get("state") if isinstance(value, dict) else None
        return name if isinstance(name, str) and name in KNOWN_STATES else UNKNOWN_STATE

    def all(self) -> dict[str, Any]:
        """Every key with its value (None where corrupt), for screens and diagnostics."""
        return {row["key"]: self.get(row["key"]) for row in self._db.query("SELECT key FROM state ORDER BY key")}
