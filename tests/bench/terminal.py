"""A program in a pseudo-terminal: start it, press keys, and see when what it paints arrives."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path

COLUMNS, ROWS = 160, 50
HYDRA = (sys.executable, "-m", "hydra_tui.main")


class Terminal:
    """One program behind a terminal of 160x50. Use as a context manager; leaving it ends the program's whole group."""

    def __init__(self, command: Sequence[str]) -> None:
        self._main, secondary = pty.openpty()
        fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            list(command), stdin=secondary, stdout=secondary, stderr=secondary, env=environment, start_new_session=True
        )
        os.close(secondary)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *error: object) -> None:
        self.press("\x11")
        deadline = time.perf_counter() + 10.0
        while self.process.poll() is None and time.perf_counter() < deadline:
            self.read(0.05)
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._main)

    def press(self, keys: str) -> float:
        """Send keys; returns when."""
        now = time.perf_counter()
        os.write(self._main, keys.encode())
        return now

    def read(self, seconds: float) -> bytes:
        """What is painted within `seconds`, as soon as there is anything; empty where nothing came."""
        ready, _, _ = select.select([self._main], [], [], max(0.0, seconds))
        if not ready:
            return b""
        try:
            return os.read(self._main, 1 << 20)
        except OSError:
            return b""

    def drain(self, quiet_seconds: float, longest_seconds: float = 60.0) -> None:
        """Read until nothing was painted for `quiet_seconds`."""
        deadline = time.perf_counter() + longest_seconds
        while self.read(quiet_seconds) and time.perf_counter() < deadline:
            pass

    def until(self, seen: Callable[[bytes], bool], seconds: float) -> float | None:
        """When what was painted since the call first fits `seen`; None after `seconds` without it."""
        painted = b""
        deadline = time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0:
            painted += self.read(left)
            if seen(painted):
                return time.perf_counter()
        return None

    def resident_mib(self) -> float:
        """Resident memory of the program's own process."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return float("nan")

    def family_mib(self) -> dict[str, float]:
        """Proportional memory of the program and of every process that it started, by what each of them is."""
        members = [self.process.pid]
        for pid in members:
            for task in Path(f"/proc/{pid}/task").iterdir():
                members += [int(child) for child in (task / "children").read_text(encoding="utf-8").split()]
        return {_worker_name(pid): _proportional_mib(pid) for pid in members}


def _worker_name(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    return next((word for word in words if word.startswith("__")), "screen")


def _proportional_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return float("nan")


class Busy:
    """Processes that compute without pause at the niceness of workers, for as long as the block lasts."""

    def __init__(self, count: int, niceness: int) -> None:
        program = f"import os\nos.nice({niceness})\nwhile True: sum(range(100000))"
        self._processes = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(count)]

    def __enter__(self) -> Busy:
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
