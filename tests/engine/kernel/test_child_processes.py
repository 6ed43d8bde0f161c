"""Children never outlive us: a killed parent takes its child along, a killed group leaves nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.kernel import child_processes
from engine.kernel.child_processes import PARENT_VARIABLE, kill_group, process_is_alive, program_command, start_child
from tests.engine.waiting import wait_until

CHILD = """
import os, pathlib, time
from engine.kernel.child_processes import adopt_parent
adopt_parent()
pathlib.Path("child.pid.new").write_text(str(os.getpid()))
os.rename("child.pid.new", "child.pid")
time.sleep(600)
"""
PARENT = """
import subprocess, sys, time
from engine.kernel import child_processes
child_processes.program_command = lambda *arguments: [sys.executable, "-c", arguments[0]]
child_processes.start_child([sys.argv[1]])
time.sleep(600)
"""


@pytest.fixture
def plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children run the given source instead of this program."""
    monkeypatch.setattr(child_processes, "program_command", lambda *code: [sys.executable, "-c", *code])


def reported_pid(path: Path) -> int:
    wait_until(path.exists)
    return int(path.read_text())


def ended(pid: int) -> Callable[[], bool]:
    """Whether a process is gone, or only waits to be reaped by a parent that is not us."""

    def check() -> bool:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        return state in "ZX"

    return check


@pytest.mark.skipif(sys.platform != "linux", reason="reads process states from /proc")
def test_a_child_dies_with_its_killed_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, CHILD], cwd=tmp_path)
    try:
        child = reported_pid(tmp_path / "child.pid")
        assert process_is_alive(child)
    finally:
        parent.kill()
        parent.wait()
    wait_until(ended(child))


@pytest.mark.skipif(sys.platform != "linux", reason="reads process states from /proc")
@pytest.mark.usefixtures("plain_python")
def test_killing_a_group_kills_what_the_child_started_and_reaps_it(tmp_path: Path) -> None:
    grandchild = (
        "import subprocess, sys, time, pathlib, os\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "pathlib.Path('new').write_text(str(child.pid)); os.rename('new', 'grandchild.pid')\n"
        "time.sleep(600)\n"
    )
    process = start_child([grandchild], working_directory=tmp_path)
    pid = reported_pid(tmp_path / "grandchild.pid")
    kill_group(process)
    assert process.returncode is not None
    assert not process_is_alive(process.pid)
    wait_until(ended(pid))
    kill_group(process)  # a second time is harmless


@pytest.mark.usefixtures("plain_python")
def test_a_child_that_finds_another_parent_ends_itself(tmp_path: Path) -> None:
    orphan = "from engine.kernel.child_processes import adopt_parent; adopt_parent(); raise SystemExit(0)"
    process = start_child([orphan], extra_environment={PARENT_VARIABLE: "1"}, working_directory=tmp_path)
    assert process.wait(timeout=60) == 113


@pytest.mark.usefixtures("plain_python")
def test_the_child_gets_one_thread_its_parent_and_no_crash_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYDRA_CRASHPOINT", "anywhere:1")
    names = ("HYDRA_CRASHPOINT", PARENT_VARIABLE, "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MINE")
    show = f"import os; print(*(os.environ.get(name, '-') for name in {names!r}), os.getsid(0) == os.getpid())"
    process = start_child([show], stdout=subprocess.PIPE, extra_environment={"MINE": "yes"}, working_directory=tmp_path)
    said, _ = process.communicate(timeout=60)
    assert said.decode().split() == ["-", str(os.getpid()), "1", "1", "1", "yes", "True"]


def test_the_program_starts_itself_frozen_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert program_command("__experiment", "x")[0] == sys.executable
    assert program_command("__experiment", "x")[-2:] == ["__experiment", "x"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert program_command("__experiment", "x") == [sys.executable, "__experiment", "x"]
