"""From a key to what it paints, in a terminal of 160x50: idle, beside busy processes, and hosting a busy engine.

Keys: the cursor (j, k on the Journal: anything painted counts), the zone of all times (u on the Journal: its notice
counts), and another screen (4, 7: its name in the bar counts). Only the last two can be told from what an engine at
work paints. The same keys on the same screens everywhere; the zone on the Desk, the fullest screen, comes on top.

A hosted engine runs at 10 bars a second. Simulated time stands still while an experiment computes, so experiments meet
an engine that settles commands and beats; one bar a second is more than that, and than any real market gives.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.figure import Figure, at_most, median, quantile
from tests.bench.terminal import HYDRA, Busy, Terminal

PRESSES = 80
WORKERS = 3
NICENESS = 10
PLAIN = (sys.executable, str(Path(__file__).with_name("table_app.py")))
LIMIT_MS = 25.0
LIMIT_RATIO = 1.5
Mark = Callable[[bytes], bool]


def measure(workspace: Path) -> list[Figure]:
    """p95 of each key in each situation, and its ratio to idle. `workspace`: a finished market without an engine."""
    attached = (*HYDRA, "--workspace", str(workspace), "--readonly")
    plain = _plain()
    idle = _attached(attached, 0)
    busy = _attached(attached, WORKERS)
    hosted = _hosted(0, 10.0)
    testing = _hosted(WORKERS, 1.0)
    crowded = _hosted(WORKERS, 10.0)
    how = f"{len(plain)} presses, median {median(plain):.1f} ms, longest {max(plain):.1f} ms"
    figures = [Figure("cursor in two plain Textual tables, p95", quantile(plain, 0.95), "ms", how)]
    for place, taken in (
        ("idle", idle),
        (f"{WORKERS} busy niced processes", busy),
        ("hosting the engine", hosted),
        (f"hosting the engine at 1 bar/s, {WORKERS} busy niced processes", testing),
        (f"hosting the engine, {WORKERS} busy niced processes", crowded),
    ):
        for key, times in taken.items():
            p95 = quantile(times, 0.95)
            how = f"{len(times)} presses, median {median(times):.1f} ms, longest {max(times):.1f} ms"
            figures.append(at_most(f"{key}, {place}, p95", p95, "ms", how, LIMIT_MS))
            if taken is not idle:
                ratio = p95 / quantile(idle[key], 0.95)
                figures.append(at_most(f"{key}, {place}, ratio to idle", ratio, "x", "p95 over p95", LIMIT_RATIO))
    return figures


def _plain() -> list[float]:
    """The cursor of a plain Textual table, in the same run: what the terminal library and this machine allow today."""
    with Terminal(PLAIN) as terminal:
        _wait_for(terminal, b"column 7", 30.0)
        terminal.drain(1.0, 5.0)
        return _press(terminal, cycle((("\x1b[B", bool), ("\x1b[A", bool))))


def _attached(command: tuple[str, ...], workers: int) -> dict[str, list[float]]:
    with Terminal(command) as terminal:
        _wait_for(terminal, b"HYDRA", 30.0)
        terminal.press("7")
        terminal.drain(1.5, 10.0)
        with Busy(workers, NICENESS):
            time.sleep(0.5)
            taken = {"cursor": _press(terminal, cycle((("j", bool), ("k", bool))))}
            return taken | _told_apart(terminal)


def _hosted(workers: int, bars_per_second: float) -> dict[str, list[float]]:
    """The app hosts the engine on a market that breaks and heals alone, experiments included."""
    with TemporaryDirectory(prefix="hydra-bench-") as folder:
        workspace = Path(folder) / "workspace"
        private = Path(folder) / "workspace.venue"
        private.mkdir()
        (private / "venue.json").write_text(json.dumps({"seed": 1, "fault": "concept"}), encoding="utf-8")
        settings = ("agent.autonomy=autonomous", f"simulation.bars_per_second={bars_per_second:g}")
        command = (*HYDRA, "--workspace", str(workspace), *(part for text in settings for part in ("--set", text)))
        with Terminal(command) as terminal:
            _wait_for(terminal, b"LIVE", 120.0)
            terminal.press("7")
            time.sleep(2.0)
            with Busy(workers, NICENESS):
                time.sleep(0.5)
                return _told_apart(terminal)


def _told_apart(terminal: Terminal) -> dict[str, list[float]]:
    """On the Journal when it is called."""
    zone = cycle((("u", _painted(b"times are UTC")), ("u", _painted(b"times are CT"))))
    taken = {"zone": _press(terminal, zone)}
    taken["screen"] = _press(terminal, cycle((("4", _painted(b"4 Risk]")), ("7", _painted(b"7 Journal]")))))
    terminal.press("1")
    terminal.drain(0.3, 2.0)
    taken["zone on the Desk"] = _press(terminal, zone)
    return taken


def _press(terminal: Terminal, keys: Iterator[tuple[str, Mark]]) -> list[float]:
    """Milliseconds from each press to its paint, at irregular intervals; the first five presses warm up."""
    draw = random.Random(1)
    taken = []
    for count in range(PRESSES + 5):
        key, seen = next(keys)
        pause = time.perf_counter() + draw.uniform(0.05, 0.3)
        while (left := pause - time.perf_counter()) > 0:
            terminal.read(left)
        pressed = terminal.press(key)
        painted = terminal.until(seen, 5.0)
        if painted is None:
            raise RuntimeError(f"key '{key}' painted nothing that tells it within 5 s")
        if count >= 5:
            taken.append(1000.0 * (painted - pressed))
    return taken


def _painted(mark: bytes) -> Mark:
    return lambda painted: mark in painted


def _wait_for(terminal: Terminal, mark: bytes, seconds: float) -> None:
    if terminal.until(_painted(mark), seconds) is None:
        raise RuntimeError(f"{mark!r} was not painted within {seconds:g} s")
