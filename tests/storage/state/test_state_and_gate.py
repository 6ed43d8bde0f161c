"""State rows and the gate: what is missing, corrupt or unheard of permits nothing."""

from __future__ import annotations

import json

import pytest

from engine.kernel.workspace_paths import WorkspacePaths
from storage.database import Database
from storage.operational_gate import OperationalGate
from storage.state_store import HALT, OPERATIONAL_STATE, StateStore


@pytest.fixture
def state(db: Database) -> StateStore:
    return StateStore(db)


@pytest.fixture
def gate(paths: WorkspacePaths, state: StateStore) -> OperationalGate:
    return OperationalGate(paths, state)


def enter(state: StateStore, name: str, halted: bool = False) -> None:
    state.put(OPERATIONAL_STATE, {"state": name, "since_ts": 1, "reason": "r", "trigger": "t"}, 1)
    state.put(HALT, {"halted": halted, "reason": "operator"}, 1)


def spoil(db: Database, key: str, text: str) -> None:
    db.execute("UPDATE state SET value = ? WHERE key = ?", (text, key))


def test_every_change_has_the_next_number(state: StateStore, db: Database) -> None:
    assert state.state_seq() == 0
    assert [state.put("a", 1, 1), state.put("b", {"x": None}, 1), state.put("a", 2, 2)] == [1, 2, 3]
    with pytest.raises(RuntimeError), db.transaction():
        state.put("a", 9, 3)
        raise RuntimeError
    assert (state.state_seq(), state.get("a"), state.get("none")) == (3, 2, None)
    assert state.all() == {"a": 2, "b": {"x": None}}


@pytest.mark.parametrize(
    ("name", "halted", "raising", "lowering"),
    [
        ("RUNNING", False, True, True),
        ("DEGRADED", False, True, True),
        ("RUNNING", True, False, True),
        ("HALTED", False, False, True),
        ("LOCKDOWN", False, False, True),
        ("UNKNOWN", False, False, False),
        ("FREE FOR ALL", False, False, False),
    ],
)
def test_what_each_state_permits(
    state: StateStore, gate: OperationalGate, name: str, halted: bool, raising: bool, lowering: bool
) -> None:
    enter(state, name, halted)
    assert (gate.permits(True)[0], gate.permits(False)[0]) == (raising, lowering)


@pytest.mark.parametrize("key", [OPERATIONAL_STATE, HALT])
@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"RUNNING"', '{"state": ["RUNNING"], "halted": "no"}', "\x00"])
def test_corrupt_row_permits_nothing(
    state: StateStore, gate: OperationalGate, db: Database, key: str, text: str
) -> None:
    enter(state, "RUNNING")
    assert gate.permits(True) == (True, "")
    spoil(db, key, text)
    assert not gate.permits(True)[0] and not gate.permits(False)[0]


@pytest.mark.parametrize("key", [OPERATIONAL_STATE, HALT])
def test_missing_row_permits_nothing(state: StateStore, gate: OperationalGate, db: Database, key: str) -> None:
    enter(state, "RUNNING")
    db.execute("DELETE FROM state WHERE key = ?", (key,))
    assert not gate.permits(True)[0] and not gate.permits(False)[0]


def test_unreadable_database_permits_nothing(state: StateStore, gate: OperationalGate, db: Database) -> None:
    enter(state, "RUNNING")
    db.close()
    assert not gate.permits(True)[0] and not gate.permits(False)[0]


@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
def test_halt_file_halts_at_once(state: StateStore, gate: OperationalGate, paths: WorkspacePaths, kind: str) -> None:
    enter(state, "RUNNING")
    if kind == "file":
        paths.halt_file.touch()
    elif kind == "folder":
        paths.halt_file.mkdir()
    else:
        paths.halt_file.symlink_to(paths.root / "nowhere")
    assert not gate.permits(True)[0] and gate.permits(False)[0]
    paths.halt_file.rmdir() if kind == "folder" else paths.halt_file.unlink()
    assert gate.permits(True)[0]


def test_halt_of_another_process_binds_the_next_order(
    state: StateStore, gate: OperationalGate, paths: WorkspacePaths
) -> None:
    enter(state, "RUNNING")
    other = Database(paths.database)
    StateStore(other).put(HALT, {"halted": True}, 2)
    other.close()
    assert not gate.permits(True)[0]
    assert json.loads(json.dumps(state.get(HALT))) == {"halted": True}
