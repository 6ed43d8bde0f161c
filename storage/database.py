"""The one SQLite file that holds everything transactional, so that one transaction covers a decision and its event.

Write-ahead log, synchronous=FULL (a commit survives a power cut), foreign keys, one connection per thread.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from engine.kernel.crashpoints import crashpoint
from engine.kernel.errors import StoreError
from storage.durable_files import make_folder, store_error
from storage.migrations import MIGRATIONS, Migration, check_version, migrate

BUSY_TIMEOUT_MS: Final = 5_000
BUSY_RETRIES: Final = 3


@dataclass(slots=True)
class _Session:
    """One thread's connection, with the call-backs of its open transaction: one frame per nesting level."""

    connection: sqlite3.Connection
    on_commit: list[list[Callable[[], None]]] = field(default_factory=list)
    on_rollback: list[list[Callable[[], None]]] = field(default_factory=list)


class Database:
    """Open (and unless read-only create or migrate) the database at `path`.

    Raises StoreError: read-only or full disk, missing file, schema of a newer program; CorruptStoreError: not a
    database or damaged. Every method translates SQLite's errors into these.
    """

    def __init__(self, path: Path, *, read_only: bool = False, migrations: Sequence[Migration] = MIGRATIONS) -> None:
        self.path = path
        self.read_only = read_only
        self._local = threading.local()
        self._lock = threading.Lock()
        self._sessions: list[_Session] = []
        self._closed = False
        if not read_only:
            make_folder(path.parent)
        connection = self._session().connection
        try:
            if read_only:
                if check_version(connection, migrations) == 0:
                    raise StoreError(f"cannot open {path}: nothing was ever stored there")
            else:
                migrate(connection, migrations)
        except sqlite3.Error as error:
            self.close()
            raise store_error(error, f"open {path}") from error
        except StoreError:
            self.close()
            raise

    @contextmanager
    def transaction(self, name: str = "db") -> Iterator[sqlite3.Connection]:
        """One atomic write. Takes the write lock at once; waits for a busy writer, a bounded time.

        Re-entrant per thread: an inner block joins the outer one and becomes durable with it; an exception that
        leaves an inner block undoes that block alone, one that leaves the outer block undoes all. `name` adds the
        crash point `<name>.commit` just before the outermost commit.
        """
        session = self._session()
        depth = len(session.on_commit)
        if depth:
            begin, end, undo = f"SAVEPOINT level_{depth}", f"RELEASE level_{depth}", f"ROLLBACK TO level_{depth}"
        else:
            begin, end, undo = "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"
        self._execute_retrying(session.connection, begin)
        session.on_commit.append([])
        session.on_rollback.append([])
        try:
            yield session.connection
            if not depth:
                crashpoint(f"{name}.commit")
                crashpoint("db.before_commit")
            self._execute_retrying(session.connection, end)
        except BaseException as error:
            session.on_commit.pop()
            try:
                # Memory forgets first, while the write lock still keeps every other writer out.
                for callback in reversed(session.on_rollback.pop()):
                    callback()
            finally:
                if session.connection.in_transaction:
                    session.connection.execute(undo)
                    if depth:
                        session.connection.execute(end)
            if isinstance(error, sqlite3.Error):
                raise store_error(error, f"write to {self.path.name}") from error
            raise
        committed, undone = session.on_commit.pop(), session.on_rollback.pop()
        if depth:
            session.on_commit[-1].extend(committed)
            session.on_rollback[-1].extend(undone)
            return
        crashpoint("db.after_commit")
        for callback in committed:
            callback()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Several reads of one moment: what others commit meanwhile stays out of sight. Inside a transaction that
        transaction's own view holds. Only for reading."""
        session = self._session()
        if session.connection.in_transaction:
            yield
            return
        self._execute_retrying(session.connection, "BEGIN DEFERRED")
        try:
            yield
        finally:
            if session.connection.in_transaction:
                session.connection.execute("ROLLBACK")

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Run `callback` once the current transaction of this thread is durable; at once outside of one."""
        frames = self._session().on_commit
        if frames:
            frames[-1].append(callback)
        else:
            callback()

    def after_rollback(self, callback: Callable[[], None]) -> None:
        """Run `callback` just before this thread's transaction is undone, to forget what memory assumed."""
        frames = self._session().on_rollback
        if frames:
            frames[-1].append(callback)

    def in_transaction(self) -> bool:
        """True while this thread has a transaction open."""
        return bool(self._session().on_commit)

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
        """Rows of a SELECT; inside a transaction it sees that transaction's own writes."""
        try:
            return self._session().connection.execute(sql, tuple(parameters)).fetchall()
        except sqlite3.Error as error:
            raise store_error(error, f"read {self.path.name}") from error

    def query_one(self, sql: str, parameters: Sequence[object] = ()) -> sqlite3.Row | None:
        """The first row of a SELECT, or None."""
        try:
            row: sqlite3.Row | None = self._session().connection.execute(sql, tuple(parameters)).fetchone()
            return row
        except sqlite3.Error as error:
            raise store_error(error, f"read {self.path.name}") from error

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """One writing statement in a transaction (the current one if open); returns the number of rows changed."""
        with self.transaction() as connection:
            return connection.execute(sql, tuple(parameters)).rowcount

    def check_integrity(self) -> None:
        """Raise CorruptStoreError if SQLite's own check of pages and indexes finds damage."""
        rows = self.query("PRAGMA quick_check")
        if [row[0] for row in rows] != ["ok"]:
            raise store_error(sqlite3.DatabaseError(f"malformed: {rows[0][0]}"), f"use {self.path}")

    def backup_to(self, target: Path) -> None:
        """Copy a consistent state of the database to `target` while others read and write."""
        try:
            copy = sqlite3.connect(target)
            try:
                self._session().connection.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")
            finally:
                copy.close()
        except sqlite3.Error as error:
            raise store_error(error, f"copy the database to {target}") from error

    def close(self) -> None:
        """Close the connections of all threads; later use raises StoreError."""
        self._closed = True
        with self._lock:
            sessions, self._sessions = self._sessions, []
        for session in sessions:
            session.connection.close()

    def _session(self) -> _Session:
        if self._closed:
            raise StoreError(f"the database {self.path.name} is closed")
        session: _Session | None = getattr(self._local, "session", None)
        if session is None:
            try:
                session = _Session(self._connect())
            except sqlite3.Error as error:
                raise store_error(error, f"open {self.path}") from error
            self._local.session = session
            with self._lock:
                self._sessions.append(session)
        return session

    def _connect(self) -> sqlite3.Connection:
        if self.read_only:
            try:
                return self._configure(self._open_uri("mode=ro"))
            except sqlite3.OperationalError:
                # A write-ahead database on a read-only disk: readable only as a file that nobody changes.
                if not self.path.exists() or self.path.with_name(self.path.name + "-wal").exists():
                    raise
                return self._configure(self._open_uri("immutable=1"))
        return self._configure(sqlite3.connect(self.path, isolation_level=None, check_same_thread=False))

    def _open_uri(self, option: str) -> sqlite3.Connection:
        uri = f"{self.path.absolute().as_uri()}?{option}"
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)

    def _configure(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        try:
            connection.row_factory = sqlite3.Row
            connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            if not self.read_only:
                self._execute_retrying(connection, "PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    def _execute_retrying(self, connection: sqlite3.Connection, statement: str) -> None:
        for attempt in range(1, BUSY_RETRIES + 1):
            try:
                connection.execute(statement)
                return
            except sqlite3.OperationalError as error:
                if attempt == BUSY_RETRIES or not ("locked" in str(error) or "busy" in str(error)):
                    raise store_error(error, f"write to {self.path.name}") from error
