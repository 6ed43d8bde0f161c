"""Transactions, migrations and clear errors of the database."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from engine.kernel.errors import CorruptStoreError, StoreError
from engine.kernel.workspace_paths import WorkspacePaths
from storage.database import Database
from storage.migrations import MIGRATIONS, Migration, statements_of


def put(db: Database, key: str) -> None:
    db.execute("INSERT INTO meta(key, value) VALUES(?, 'x')", (key,))


def keys(db: Database) -> set[str]:
    return {row["key"] for row in db.query("SELECT key FROM meta")} - {"schema_version"}


def test_new_database_has_the_newest_schema_and_is_durable(db: Database) -> None:
    assert db.query("SELECT value FROM meta WHERE key = 'schema_version'")[0][0] == str(MIGRATIONS[-1].number)
    assert db.query("PRAGMA journal_mode")[0][0] == "wal"
    assert db.query("PRAGMA synchronous")[0][0] == 2
    assert db.query("PRAGMA foreign_keys")[0][0] == 1


def test_outer_failure_undoes_everything(db: Database) -> None:
    with pytest.raises(RuntimeError), db.transaction():
        put(db, "outer")
        with db.transaction():
            put(db, "inner")
        raise RuntimeError
    assert keys(db) == set()


def test_inner_failure_undoes_the_inner_block_alone(db: Database) -> None:
    seen: list[str] = []
    with db.transaction():
        put(db, "outer")
        with pytest.raises(RuntimeError), db.transaction():
            put(db, "inner")
            db.after_commit(lambda: seen.append("inner committed"))
            db.after_rollback(lambda: seen.append("inner undone"))
            raise RuntimeError
        db.after_commit(lambda: seen.append("outer committed"))
        assert seen == ["inner undone"]
    assert keys(db) == {"outer"}
    assert seen == ["inner undone", "outer committed"]


def test_reader_never_sees_half_a_transaction(db: Database, paths: WorkspacePaths) -> None:
    reader = Database(paths.database, read_only=True)
    with db.transaction():
        put(db, "half")
        assert keys(reader) == set()
    assert keys(reader) == {"half"}
    with pytest.raises(StoreError, match="read-only"):
        put(reader, "no")
    reader.close()


def test_threads_have_their_own_connections(db: Database) -> None:
    def work(name: str) -> None:
        for number in range(20):
            put(db, f"{name}-{number}")

    threads = [threading.Thread(target=work, args=(str(i),)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys(db)) == 80


def test_later_migration_runs_once_and_keeps_rows(tmp_path: Path) -> None:
    path = tmp_path / "hydra.db"
    first = Database(path)
    put(first, "kept")
    first.close()
    number = MIGRATIONS[-1].number + 1
    longer = (
        *MIGRATIONS,
        Migration(number, "a table", lambda: "CREATE TABLE extra (a);\n-- note\nCREATE TABLE more (b);"),
    )
    for _ in range(2):
        second = Database(path, migrations=longer)
        assert keys(second) == {"kept"}
        assert second.query("SELECT count(*) FROM extra")[0][0] == 0
        second.close()
    with pytest.raises(StoreError, match="newer HYDRA"):
        Database(path)
    with pytest.raises(StoreError, match="newer HYDRA"):
        Database(path, read_only=True)


def test_failing_migration_leaves_the_old_schema(tmp_path: Path) -> None:
    path = tmp_path / "hydra.db"
    Database(path).close()
    broken = (
        *MIGRATIONS,
        Migration(MIGRATIONS[-1].number + 1, "bad", lambda: "CREATE TABLE fine (a);\nSELECT nonsense;"),
    )
    with pytest.raises(StoreError):
        Database(path, migrations=broken)
    again = Database(path)
    assert again.query("SELECT count(*) FROM sqlite_master WHERE name = 'fine'")[0][0] == 0
    again.close()


def test_statements_keep_semicolons_inside_texts() -> None:
    assert list(statements_of("INSERT INTO a VALUES('x;y');\n\n-- c;\nSELECT 1;\n")) == [
        "INSERT INTO a VALUES('x;y');\n",
        "SELECT 1;\n",
    ]


def test_file_that_is_no_database_is_named_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "hydra.db"
    path.write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(CorruptStoreError, match="corrupt"):
        Database(path)


def test_damaged_page_is_found(tmp_path: Path) -> None:
    path = tmp_path / "hydra.db"
    db = Database(path)
    with db.transaction():
        for number in range(2_000):
            put(db, f"key-{number}")
    db.close()
    size = path.stat().st_size
    with path.open("r+b") as stream:
        stream.seek(size // 2)
        stream.write(b"\xff" * (size // 4))
    with pytest.raises(StoreError):
        damaged = Database(path)
        damaged.check_integrity()


def test_missing_database_read_only_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot open"):
        Database(tmp_path / "none.db", read_only=True)


def test_full_disk_is_said_and_nothing_is_kept(db: Database) -> None:
    pages = db.query("PRAGMA page_count")[0][0]
    db.query(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreError, match="disk is full"), db.transaction():
        put(db, "first")
        for number in range(5_000):
            put(db, f"{number}" * 20)
    db.query("PRAGMA max_page_count=1073741823")
    assert keys(db) == set()
    put(db, "works again")


def test_constraint_is_a_store_error(db: Database) -> None:
    put(db, "twice")
    with pytest.raises(StoreError) as caught:
        put(db, "twice")
    assert isinstance(caught.value.__cause__, sqlite3.IntegrityError)


def test_closed_database_says_so(paths: WorkspacePaths) -> None:
    db = Database(paths.database)
    db.close()
    with pytest.raises(StoreError, match="closed"):
        db.query("SELECT 1")
