"""Runs `hydra demo --headless` as a person does and watches the processes it starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROLES = ("__venue", "__experiment", "run")


@dataclass(frozen=True, slots=True)
class Watched:
    """What one process of the demo could know: its command line and its environment."""

    role: str
    command: str
    environment: str


@dataclass(slots=True)
class Demo:
    """The document, the kept workspace, and every process that was seen while it ran."""

    document: dict[str, Any]
    workspace: Path
    seen: list[Watched] = field(default_factory=list)


def run_demo(folder: Path, seed: int, fault: str | None = None) -> Demo:
    """Run to the end with --json --keep in `folder`; AssertionError with its error text where it fails."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "hydra_tui.main", "demo", "--headless", "--seed", str(seed), "--json", "--keep"]
    command += ["--fault", fault] if fault is not None else []
    output, errors = folder / "document.json", folder / "errors.txt"
    seen: dict[int, Watched] = {}
    # pytest writes the name of the test, and with it the seed, into the environment.
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    with output.open("wb") as stdout, errors.open("wb") as stderr:
        process = subprocess.Popen(command, stdout=stdout, stderr=stderr, env={**environment, "TMPDIR": str(folder)})
        try:
            while process.poll() is None:
                _look(process.pid, seen)
                time.sleep(0.5)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=30)
    assert process.returncode == 0, errors.read_text(encoding="utf-8")
    document = json.loads(output.read_text(encoding="utf-8"))
    return Demo(document, Path(document["workspace"]), list(seen.values()))


def _look(pid: int, seen: dict[int, Watched]) -> None:
    for child in psutil.Process(pid).children(recursive=True):
        try:
            arguments = child.cmdline()
            role = next((name for name in ROLES if name in arguments), "")
            if child.pid not in seen and role:
                seen[child.pid] = Watched(role, " ".join(arguments), json.dumps(child.environ()))
        except psutil.Error:
            continue
