"""The whole program: the headless demo, memory of the app, restart on a full workspace, a rollback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.host.operations.commands import await_command, submit_command
from engine.kernel.clock import SystemClock
from storage.stores import Stores
from tests.bench.figure import Figure, at_most, median
from tests.bench.terminal import HYDRA, Terminal

SEED = 1
ROLLBACKS = 15


@contextmanager
def finished_demo() -> Iterator[tuple[Path, dict[str, object]]]:
    """The workspace that `hydra demo --headless` left, and its report."""
    arguments = [*HYDRA, "demo", "--headless", "--seed", str(SEED), "--keep", "--json"]
    done = subprocess.run(arguments, capture_output=True, check=True, text=True)
    report = json.loads(done.stdout)
    workspace = Path(str(report["workspace"]))
    try:
        yield workspace, report
    finally:
        shutil.rmtree(workspace.parent, ignore_errors=True)


def measure(workspace: Path, report: dict[str, object]) -> list[Figure]:
    """Figures on the workspace of a finished demo."""
    seconds = float(str(report["wall_seconds"]))
    story = f"seed {SEED}, {report['live_bars']} live bars, success {report['success']}"
    figures = [at_most("hydra demo --headless", seconds, "s", story, 60.0)]
    figures += _memory_attached(workspace)
    figures += _daemon(workspace)
    return figures + _memory_hosting(workspace)


def _memory_attached(workspace: Path) -> list[Figure]:
    with Terminal((*HYDRA, "--workspace", str(workspace), "--readonly")) as terminal:
        terminal.until(lambda painted: b"HYDRA" in painted, 30.0)
        for key in "2345678921":
            terminal.press(key)
            terminal.drain(0.5, 3.0)
        return [at_most("memory of an attached screen", terminal.resident_mib(), "MiB", "every screen visited", 120.0)]


def _memory_hosting(workspace: Path) -> list[Figure]:
    """The screen, its engine and whatever else they started, pages that they share counted once."""
    with Terminal((*HYDRA, "--workspace", str(workspace))) as terminal:
        terminal.until(lambda painted: b"HYDRA" in painted, 30.0)
        terminal.drain(0.5, 45.0)
        for key in "2345678921":
            terminal.press(key)
            terminal.drain(0.5, 3.0)
        how = "every screen visited, 45 s of simulated market at 10 bars a second"
        parts = terminal.family_mib()
        apart = ", ".join(f"{name} {mib:.0f}" for name, mib in parts.items())
        return [at_most("memory of a screen with its engine", sum(parts.values()), "MiB", f"{how}: {apart}", 320.0)]


def _daemon(workspace: Path) -> list[Figure]:
    """A daemon on the demo's workspace with a line of promoted twins behind its champion, rolled back one by one."""
    with Stores.open(workspace) as stores:
        market = str(stores.state.get("market"))
        _promote_twins(stores, market)
    began = time.perf_counter()
    daemon = subprocess.Popen(
        [*HYDRA, "--workspace", str(workspace), "--daemon"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        with Stores.open(workspace) as stores:
            bars = _bars(stores)
            _until(lambda: _bars(stores) > bars, 180.0)
            resumed = time.perf_counter() - began
            taken = [_rollback_ms(stores, market) for _ in range(ROLLBACKS)]
        daemon.send_signal(signal.SIGTERM)
        stop_began = time.perf_counter()
        daemon.wait(timeout=30.0)
        stopped = time.perf_counter() - stop_began
    finally:
        if daemon.poll() is None:
            os.killpg(daemon.pid, signal.SIGKILL)
            daemon.wait()
    how = f"longest of {len(taken)}, median {median(taken):.0f} ms, engine at work"
    return [
        Figure("daemon: from start to the next traded bar", resumed, "s", "on the workspace of the demo"),
        at_most("rollback, command to champion change", max(taken), "ms", how, 1000.0),
        at_most("daemon: from SIGTERM to its end", stopped, "s", "in order", 10.0),
    ]


def _promote_twins(stores: Stores, market: str) -> None:
    champion = stores.registry.champion(market)
    assert champion is not None
    for number in range(ROLLBACKS):
        twin = stores.registry.register(
            market=market,
            kind=champion.kind,
            config=champion.config,
            artifact_hash=champion.artifact_hash,
            data_snapshot_hash=champion.data_snapshot_hash,
            code_version=champion.code_version,
            metrics=champion.metrics,
            ts=champion.created_ts + number + 1,
            model_id=f"{champion.model_id}-twin{number}",
        )
        stores.registry.promote(market, twin.model_id, actor="bench", reason="benchmark", ts=twin.created_ts)


def _rollback_ms(stores: Stores, market: str) -> float:
    before = stores.registry.champion_id(market)
    asked = time.perf_counter()
    command = submit_command(stores, "rollback", {"reason": "benchmark"}, "bench", None, SystemClock().now_ts())
    _until(lambda: stores.registry.champion_id(market) != before, 10.0)
    taken = 1000.0 * (time.perf_counter() - asked)
    await_command(stores, command, 10.0)
    return taken


def _bars(stores: Stores) -> int:
    return int(stores.db.query("SELECT COUNT(*) FROM equity")[0][0])


def _until(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.perf_counter() + seconds
    while not true():
        if time.perf_counter() > deadline:
            raise RuntimeError(f"what was waited for did not come within {seconds:g} s")
        time.sleep(0.002)
