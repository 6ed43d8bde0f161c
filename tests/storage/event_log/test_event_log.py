"""The event log: registry of kinds, hash chain, sealing, the head kept outside the database."""

from __future__ import annotations

import json
import shutil
import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.kernel.errors import CorruptStoreError, StoreError
from engine.kernel.events import Event
from engine.kernel.workspace_paths import WorkspacePaths
from storage.database import Database
from storage.event_log import EventLog


@pytest.fixture
def log(db: Database, paths: WorkspacePaths) -> EventLog:
    return EventLog(db, paths)


def append(log: EventLog, number: int, market: str = "hogs") -> Event:
    return log.append(
        "ingest.refused", f"file-{number}", {"input": str(number), "reason": "ü"}, ts=number, market=market
    )


def test_events_are_numbered_and_read_back(log: EventLog) -> None:
    events = [append(log, number, "hogs" if number % 2 else "cattle") for number in range(6)]
    assert log.read() == events
    assert log.read(after_seq=4) == events[4:]
    assert log.read(kinds=["ingest.refused"], market="cattle", limit=2) == [events[0], events[2]]
    assert log.read(kinds=["engine.started"]) == []
    assert log.tail(2) == events[-2:]
    assert log.head() == (6, events[-1].hash)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("no.such.kind", {}),
        ("ingest.refused", {"input": "a"}),
        ("ingest.refused", {"input": "a", "reason": "b", "surplus": 1}),
        ("ingest.refused", {"input": float("nan"), "reason": "b"}),
        ("ingest.refused", {"input": object(), "reason": "b"}),
    ],
)
def test_unfit_event_is_refused(log: EventLog, kind: str, payload: dict[str, object]) -> None:
    with pytest.raises(StoreError):
        log.append(kind, "s", payload, ts=1)
    assert log.head()[0] == 0


def test_undone_transaction_leaves_no_event_and_no_delivery(log: EventLog, db: Database) -> None:
    delivered: list[int] = []
    log.on_committed(lambda event: delivered.append(event.seq))
    append(log, 1)
    with pytest.raises(RuntimeError), db.transaction():
        append(log, 2)
        raise RuntimeError
    with db.transaction():
        append(log, 3)
        assert delivered == [1]
    assert delivered == [1, 2]
    assert [event.subject for event in log.read()] == ["file-1", "file-3"]
    assert log.verify().ok


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(1, 12),
    column=st.sampled_from(["ts", "kind", "subject", "market", "payload", "cause_seq", "prev_hash", "hash", "row"]),
    sealed=st.booleans(),
)
def test_any_change_of_a_row_is_found_at_that_row(
    tmp_path_factory: pytest.TempPathFactory, at: int, column: str, sealed: bool
) -> None:
    paths = WorkspacePaths(tmp_path_factory.mktemp("chain"))
    paths.create()
    db = Database(paths.database)
    log = EventLog(db, paths)
    for number in range(12):
        append(log, number)
    if sealed:
        log.seal(keep_last=12, ts=99)
    if column == "row":
        db.execute("DELETE FROM events WHERE seq = ?", (at,))
    else:
        db.execute(f"UPDATE events SET {column} = 7777 WHERE seq = ?", (at,))
    report = log.verify()
    db.close()
    if column == "row" and at == 12 and not sealed:
        assert report.ok  # a cut tail shows only against the head kept outside
    else:
        assert not report.ok
        if not (column == "row" and at == 12):
            assert report.first_broken_seq == at


def test_sealed_events_stay_in_the_chain(log: EventLog, db: Database, paths: WorkspacePaths) -> None:
    for number in range(10):
        append(log, number)
    first = log.seal(keep_last=4, ts=50)
    assert first is not None and [event.seq for event in log.read()] == [7, 8, 9, 10, 11]
    for number in range(5):
        append(log, number)
    assert log.seal(keep_last=3, ts=60) is not None
    report = log.verify()
    assert (report.ok, report.rows, report.head_file) == (True, 17, "match")
    append(log, 1)
    assert log.verify().head_file == "older"
    stray = paths.sealed_events / "stray.parquet"
    stray.write_bytes(b"x")
    assert log.sweep_orphans() == [stray]
    first.write_bytes(first.read_bytes()[:-20])
    with pytest.raises(CorruptStoreError, match="segment"):
        log.verify()


def test_replaced_database_shows_against_the_head_outside(log: EventLog, db: Database, paths: WorkspacePaths) -> None:
    for number in range(3):
        append(log, number)
    old = paths.root / "old.db"
    db.backup_to(old)
    append(log, 4)
    log.write_head(ts=9)
    other = Database(old)
    report = EventLog(other, paths).verify()
    assert (report.ok, report.head_file) == (False, "behind")
    append(EventLog(other, paths), 5)
    append(EventLog(other, paths), 6)
    report = EventLog(other, paths).verify()
    assert (report.ok, report.head_file) == (False, "different")
    other.close()
    paths.chain_head.write_text("{")
    assert log.verify().head_file == "unreadable"


def test_head_file_names_the_head(log: EventLog, paths: WorkspacePaths) -> None:
    event = append(log, 1)
    log.write_head(ts=5)
    assert json.loads(paths.chain_head.read_text()) == {"seq": 1, "hash": event.hash, "ts": 5}


def test_sealing_that_never_committed_leaves_the_chain_whole(
    log: EventLog, db: Database, paths: WorkspacePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        append(log, number)

    def fail(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch, pytest.raises(StoreError):
        patch.setattr(log, "append", fail)
        log.seal(keep_last=2, ts=9)
    assert log.verify().ok and len(log.read()) == 6
    assert len(log.sweep_orphans()) == 1
    assert log.seal(keep_last=2, ts=9) is not None and log.verify().ok
    shutil.rmtree(paths.sealed_events)
    with pytest.raises(CorruptStoreError):
        log.verify()
