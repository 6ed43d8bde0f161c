"""Experiment processes: one spawned process each, at most a few at once, killed with their whole group on timeout."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.kernel.child_processes import kill_group, start_child
from engine.sandbox.experiment_spec import RESULT_FILE


@dataclass(frozen=True, slots=True)
class ExperimentEnd:
    """How an experiment's process ended: `status` is finished, failed or timeout; `result` is its answer if it gave
    one."""

    experiment_id: str
    status: str
    exit_code: int
    result: dict[str, Any] | None
    reason: str
    duration_s: float


@dataclass(slots=True)
class _Running:
    process: subprocess.Popen[bytes]
    directory: Path
    started_monotonic: float
    log: Any


class ExperimentPool:
    """Starts, watches and ends experiment processes. Wall time is used only for the timeout, never in a decision."""

    def __init__(self, *, max_concurrent: int, timeout_s: float, memory_mib: int, niceness: int) -> None:
        self._max_concurrent = max_concurrent
        self._timeout_s = timeout_s
        self._memory_mib = memory_mib
        self._niceness = niceness
        self._running: dict[str, _Running] = {}

    @property
    def has_slot(self) -> bool:
        """Whether another experiment may start now."""
        return len(self._running) < self._max_concurrent

    @property
    def running(self) -> dict[str, int]:
        """Experiment id -> pid of every live experiment."""
        return {name: item.process.pid for name, item in self._running.items()}

    def start(self, experiment_id: str, directory: Path) -> int:
        """Spawn the experiment that lies in `directory`; returns its pid."""
        log = (directory / "log.txt").open("wb")
        process = start_child(
            [
                "__experiment",
                "--directory",
                str(directory),
                "--niceness",
                str(self._niceness),
                "--memory-mib",
                str(self._memory_mib),
            ],
            stdout=log,
            stderr=log,
            working_directory=directory,
        )
        self._running[experiment_id] = _Running(process, directory, time.monotonic(), log)
        return process.pid

    def poll(self) -> list[ExperimentEnd]:
        """Experiments that ended since the last call; overdue ones are killed with their group first."""
        ended = []
        for name, item in list(self._running.items()):
            elapsed = time.monotonic() - item.started_monotonic
            exit_code = item.process.poll()
            if exit_code is None and elapsed <= self._timeout_s:
                continue
            if exit_code is None:
                kill_group(item.process)
                ended.append(self._end(name, "timeout", -9, None, f"killed after {self._timeout_s:.0f} s", elapsed))
                continue
            ended.append(self._collect(name, item, exit_code, elapsed))
        return ended

    def kill(self, experiment_id: str) -> bool:
        """Kill one experiment now; False where it does not run."""
        item = self._running.pop(experiment_id, None)
        if item is None:
            return False
        kill_group(item.process)
        item.log.close()
        return True

    def close(self) -> None:
        """Kill all experiments; called when the engine ends."""
        for name in list(self._running):
            self.kill(name)

    def _collect(self, name: str, item: _Running, exit_code: int, elapsed: float) -> ExperimentEnd:
        path = item.directory / RESULT_FILE
        if exit_code == 0 and path.exists():
            return self._end(name, "finished", 0, json.loads(path.read_text(encoding="utf-8")), "", elapsed)
        tail = (item.directory / "log.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return self._end(name, "failed", exit_code, None, tail[-1] if tail else f"exit code {exit_code}", elapsed)

    def _end(
        self, name: str, status: str, exit_code: int, result: dict[str, Any] | None, reason: str, elapsed: float
    ) -> ExperimentEnd:
        item = self._running.pop(name)
        item.log.close()
        return ExperimentEnd(name, status, exit_code, result, reason, round(elapsed, 3))
