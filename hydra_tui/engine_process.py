"""The engine of a screen, in a process of its own: an engine at work must never cost a key its answer.

The screen starts it as a hidden sub-command and holds a pipe to its standard input. Closing that pipe asks it to end in
order, on every system; if the screen is killed, the engine dies with it.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.kernel.child_processes import kill_group, start_child

if TYPE_CHECKING:
    from hydra_tui.session import Session

WORKER: Final = "__engine"
MAX_RESTARTS: Final = 3
RESTART_PAUSE_SECONDS: Final = 1.0
HEALTHY_SECONDS: Final = 600.0
_log = logging.getLogger(__name__)
Tell = Callable[[str, bool], None]


class EngineProcess:
    """Starts the engine of a workspace, starts it again where it crashed, and ends it with the screen.

    It is started again at most three times in a row (more would only hide a fault); one that ran for ten minutes begins
    the count anew. `tell(sentence, final)` is called on another thread whenever the engine ended unasked; `final` says
    that it is not started again.
    """

    def __init__(self, session: Session, tell: Tell, *, shutdown_seconds: float) -> None:
        self._session = session
        self._tell = tell
        self._shutdown_seconds = shutdown_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    @property
    def pid(self) -> int | None:
        """The engine's process; None before it was started."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it and return at once."""
        self._thread = threading.Thread(target=self._keep_running, name="hydra-engine-process", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end, wait as long as the settings allow, then kill it and everything it started."""
        self._stopping.set()
        process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.close()
        if self._thread is not None:
            self._thread.join(timeout=self._shutdown_seconds + 1.0)
        process = self._process  # the one that the thread was just starting, if it was
        if process is not None and process.poll() is None:
            kill_group(process)

    def _keep_running(self) -> None:
        """One thread starts it and waits for it: on Linux a child lives only as long as the thread that started it."""
        restarts = 0
        while True:
            began = time.monotonic()
            ending = self._run_once()
            if self._stopping.is_set():
                return
            if ending is not None:
                self._tell(f"this window's engine stopped: {ending['reason']}", True)
                return
            if time.monotonic() - began > HEALTHY_SECONDS:
                restarts = 0
            code = self._process.returncode if self._process is not None else None
            how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
            _log.error("the engine's process ended unasked (%s)", how)
            if restarts == MAX_RESTARTS:
                self._tell(f"the engine crashed {restarts + 1} times ({how}): see logs/, leave and open anew", True)
                return
            restarts += 1
            self._tell(f"the engine crashed ({how}); starting it again, {restarts} of {MAX_RESTARTS}", False)
            self._stopping.wait(RESTART_PAUSE_SECONDS)

    def _run_once(self) -> dict[str, Any] | None:
        """Run it to its end; what it said about that end, None where it said nothing: then it crashed."""
        if self._stopping.is_set():
            return None
        with (self._session.paths.logs / "engine.log").open("ab") as log:
            process = start_child(
                [WORKER, *_to_arguments(self._session)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )
        self._process = process
        if self._stopping.is_set() and process.stdin is not None:
            process.stdin.close()
        assert process.stdout is not None
        said = process.stdout.read().decode("utf-8", "replace").strip()
        process.wait()
        try:
            ending = json.loads(said.rpartition("\n")[2])
        except json.JSONDecodeError:
            return None
        return ending if isinstance(ending, dict) and "reason" in ending else None


def serve(arguments: Sequence[str]) -> int:
    """What the started process does: host the engine until its standard input closes. Returns the exit code."""
    from engine.kernel.child_processes import adopt_parent
    from hydra_tui.daemon import run_engine

    if len(arguments) != 1:
        sys.stderr.write("hydra: __engine is started by the screen; 'hydra --daemon' runs an engine alone\n")
        return 2
    adopt_parent()
    return run_engine(_from_arguments(arguments), host_kind="screen", as_json=True, until_closed=sys.stdin.buffer)


def _to_arguments(session: Session) -> list[str]:
    return [json.dumps({"root": str(session.root), "market": session.market_option, "flags": session.flags})]


def _from_arguments(arguments: Sequence[str]) -> Session:
    from hydra_tui.session import Session

    values = json.loads(arguments[0])
    return Session(Path(values["root"]), values["market"], values["flags"])
