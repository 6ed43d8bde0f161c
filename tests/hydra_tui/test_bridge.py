"""The bridge on a real workspace: snapshots in, commands out, HALT with a dead engine; and what the app imports."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from engine.kernel.clock import ManualClock
from hydra_tui.bridge import WorkspaceBridge
from hydra_tui.messages import CommandRequest, CommandSettled, SnapshotReady
from storage.command_inbox import CommandInbox
from storage.database import Database
from tests.hydra_tui.fixture_workspace import MARKET, WALL, fill_workspace


class Inbox:
    """Messages as they arrive."""

    def __init__(self):
        self.messages = []
        self.arrived = threading.Condition()

    def __call__(self, message):
        with self.arrived:
            self.messages.append(message)
            self.arrived.notify_all()

    def wait_for(self, kind, count=1, seconds=10.0):
        deadline = time.monotonic() + seconds
        with self.arrived:
            while True:
                found = [message for message in self.messages if isinstance(message, kind)]
                if len(found) >= count:
                    return found[-1]
                assert self.arrived.wait(max(0.0, deadline - time.monotonic())), f"no {kind.__name__}"


@pytest.fixture
def started(tmp_path):
    paths = fill_workspace(tmp_path)
    inbox = Inbox()
    bridge = WorkspaceBridge(paths, MARKET, ManualClock(WALL), refresh_hz=50.0)
    bridge.start(inbox)
    yield bridge, inbox, paths
    bridge.stop()


def test_a_snapshot_comes_at_once_and_again_only_after_a_change(started):
    _, inbox, paths = started
    assert inbox.wait_for(SnapshotReady).snapshot.market == MARKET
    seen = len(inbox.messages)
    db = Database(paths.database)
    with db.transaction() as connection:
        connection.execute("UPDATE heartbeats SET ts = ts + 1")
    inbox.wait_for(SnapshotReady, seen + 1)
    db.close()


def test_an_act_is_answered_by_the_engine(started):
    bridge, inbox, paths = started
    bridge.send(CommandRequest("rollback", {"reason": "worse"}, 8844, "roll back"))
    db = Database(paths.database)
    commands = CommandInbox(db)
    deadline = time.monotonic() + 10
    while not (waiting := commands.pending(1)) and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert waiting[0].kind == "rollback" and waiting[0].expected_state_seq == 8844
    commands.settle(waiting[0].id, "accepted", "", {"model_id": "ridge-2d0e11"}, WALL, 5)
    answer = inbox.wait_for(CommandSettled)
    assert answer.status == "accepted" and answer.result == {"model_id": "ridge-2d0e11"}
    db.close()


def test_a_wrong_act_is_refused_here(started):
    bridge, inbox, _ = started
    bridge.send(CommandRequest("approve", {}, None, "approve"))
    assert "missing" in inbox.wait_for(CommandSettled).reason


def test_halt_leaves_a_file_when_the_engine_does_not_answer(started):
    bridge, _, paths = started
    bridge.send(CommandRequest("halt", {"reason": "stuck"}, None, "HALT"))
    deadline = time.monotonic() + 10
    # The file counts from the moment it exists; its reason follows a moment later.
    while not (paths.halt_file.exists() and paths.halt_file.read_text()) and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    assert "stuck" in paths.halt_file.read_text()


def test_halt_leaves_a_file_when_the_database_is_broken(tmp_path):
    from engine.kernel.workspace_paths import WorkspacePaths

    paths = WorkspacePaths(tmp_path)
    paths.create()
    paths.database.write_bytes(b"this is no database" * 100)
    inbox = Inbox()
    bridge = WorkspaceBridge(paths, MARKET, ManualClock(WALL))
    bridge.start(inbox)
    bridge.send(CommandRequest("halt", {"reason": "broken"}, None, "HALT"))
    assert inbox.wait_for(CommandSettled).status == "accepted"
    assert paths.halt_file.exists()
    bridge.stop()


def test_the_app_imports_nothing_heavy_before_the_first_paint():
    heavy = (
        "torch",
        "lightgbm",
        "sklearn",
        "duckdb",
        "pyarrow",
        "numpy",
        "scipy",
        "pandas",
        "pydantic",
        "textual_plot",
    )
    code = f"import sys, hydra_tui.app, hydra_tui.bridge; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
