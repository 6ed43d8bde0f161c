"""An engine in a process of its own on a simulated market, to be killed and started again by tests."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.kernel.clock import SystemClock
from storage.stores import Stores

MARKET = "simulated_hogs"
LIVE_BARS = 2000


class EngineWorkspace:
    """One workspace beside its venue's private folder; at most one engine at a time."""

    def __init__(self, root: Path, *, seed: int, fault: str | None, settings: dict[str, Any]) -> None:
        self.root = root
        self.log = root.with_name(root.name + ".engine.log")
        self._settings = {"agent.autonomy": "autonomous", **settings}
        private = root.with_name(root.name + ".venue")
        private.mkdir(parents=True)
        (private / "venue.json").write_text(json.dumps({"seed": seed, "fault": fault}), encoding="utf-8")
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> list[str]:
        """The command line of the program on this workspace."""
        settings = [item for key, value in self._settings.items() for item in ("--set", f"{key}={value}")]
        common = ["--workspace", str(self.root), "--market", MARKET, *settings]
        return [sys.executable, "-m", "hydra_tui.main", *common, *arguments]

    def start(self, crashpoint: str | None = None, live_bars: int = LIVE_BARS) -> subprocess.Popen[bytes]:
        """Start the engine; `crashpoint` makes it kill itself there."""
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        if crashpoint is not None:
            environment["HYDRA_CRASHPOINT"] = crashpoint
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command("run", "--unpaced", "--live-bars", str(live_bars)), stdout=log, stderr=log, env=environment
            )
        return self.process

    def kill(self) -> None:
        """SIGKILL, to the engine's own pid alone."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=30)

    def stop(self) -> int:
        """Ask the engine to end in order; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def verify(self) -> dict[str, Any]:
        """What `hydra verify --json` says."""
        done = subprocess.run(
            self.command("verify", "--json"), capture_output=True, text=True, timeout=120, check=False
        )
        document: dict[str, Any] = json.loads(done.stdout)
        return {**document, "exit_code": done.returncode}

    @contextmanager
    def stores(self, *, read_only: bool = True) -> Iterator[Stores]:
        """The stores of the workspace, beside the engine."""
        opened = Stores.open(self.root, read_only=read_only)
        try:
            yield opened
        finally:
            opened.close()

    def count(self, sql: str) -> int:
        """One number from the database, read as any other program would; 0 where it does not exist yet."""
        path = self.root / "state" / "hydra.db"
        if not path.exists():
            return 0
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=5.0)
        try:
            return int(connection.execute(sql).fetchone()[0] or 0)
        except sqlite3.OperationalError:
            return 0
        finally:
            connection.close()

    def bars(self) -> int:
        """Live bars that were stepped so far."""
        return self.count("SELECT COUNT(*) FROM equity")

    def last_event(self) -> int:
        """Number of the newest event."""
        return self.count("SELECT MAX(seq) FROM events")

    def workers(self) -> dict[int, str]:
        """Processes of this workspace but the engine: pid -> command line. Zombies have none and do not count."""
        own = None if self.process is None or self.process.poll() is not None else self.process.pid
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) in (own, os.getpid()):
                continue
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(self.root) in line:
                found[int(entry.name)] = line
        return found

    def has_worker(self, sub_command: str) -> bool:
        """Whether a worker of this kind lives."""
        return any(sub_command in line for line in self.workers().values())

    def was_started(self) -> bool:
        """Whether an engine ever recorded its start here."""
        return self.last_event() > 0

    def end_all(self) -> None:
        """Leave no process behind, whatever a failed test left."""
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def tail(self) -> str:
        """The end of the engine's log, for messages."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:] if self.log.exists() else ""


def poll(condition: Callable[[], bool], seconds: float, every: float = 0.05) -> bool:
    """Whether the condition became true within so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(every)
    return condition()


def wall_ts() -> int:
    """The machine's time, which operators' commands carry."""
    return SystemClock().now_ts()
