"""Experiment processes: an answer is taken, a failure gives its last line, what hangs dies with its whole group."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.agent.experiment_pool import ExperimentEnd, ExperimentPool
from engine.kernel import child_processes
from engine.kernel.child_processes import process_is_alive
from engine.sandbox.experiment_spec import RESULT_FILE
from tests.engine.waiting import wait_until

ANSWERS = f"open({RESULT_FILE!r}, 'w').write('{{\"outcome\": \"passed\"}}')"
FAILS = "import sys; print('looked at 5 bars'); print('Calculation: too few bars', file=sys.stderr); sys.exit(8)"
SLEEPS = (
    "import subprocess, sys, time, pathlib, os\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "pathlib.Path('new').write_text(str(child.pid)); os.rename('new', 'grandchild.pid')\n"
    "time.sleep(600)\n"
)


def pool(timeout_s: float = 600.0, max_concurrent: int = 2) -> ExperimentPool:
    return ExperimentPool(max_concurrent=max_concurrent, timeout_s=timeout_s, memory_mib=512, niceness=0)


@pytest.fixture
def run_instead(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """The next children run this source instead of an experiment."""

    def use(source: str) -> None:
        monkeypatch.setattr(child_processes, "program_command", lambda *arguments: [sys.executable, "-c", source])

    return use


def only_end(subject: ExperimentPool) -> ExperimentEnd:
    ends: list[ExperimentEnd] = []

    def ended() -> bool:
        ends.extend(subject.poll())
        return bool(ends)

    wait_until(ended)
    assert len(ends) == 1 and not subject.running
    return ends[0]


def grandchild_of(directory: Path) -> int:
    path = directory / "grandchild.pid"
    wait_until(path.exists)
    return int(path.read_text())


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_an_answer_is_taken(tmp_path: Path, run_instead) -> None:  # type: ignore[no-untyped-def]
    run_instead(ANSWERS)
    subject = pool()
    pid = subject.start("exp-1", tmp_path)
    assert subject.running == {"exp-1": pid}
    end = only_end(subject)
    assert (end.experiment_id, end.status, end.exit_code) == ("exp-1", "finished", 0)
    assert end.result == {"outcome": "passed"}


def test_a_failure_gives_the_last_line_of_its_log(tmp_path: Path, run_instead) -> None:  # type: ignore[no-untyped-def]
    run_instead(FAILS)
    subject = pool()
    subject.start("exp-1", tmp_path)
    end = only_end(subject)
    assert (end.status, end.exit_code, end.result) == ("failed", 8, None)
    assert end.reason == "Calculation: too few bars"


def test_a_silent_failure_names_its_exit_code_and_success_without_an_answer_is_one(  # type: ignore[no-untyped-def]
    tmp_path: Path, run_instead
) -> None:
    subject = pool()
    for code in (7, 0):
        run_instead(f"raise SystemExit({code})")
        subject.start("exp-1", tmp_path)
        end = only_end(subject)
        assert (end.status, end.exit_code, end.reason) == ("failed", code, f"exit code {code}")


@pytest.mark.skipif(sys.platform != "linux", reason="reads process states from /proc")
def test_what_hangs_is_killed_with_its_group(tmp_path: Path, run_instead) -> None:  # type: ignore[no-untyped-def]
    run_instead(SLEEPS)
    subject = pool(timeout_s=0.0)
    pid = subject.start("exp-1", tmp_path)
    grandchild = grandchild_of(tmp_path)
    end = only_end(subject)
    assert (end.status, end.exit_code, end.result) == ("timeout", -9, None)
    assert "killed after" in end.reason
    assert not process_is_alive(pid)
    wait_until(lambda: is_gone(grandchild))


@pytest.mark.skipif(sys.platform != "linux", reason="reads process states from /proc")
def test_slots_are_limited_and_come_back_when_killed(tmp_path: Path, run_instead) -> None:  # type: ignore[no-untyped-def]
    run_instead(SLEEPS)
    subject = pool()
    pids = []
    for name in ("exp-1", "exp-2"):
        assert subject.has_slot
        (tmp_path / name).mkdir()
        pids.append(subject.start(name, tmp_path / name))
    assert not subject.has_slot and subject.poll() == []
    assert subject.kill("exp-1") and not subject.kill("exp-1")
    assert subject.has_slot and list(subject.running) == ["exp-2"]
    grandchild = grandchild_of(tmp_path / "exp-2")
    subject.close()
    assert not subject.running and not any(process_is_alive(pid) for pid in pids)
    wait_until(lambda: is_gone(grandchild))
