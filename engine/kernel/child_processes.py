"""Starting child processes of HYDRA: as sub-commands of the same program, in a group of their own, never outliving us.

A frozen executable has no `python -m`, so every worker starts as a hidden sub-command of `sys.executable`.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

PARENT_VARIABLE = "HYDRA_PARENT_PID"
ENTRY_MODULE = "hydra_tui.main"
_PR_SET_PDEATHSIG = 1


def program_command(*arguments: str) -> list[str]:
    """The command line that starts this program again with other arguments, frozen or not."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *arguments]
    return [sys.executable, "-m", ENTRY_MODULE, *arguments]


def start_child(
    arguments: Sequence[str],
    *,
    stdin: int | IO[Any] | None = subprocess.DEVNULL,
    stdout: int | IO[Any] | None = subprocess.DEVNULL,
    stderr: int | IO[Any] | None = None,
    extra_environment: Mapping[str, str] | None = None,
    working_directory: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a sub-command in its own session (its whole group can be killed) with one thread per numeric library.

    The child calls `adopt_parent()` first, which ties its life to ours.
    """
    environment = {name: value for name, value in os.environ.items() if name != "HYDRA_CRASHPOINT"}
    environment |= {
        PARENT_VARIABLE: str(os.getpid()),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }
    environment |= dict(extra_environment or {})
    return subprocess.Popen(
        program_command(*arguments),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=environment,
        cwd=working_directory,
        start_new_session=True,
    )


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a child and everything it started, then reap it."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except ProcessLookupError:
        pass
    process.wait()


def process_is_alive(pid: int) -> bool:
    """Whether a process of this machine still runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def adopt_parent(*, niceness: int = 0, memory_mib: int | None = None) -> None:
    """Called first in a child: die when the parent dies, be nice, respect the memory cap.

    On Linux the kernel delivers the death signal; everywhere a watchdog thread also compares the parent's pid once a
    second, which covers a parent that died before this call.
    """
    expected = int(os.environ.get(PARENT_VARIABLE, "0"))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if hasattr(os, "nice") and niceness:
        os.nice(niceness)
    if memory_mib is not None and sys.platform == "linux":
        import resource

        limit = memory_mib * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    if expected and hasattr(os, "getppid"):
        if os.getppid() != expected:
            os._exit(113)
        threading.Thread(target=_watch_parent, args=(expected,), name="parent-watchdog", daemon=True).start()


def _watch_parent(expected: int) -> None:
    while os.getppid() == expected:
        time.sleep(1.0)
    os._exit(113)
