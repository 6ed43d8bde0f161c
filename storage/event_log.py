"""The event log: append-only, hash-chained facts. Only the engine appends; everyone may read.

`append` joins the caller's transaction, so a decision and its event are durable together or not at all. Handlers given
to `on_committed` receive events only after they are durable (persist, then deliver).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from engine.kernel.canonical import canonical_json
from engine.kernel.crashpoints import crashpoint
from engine.kernel.errors import StoreError
from engine.kernel.events import Event, check_payload
from engine.kernel.workspace_paths import WorkspacePaths
from storage.database import Database
from storage.durable_files import write_durably
from storage.hash_chain import GENESIS_HASH, ChainReport, HeadFileState, chained_hash

_COLUMNS = "seq, ts, kind, subject, market, payload, cause_seq, prev_hash, hash"


class EventLog:
    """The chain of events of one workspace. Times are UTC microseconds on the engine's clock."""

    def __init__(self, db: Database, paths: WorkspacePaths) -> None:
        self._db = db
        self._paths = paths
        self._handlers: list[Callable[[Event], None]] = []

    def append(
        self,
        kind: str,
        subject: str,
        payload: Mapping[str, Any],
        *,
        ts: int,
        market: str = "",
        cause_seq: int | None = None,
    ) -> Event:
        """Add one event at the end of the chain, inside the current transaction or one of its own.

        Raises StoreError for an unregistered kind, missing or unknown payload fields, or values JSON cannot hold.
        """
        check_payload(kind, payload)
        try:
            text = canonical_json(payload)
        except (TypeError, ValueError) as error:
            raise StoreError(f"event '{kind}': the payload is not plain JSON ({error})") from error
        with self._db.transaction() as connection:
            last_seq, last_hash = self.head()
            seq = last_seq + 1
            row_hash = chained_hash(last_hash, (seq, ts, kind, subject, market, text, cause_seq))
            connection.execute(
                f"INSERT INTO events({_COLUMNS}) VALUES(?,?,?,?,?,?,?,?,?)",
                (seq, ts, kind, subject, market, text, cause_seq, last_hash, row_hash),
            )
            crashpoint("events.append")
            event = Event(seq, ts, kind, subject, market, json.loads(text), cause_seq, last_hash, row_hash)
            if self._handlers:
                self._db.after_commit(lambda: self._deliver(event))
        return event

    def on_committed(self, handler: Callable[[Event], None]) -> None:
        """Deliver every later event to `handler` once it is durable, e.g. `EventBus.publish`."""
        self._handlers.append(handler)

    def read(
        self,
        *,
        after_seq: int = 0,
        kinds: Iterable[str] | None = None,
        market: str | None = None,
        limit: int | None = None,
    ) -> list[Event]:
        """Unsealed events with `seq` > `after_seq`, oldest first."""
        clauses, parameters = ["seq > ?"], [after_seq]  # type: tuple[list[str], list[object]]
        if kinds is not None:
            wanted = list(kinds)
            clauses.append(f"kind IN ({','.join('?' * len(wanted))})")
            parameters += wanted
        if market is not None:
            clauses.append("market = ?")
            parameters.append(market)
        bound = "" if limit is None else f" LIMIT {int(limit)}"
        sql = f"SELECT {_COLUMNS} FROM events WHERE {' AND '.join(clauses)} ORDER BY seq{bound}"
        return [_event(row) for row in self._db.query(sql, parameters)]

    def tail(self, n: int) -> list[Event]:
        """The newest `n` events, oldest of them first."""
        rows = self._db.query(f"SELECT {_COLUMNS} FROM events ORDER BY seq DESC LIMIT ?", (n,))
        return [_event(row) for row in reversed(rows)]

    def get(self, seq: int) -> Event | None:
        """One unsealed event, or None."""
        row = self._db.query_one(f"SELECT {_COLUMNS} FROM events WHERE seq = ?", (seq,))
        return None if row is None else _event(row)

    def head(self) -> tuple[int, str]:
        """Number and hash of the newest event; (0, genesis) for an empty log."""
        row = self._db.query_one("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1")
        return (0, GENESIS_HASH) if row is None else (int(row[0]), str(row[1]))

    def verify(self) -> ChainReport:
        """Walk the whole chain (sealed segments too) and compare it with the head kept outside the database."""
        with self._db.snapshot():
            return self._verify()

    def _verify(self) -> ChainReport:
        expected_seq, previous, rows = 1, GENESIS_HASH, 0
        head_file, head_state = self._read_head_file()
        if head_file is not None:
            head_state = "behind"
        for row in self._all_rows():
            seq, ts, kind, subject, market, payload, cause_seq, prev_hash, row_hash = row
            problem = ""
            if seq != expected_seq:
                problem = f"event {expected_seq} is missing"
            elif prev_hash != previous:
                problem = f"event {seq} does not follow from the event before it"
            elif row_hash != chained_hash(previous, (seq, ts, kind, subject, market, payload, cause_seq)):
                problem = f"event {seq} was changed after it was written"
            if problem:
                return ChainReport(False, rows, expected_seq - 1, previous, expected_seq, problem, head_state)
            rows, expected_seq, previous = rows + 1, seq + 1, row_hash
            if head_file is not None and seq == head_file[0]:
                head_state = "older" if row_hash == head_file[1] else "different"
        head_seq = expected_seq - 1
        if head_file is not None and head_file == (head_seq, previous):
            head_state = "match"
        problems = {
            "behind": f"the database ends at event {head_seq}, before the head recorded outside it"
            f" ({head_file[0] if head_file else 0}): an older file was put in its place",
            "different": "the database holds another history than the head recorded outside it: the file was replaced",
            "unreadable": "the chain head file is unreadable",
        }
        problem = problems.get(head_state, "")
        return ChainReport(not problem, rows, head_seq, previous, None, problem, head_state)

    def write_head(self, *, ts: int) -> None:
        """Record the chain's head outside the database (at each seal and at an orderly stop)."""
        seq, head = self.head()
        write_durably(self._paths.chain_head, canonical_json({"seq": seq, "hash": head, "ts": ts}).encode())

    def seal(self, *, keep_last: int, ts: int) -> Path | None:
        """Move all but the newest `keep_last` (at least 1) events to a Parquet segment and record the head outside.

        One transaction catalogues the segment, removes the rows and appends `log.sealed`. Returns the segment's path,
        or None if there was nothing to move.
        """
        from storage.sealed_events import write_segment

        keep = max(1, keep_last)
        last_seq, _ = self.head()
        rows = self._db.query(f"SELECT {_COLUMNS} FROM events WHERE seq <= ? ORDER BY seq", (last_seq - keep,))
        path = None
        if rows:
            from_seq, to_seq, head = int(rows[0]["seq"]), int(rows[-1]["seq"]), str(rows[-1]["hash"])
            path = write_segment(self._paths.sealed_events, [tuple(row) for row in rows])
            relative = path.relative_to(self._paths.root).as_posix()
            with self._db.transaction() as connection:
                connection.execute("DELETE FROM events WHERE seq BETWEEN ? AND ?", (from_seq, to_seq))
                connection.execute(
                    "INSERT INTO event_segments(path, from_seq, to_seq, last_hash, created_ts) VALUES(?,?,?,?,?)",
                    (relative, from_seq, to_seq, head, ts),
                )
                self.append(
                    "log.sealed",
                    relative,
                    {"from_seq": from_seq, "to_seq": to_seq, "path": relative, "head": head},
                    ts=ts,
                )
        self.write_head(ts=ts)
        return path

    def sweep_orphans(self) -> list[Path]:
        """Delete segment files that are not catalogued. Only for the engine that holds the lease."""
        known = {row["path"] for row in self._db.query("SELECT path FROM event_segments")}
        removed = []
        for path in sorted(self._paths.sealed_events.glob("*")):
            if path.is_file() and path.relative_to(self._paths.root).as_posix() not in known:
                path.unlink()
                removed.append(path)
        return removed

    def _all_rows(self) -> Iterable[tuple[Any, ...]]:
        segments = self._db.query("SELECT path FROM event_segments ORDER BY from_seq")
        if segments:
            from storage.sealed_events import read_segment

            for segment in segments:
                yield from read_segment(self._paths.root / segment["path"])
        after = 0
        while rows := self._db.query(f"SELECT {_COLUMNS} FROM events WHERE seq > ? ORDER BY seq LIMIT 5000", (after,)):
            for row in rows:
                yield tuple(row)
            after = int(rows[-1]["seq"])

    def _read_head_file(self) -> tuple[tuple[int, str] | None, HeadFileState]:
        try:
            head = json.loads(self._paths.chain_head.read_bytes())
            return (int(head["seq"]), str(head["hash"])), "behind"
        except FileNotFoundError:
            return None, "absent"
        except (OSError, ValueError, KeyError, TypeError):
            return None, "unreadable"

    def _deliver(self, event: Event) -> None:
        for handler in self._handlers:
            handler(event)


def _event(row: Any) -> Event:
    seq, ts, kind, subject, market, payload, cause_seq, prev_hash, row_hash = row
    return Event(seq, ts, kind, subject, market, json.loads(payload), cause_seq, prev_hash, row_hash)
