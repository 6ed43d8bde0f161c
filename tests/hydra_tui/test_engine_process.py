"""The engine of a screen: a process of its own that ends in order, comes back after a crash and never outlives it."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.host.operations.requests import engine_is_alive
from engine.kernel.child_processes import process_is_alive
from hydra_tui.engine_process import EngineProcess
from hydra_tui.hosting import private_directory
from hydra_tui.session import SIMULATED_MARKET, Session
from storage.lease import LeaseHolder
from storage.stores import Stores

FLAGS = {"simulation.history_bars": 400, "models.training_window_bars": 300}


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A simulated market that nothing breaks."""
    session = Session(tmp_path / "w", SIMULATED_MARKET, dict(FLAGS))
    private_directory(session).mkdir(parents=True)
    (private_directory(session) / "venue.json").write_text(json.dumps({"seed": 3, "fault": "none"}), encoding="utf-8")
    session.paths.create()
    return session


@pytest.fixture
def told() -> queue.Queue[tuple[str, bool]]:
    return queue.Queue()


@pytest.fixture
def engine(session: Session, told: queue.Queue[tuple[str, bool]]) -> Iterator[EngineProcess]:
    process = EngineProcess(session, lambda words, final: told.put((words, final)), shutdown_seconds=20.0)
    yield process
    process.stop()


def wait_for(seen: Callable[[], bool], what: str, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def holder(session: Session, other_than: int | None = None) -> LeaseHolder:
    """Who holds the lease, once a live engine with another pid than `other_than` does."""
    found: list[LeaseHolder] = []

    def holds() -> bool:
        if not session.paths.database.exists():
            return False
        with Stores.open(session.root) as stores:
            lease = stores.lease.current()
            if lease is not None and lease.pid != other_than and engine_is_alive(stores, session.load().config):
                found.append(lease)
        return bool(found)

    wait_for(holds, "no engine took the lease")
    return found[-1]


def test_it_runs_apart_and_ends_in_order(
    session: Session, engine: EngineProcess, told: queue.Queue[tuple[str, bool]]
) -> None:
    engine.start()
    lease = holder(session)
    assert (lease.pid, lease.host_kind) == (engine.pid, "screen")
    assert lease.pid != os.getpid()
    engine.stop()
    assert not process_is_alive(lease.pid)
    with Stores.open(session.root) as stores:
        after = stores.lease.current()
        stopped = [event for event in stores.events.read() if event.kind == "engine.stopped"]
    assert after is not None
    assert after.released
    assert stopped[-1].payload["reason"] == "the operator closed the screen"
    assert told.empty()


def test_a_crashed_engine_is_started_again_under_a_new_epoch(
    session: Session, engine: EngineProcess, told: queue.Queue[tuple[str, bool]]
) -> None:
    engine.start()
    first = holder(session)
    os.kill(first.pid, signal.SIGKILL)
    assert told.get(timeout=30.0) == ("the engine crashed (signal 9); starting it again, 1 of 3", False)
    second = holder(session, other_than=first.pid)
    assert second.epoch == first.epoch + 1
    assert second.pid == engine.pid


def test_an_engine_that_cannot_start_says_why_and_is_not_started_again(
    session: Session, engine: EngineProcess, told: queue.Queue[tuple[str, bool]]
) -> None:
    session.paths.database.write_bytes(b"this is no database" * 500)
    engine.start()
    words, final = told.get(timeout=60.0)
    assert final
    assert words.startswith("this window's engine stopped: ")
    assert "hydra.db" in words or "database" in words
    engine.stop()
    assert told.empty()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel kills orphans at once on Linux alone")
def test_a_killed_screen_takes_its_engine_along(session: Session) -> None:
    script = f"""
import time
from pathlib import Path
from hydra_tui.engine_process import EngineProcess
from hydra_tui.session import Session
session = Session(Path({str(session.root)!r}), {SIMULATED_MARKET!r}, {FLAGS!r})
EngineProcess(session, print, shutdown_seconds=20.0).start()
time.sleep(300)
"""
    screen = subprocess.Popen([sys.executable, "-c", script], cwd=session.root)
    try:
        lease = holder(session)
    finally:
        screen.kill()
        screen.wait()
    wait_for(lambda: not process_is_alive(lease.pid), "the engine outlived its screen", 10.0)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM there")
def test_a_daemon_that_is_asked_to_stop_while_it_starts_ends_well(session: Session) -> None:
    settings = [part for key, value in FLAGS.items() for part in ("--set", f"{key}={value}")]
    command = [sys.executable, "-m", "hydra_tui.main", "--workspace", str(session.root), *settings, "--daemon"]
    daemon = subprocess.Popen([*command], stderr=subprocess.DEVNULL)
    try:
        assert holder(session).pid == daemon.pid
        daemon.terminate()
        assert daemon.wait(timeout=60.0) == 0
    finally:
        daemon.kill()
        daemon.wait()
    with Stores.open(session.root) as stores:
        lease = stores.lease.current()
    assert lease is not None
    assert lease.released
