"""The only way between the screen and the engine: snapshots come in, commands go out. One short-lived-work thread."""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from textual.message import Message

from engine.host.operations.commands import submit_command, write_halt_file
from engine.host.operations.snapshot import SnapshotReader
from engine.kernel.clock import Clock
from engine.kernel.errors import HydraError
from engine.kernel.workspace_paths import WorkspacePaths
from hydra_tui.messages import BridgeFailed, CommandRequest, CommandSettled, SnapshotReady

if TYPE_CHECKING:
    from storage.command_inbox import CommandInbox
    from storage.database import Database

Deliver = Callable[[Message], object]
_ANSWER_SECONDS = 10.0
_POLL_SECONDS = 0.02
_STUCK_SECONDS = 1.0


class Bridge(Protocol):
    """What the app needs of the engine's side; tests pass one with canned snapshots."""

    def start(self, deliver: Deliver) -> None:
        """Begin to deliver `SnapshotReady` messages."""
        ...

    def stop(self) -> None:
        """End; no message is delivered afterwards."""
        ...

    def send(self, request: CommandRequest) -> None:
        """Ask for an act; its `CommandSettled` is delivered later. Never blocks."""
        ...

    def refresh(self) -> None:
        """Deliver a snapshot now, changed or not."""
        ...

    def now_ts(self) -> int:
        """The machine's clock."""
        ...


@dataclass(slots=True)
class _Inbox:
    paths: WorkspacePaths
    db: Database
    commands: CommandInbox


@dataclass(slots=True)
class _Waiting:
    request: CommandRequest
    command_id: str
    since: float


class WorkspaceBridge:
    """Reads one workspace on a thread of its own (I/O only) and passes commands to its inbox.

    A snapshot is read at most `refresh_hz` times a second and only when another process committed something. While a
    command waits, its answer is looked for every 20 ms.
    """

    def __init__(
        self, paths: WorkspacePaths, market: str, clock: Clock, *, refresh_hz: float = 4.0, actor: str = "operator"
    ) -> None:
        self._paths = paths
        self._clock = clock
        self._actor = actor
        self._reader = SnapshotReader(paths.database, market, halt_file=paths.halt_file)
        self._interval = 1.0 / refresh_hz
        self._requests: queue.SimpleQueue[CommandRequest] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._forced = True
        self._deliver: Deliver | None = None
        self._thread: threading.Thread | None = None
        self._inbox: _Inbox | None = None
        self._waiting: list[_Waiting] = []

    def start(self, deliver: Deliver) -> None:
        """Begin the thread; call once the first paint is done."""
        self._deliver = deliver
        self._thread = threading.Thread(target=self._run, name="hydra-bridge", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and give the connections back."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=2.0)

    def send(self, request: CommandRequest) -> None:
        """Queue an act and wake the thread."""
        self._requests.put(request)
        self._wake.set()

    def refresh(self) -> None:
        """Read now, changed or not."""
        self._forced = True
        self._wake.set()

    def now_ts(self) -> int:
        """The machine's clock."""
        return self._clock.now_ts()

    def _post(self, message: Message) -> None:
        if self._deliver is not None and not self._stopping.is_set():
            self._deliver(message)

    def _run(self) -> None:
        due = 0.0
        while not self._stopping.is_set():
            self._submit_all()
            self._look_for_answers()
            now = time.monotonic()
            if self._forced or now >= due:
                due = now + self._interval
                self._read()
            pause = _POLL_SECONDS if self._waiting else max(0.0, due - time.monotonic())
            self._wake.wait(pause)
            self._wake.clear()
        self._reader.close()
        if self._inbox is not None:
            self._inbox.db.close()

    def _read(self) -> None:
        try:
            if self._forced or self._reader.changed():
                self._forced = False
                self._post(SnapshotReady(self._reader.read(self._clock.now_ts())))
        except sqlite3.Error as error:
            self._post(BridgeFailed(f"the workspace cannot be read now ({error})"))

    def _submit_all(self) -> None:
        while True:
            try:
                request = self._requests.get_nowait()
            except queue.Empty:
                return
            self._submit(request)

    def _submit(self, request: CommandRequest) -> None:
        now_ts = self._clock.now_ts()
        try:
            inbox = self._open_inbox()
            command_id = submit_command(inbox, request.kind, request.args, self._actor, request.state_seq, now_ts)
        except HydraError as error:
            if request.kind == "halt":
                self._halt_by_file(request, error, now_ts)
            else:
                self._post(CommandSettled(request, "refused", error.message))
            return
        self._waiting.append(_Waiting(request, command_id, time.monotonic()))

    def _halt_by_file(self, request: CommandRequest, cause: HydraError, now_ts: int) -> None:
        try:
            self._paths.root.mkdir(parents=True, exist_ok=True)
            write_halt_file(self._paths, str(request.args.get("reason") or self._actor), now_ts)
        except (HydraError, OSError) as error:
            self._post(CommandSettled(request, "refused", f"HALT could not be written: {error}; {cause.message}"))
            return
        self._post(CommandSettled(request, "accepted", f"by the HALT file, since {cause.message}"))

    def _open_inbox(self) -> _Inbox:
        if self._inbox is None:
            from storage.command_inbox import CommandInbox
            from storage.database import Database

            db = Database(self._paths.database)
            self._inbox = _Inbox(self._paths, db, CommandInbox(db))
        return self._inbox

    def _look_for_answers(self) -> None:
        still: list[_Waiting] = []
        for waiting in self._waiting:
            elapsed = time.monotonic() - waiting.since
            try:
                command = self._open_inbox().commands.get(waiting.command_id)
            except HydraError as error:
                self._post(BridgeFailed(error.message))
                command = None
            if command is not None and command.status != "pending":
                self._forced = True
                self._post(
                    CommandSettled(waiting.request, command.status, command.reason or "", command.result, elapsed)
                )
            elif elapsed > _ANSWER_SECONDS:
                self._post(CommandSettled(waiting.request, "unanswered", self._no_answer(waiting), None, elapsed))
            else:
                if waiting.request.kind == "halt" and elapsed > _STUCK_SECONDS:
                    self._halt_a_stuck_engine(waiting.request)
                still.append(waiting)
        self._waiting = still

    def _halt_a_stuck_engine(self, request: CommandRequest) -> None:
        try:
            write_halt_file(self._paths, str(request.args.get("reason") or self._actor), self._clock.now_ts())
        except HydraError as error:
            self._post(BridgeFailed(error.message))

    def _no_answer(self, waiting: _Waiting) -> str:
        if waiting.request.kind == "halt" and self._paths.halt_file.exists():
            return "no engine answers; the HALT file stands, so no order can go out"
        return f"no engine answered within {_ANSWER_SECONDS:.0f} s; the command waits 60 s in its inbox, then expires"
