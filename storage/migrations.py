"""Numbered steps from one schema to the next. Step 1 is `schema.sql`; a later step is added, never edited."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final

from engine.kernel.errors import CorruptStoreError, StoreError


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: afterwards the database has schema `number`. `script` gives its SQL statements."""

    number: int
    description: str
    script: Callable[[], str]


def _script(name: str) -> Callable[[], str]:
    return lambda: resources.files("storage").joinpath(name).read_text(encoding="utf-8")


MIGRATIONS: Final[tuple[Migration, ...]] = (
    Migration(1, "every transactional table", _script("schema.sql")),
    Migration(2, "where each live source goes on", _script("feed_cursors.sql")),
)


def statements_of(script: str) -> Iterator[str]:
    """The statements of a script one by one, so that all of them fit in one transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        if not statement and (not line.strip() or line.lstrip().startswith("--")):
            continue
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise StoreError(f"a migration ends in the middle of a statement: {statement.strip()[:60]}")


def schema_version(connection: sqlite3.Connection) -> int:
    """Schema number of an open database; 0 for an empty one."""
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'").fetchone()
    if known is None:
        return 0
    row = connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
    if row is None or not str(row[0]).isdigit():
        raise CorruptStoreError("the database does not say which schema it has; restore a backup")
    return int(row[0])


def check_version(connection: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """The schema number, refused if a newer HYDRA wrote it."""
    version = schema_version(connection)
    newest = migrations[-1].number
    if version > newest:
        raise StoreError(f"this workspace has schema {version}, written by a newer HYDRA; this one knows up to "
                         f"{newest}: update HYDRA")  # fmt: skip
    return version


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """Bring a database to the newest schema, all steps in one transaction; returns the number of steps taken.

    Safe against a second process that does the same at the same time: the version is read again under the write lock.
    """
    if check_version(connection, migrations) == migrations[-1].number:
        return 0
    taken = 0
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = check_version(connection, migrations)
        for step in migrations:
            if step.number <= version:
                continue
            for statement in statements_of(step.script()):
                connection.execute(statement)
            connection.execute(
                "INSERT INTO meta(key, value) VALUES('schema_version', ?) "
                "ON CONFLICT(key) DO UPDATE SET value = excluded.value",
                (str(step.number),),
            )
            taken += 1
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk makes SQLite roll back by itself
            connection.execute("ROLLBACK")
        raise
    return taken
