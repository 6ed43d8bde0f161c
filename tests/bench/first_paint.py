"""From start to the first paint in a terminal of 160x50, beside the smallest Textual app in the same run."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.figure import Figure, at_most
from tests.bench.terminal import HYDRA, Terminal

RUNS = 5
MINIMAL = (sys.executable, str(Path(__file__).with_name("minimal_app.py")))


def measure(workspace: Path) -> list[Figure]:
    """Best of five of each, taken in turn. `workspace` holds a finished market: the app attaches and reads it."""
    smallest, frame, content = [], [], []
    for _ in range(RUNS):
        with Terminal(MINIMAL) as terminal:
            smallest.append(_milliseconds(terminal, b"smallest app"))
        with Terminal((*HYDRA, "--workspace", str(workspace), "--readonly")) as terminal:
            frame.append(_milliseconds(terminal, "┌".encode()))
            content.append(_milliseconds(terminal, b"HYDRA"))
    how = f"160x50, best of {RUNS}, in turn"
    return [
        Figure("first paint of the smallest Textual app", min(smallest), "ms", how),
        Figure("first paint of HYDRA", min(frame), "ms", f"frames of the Desk; {how}"),
        at_most("ratio of first paints", min(frame) / min(smallest), "x", "same run", 2.0),
        Figure("Desk filled from the workspace", min(content), "ms", how),
    ]


def _milliseconds(terminal: Terminal, mark: bytes) -> float:
    seen = terminal.until(lambda painted: mark in painted, 30.0)
    if seen is None:
        raise RuntimeError(f"the program painted nothing with {mark!r} in 30 s")
    return 1000.0 * (seen - terminal.began)
