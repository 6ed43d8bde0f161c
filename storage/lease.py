"""The lease: one engine per workspace. A dead one is taken over with a new epoch; a lost epoch may not trade."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.kernel.errors import LeaseHeldError
from storage.database import Database


@dataclass(frozen=True, slots=True)
class LeaseHolder:
    """Who owns the workspace, since when, and when it last said so (UTC microseconds)."""

    owner: str
    pid: int
    epoch: int
    host_kind: str
    started_ts: int
    heartbeat_ts: int
    released: bool

    def is_live(self, ts: int, dead_after_us: int) -> bool:
        """True while the heartbeat is younger than `dead_after_us` (in either direction: clocks jump)."""
        return not self.released and abs(ts - self.heartbeat_ts) < dead_after_us


class Lease:
    """Single-instance lease with epochs that only grow."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def acquire(
        self,
        owner: str,
        pid: int,
        host_kind: str,
        ts: int,
        dead_after_us: int,
        *,
        process_alive: Callable[[int], bool] | None = None,
    ) -> int:
        """Take the lease and return its new epoch.

        Raises LeaseHeldError while another engine's heartbeat is younger than `dead_after_us`. `process_alive` (same
        machine) lets a holder whose process is gone be replaced at once.
        """
        with self._db.transaction() as connection:
            holder = self.current()
            if holder is not None and holder.is_live(ts, dead_after_us):
                gone = process_alive is not None and not process_alive(holder.pid)
                if not gone:
                    raise LeaseHeldError(
                        f"another engine ({holder.host_kind}, pid {holder.pid}) runs on this workspace; "
                        "attach to it, stop it, or choose another with --workspace"
                    )
            epoch = 1 if holder is None else holder.epoch + 1
            connection.execute(
                "INSERT INTO lease(id, owner, pid, epoch, host_kind, started_ts, heartbeat_ts, released) "
                "VALUES(1,?,?,?,?,?,?,0) ON CONFLICT(id) DO UPDATE SET owner = excluded.owner, pid = excluded.pid, "
                "epoch = excluded.epoch, host_kind = excluded.host_kind, started_ts = excluded.started_ts, "
                "heartbeat_ts = excluded.heartbeat_ts, released = 0",
                (owner, pid, epoch, host_kind, ts, ts),
            )
        return epoch

    def heartbeat(self, epoch: int, ts: int) -> None:
        """Say that the holder of `epoch` lives. Raises LeaseHeldError if the lease has passed on or was released."""
        with self._db.transaction() as connection:
            changed = connection.execute(
                "UPDATE lease SET heartbeat_ts = ? WHERE id = 1 AND epoch = ? AND released = 0", (ts, epoch)
            ).rowcount
        if not changed:
            raise LeaseHeldError(f"this engine's lease (epoch {epoch}) has passed to another; it must stop")

    def holds(self, epoch: int) -> bool:
        """True if `epoch` is still the lease: asked before every submit to a broker."""
        holder = self.current()
        return holder is not None and holder.epoch == epoch and not holder.released

    def release(self, epoch: int, ts: int) -> None:
        """Give the lease back at an orderly stop; nothing happens if it has passed on already."""
        self._db.execute(
            "UPDATE lease SET released = 1, heartbeat_ts = ? WHERE id = 1 AND epoch = ? AND released = 0", (ts, epoch)
        )

    def current(self) -> LeaseHolder | None:
        """The last holder, live or not; None before the first engine."""
        row = self._db.query_one("SELECT * FROM lease WHERE id = 1")
        if row is None:
            return None
        return LeaseHolder(
            owner=row["owner"],
            pid=row["pid"],
            epoch=row["epoch"],
            host_kind=row["host_kind"],
            started_ts=row["started_ts"],
            heartbeat_ts=row["heartbeat_ts"],
            released=bool(row["released"]),
        )
