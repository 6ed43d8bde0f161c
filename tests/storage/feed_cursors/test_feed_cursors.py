"""Where each live source goes on: stored with its batch, and given to workspaces that an older HYDRA made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from storage.database import Database
from storage.feed_cursors import FeedCursor, FeedCursors
from storage.migrations import MIGRATIONS


def test_a_source_never_polled_has_an_empty_cursor(db: Database) -> None:
    fresh = FeedCursors(db).get("newsapi", "hogs")
    assert (fresh.cursor, fresh.failures, fresh.reason, fresh.last_attempt_ts) == ({}, 0, "", None)
    assert FeedCursors(db).list("hogs") == []


def test_a_row_is_kept_by_source_and_market(db: Database) -> None:
    cursors = FeedCursors(db)
    row = FeedCursor("newsapi", "hogs", ["newsapi"], {"from_ts": 5}, 1, 2, 3, 4, "no answer")
    cursors.put(row)
    cursors.put(replace(row, market="corn", failures=0))
    assert cursors.get("newsapi", "hogs") == row
    assert [one.failures for one in cursors.list("corn")] == [0]


def test_a_cursor_goes_with_its_transaction(db: Database) -> None:
    cursors = FeedCursors(db)
    with pytest.raises(RuntimeError), db.transaction():
        cursors.put(FeedCursor("newsapi", "hogs", [], {"from_ts": 5}))
        raise RuntimeError("the batch was not stored")
    assert cursors.get("newsapi", "hogs").cursor == {}


def test_a_workspace_of_schema_1_gets_the_table_and_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "hydra.db"
    old = Database(path, migrations=MIGRATIONS[:1])
    old.execute("INSERT INTO state(key, value, state_seq, updated_ts) VALUES('kept', '1', 1, 1)")
    old.close()
    now = Database(path)
    FeedCursors(now).put(FeedCursor("cftc", "hogs", ["cot_legacy"], {}))
    assert now.query("SELECT count(*) FROM state WHERE key = 'kept'")[0][0] == 1
    assert now.query("SELECT value FROM meta WHERE key = 'schema_version'")[0][0] == str(MIGRATIONS[-1].number)
    now.close()
