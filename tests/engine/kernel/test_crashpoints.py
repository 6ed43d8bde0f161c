"""A named place kills the process when it is passed for the wanted time, and costs nothing otherwise."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

PROGRAM = """
from engine.kernel.crashpoints import crashpoint
for step in range(4):
    print(step, flush=True)
    crashpoint("other")
    crashpoint("here")
print("end", flush=True)
"""


def run(value: str | None) -> tuple[int, list[str]]:
    environment = {name: text for name, text in os.environ.items() if name != "HYDRA_CRASHPOINT"}
    if value is not None:
        environment["HYDRA_CRASHPOINT"] = value
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout.split()


@pytest.mark.parametrize(("value", "last"), [("here", "0"), ("here:3", "2")])
def test_the_process_dies_at_once_at_the_wanted_pass(value: str, last: str) -> None:
    code, said = run(value)
    assert code == -signal.SIGKILL
    assert said[-1] == last


@pytest.mark.parametrize("value", [None, "here:5", "elsewhere:1"])
def test_otherwise_nothing_happens(value: str | None) -> None:
    assert run(value) == (0, ["0", "1", "2", "3", "end"])
