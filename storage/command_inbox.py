"""The command inbox: UI, command line and agent insert; the engine settles each exactly once, with a reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from sqlite3 import Row
from typing import Any, Final, Literal

from engine.kernel.canonical import canonical_json
from engine.kernel.errors import NotFoundError, RefusedError, StoreError
from storage.database import Database

CommandStatus = Literal["pending", "accepted", "refused"]
_COLUMNS: Final = (
    "id, kind, args, actor, expected_state_seq, created_ts, expires_ts, status, reason, result, settled_ts, settled_seq"
)


@dataclass(frozen=True, slots=True)
class Command:
    """One wish of an actor. `expected_state_seq` is the state the actor saw; `expires_ts` ends its validity; both bind
    only commands that raise risk (the engine decides). `settled_seq` is the event that recorded the answer."""

    id: str
    kind: str
    args: Mapping[str, Any]
    actor: str
    created_ts: int
    expected_state_seq: int | None = None
    expires_ts: int | None = None
    status: CommandStatus = "pending"
    reason: str | None = None
    result: Mapping[str, Any] | None = field(default=None)
    settled_ts: int | None = None
    settled_seq: int | None = None


class CommandInbox:
    """Insert, list, settle. Any process may submit; only the engine settles."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def submit(self, command: Command) -> bool:
        """Put a pending command in the inbox. True if it is new, False if this id is already there (nothing changes).

        Raises RefusedError if the id is already used by another command, StoreError if the arguments are not JSON.
        """
        try:
            args = canonical_json(dict(command.args))
        except (TypeError, ValueError) as error:
            raise StoreError(f"command '{command.kind}': the arguments are not plain JSON ({error})") from error
        with self._db.transaction() as connection:
            added = connection.execute(
                "INSERT INTO commands(id, kind, args, actor, expected_state_seq, created_ts, expires_ts) "
                "VALUES(?,?,?,?,?,?,?) ON CONFLICT(id) DO NOTHING",
                (
                    command.id,
                    command.kind,
                    args,
                    command.actor,
                    command.expected_state_seq,
                    command.created_ts,
                    command.expires_ts,
                ),
            ).rowcount
            if not added:
                known = connection.execute("SELECT kind, args FROM commands WHERE id = ?", (command.id,)).fetchone()
                if (known["kind"], known["args"]) != (command.kind, args):
                    raise RefusedError(f"command id {command.id} is already used by another command ({known['kind']})")
        return bool(added)

    def pending(self, limit: int = 100) -> list[Command]:
        """Unsettled commands in order of arrival."""
        sql = f"SELECT {_COLUMNS} FROM commands WHERE status = 'pending' ORDER BY rowid LIMIT ?"
        return [_command(row) for row in self._db.query(sql, (limit,))]

    def settle(
        self,
        id: str,
        status: CommandStatus,
        reason: str,
        result: Mapping[str, Any] | None,
        ts: int,
        seq: int | None,
    ) -> bool:
        """Record the answer inside the current transaction. False if it was settled before (the first answer stands).

        Raises NotFoundError for an unknown id.
        """
        if status == "pending":
            raise StoreError("a command is settled as accepted or refused")
        with self._db.transaction() as connection:
            changed = connection.execute(
                "UPDATE commands SET status = ?, reason = ?, result = ?, settled_ts = ?, settled_seq = ? "
                "WHERE id = ? AND status = 'pending'",
                (status, reason, None if result is None else canonical_json(dict(result)), ts, seq, id),
            ).rowcount
        if not changed and self.get(id) is None:
            raise NotFoundError(f"there is no command {id}")
        return bool(changed)

    def get(self, id: str) -> Command | None:
        """One command with its answer so far, or None."""
        row = self._db.query_one(f"SELECT {_COLUMNS} FROM commands WHERE id = ?", (id,))
        return None if row is None else _command(row)

    def recent(self, limit: int = 50) -> list[Command]:
        """The newest commands of any status, newest first."""
        sql = f"SELECT {_COLUMNS} FROM commands ORDER BY rowid DESC LIMIT ?"
        return [_command(row) for row in self._db.query(sql, (limit,))]


def _command(row: Row) -> Command:
    return Command(
        id=row["id"],
        kind=row["kind"],
        args=json.loads(row["args"]),
        actor=row["actor"],
        created_ts=row["created_ts"],
        expected_state_seq=row["expected_state_seq"],
        expires_ts=row["expires_ts"],
        status=row["status"],
        reason=row["reason"],
        result=None if row["result"] is None else json.loads(row["result"]),
        settled_ts=row["settled_ts"],
        settled_seq=row["settled_seq"],
    )
