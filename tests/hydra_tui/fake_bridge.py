"""A bridge without an engine: canned snapshots in, requests recorded, time that only the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from textual.message import Message
from textual.pilot import Pilot

from engine.host.operations.snapshot import SnapshotReader
from engine.host.operations.snapshot_types import UiSnapshot
from engine.kernel.workspace_paths import WorkspacePaths
from hydra_tui.app import HydraApp
from hydra_tui.config_view import ConfigView
from hydra_tui.messages import CommandRequest, CommandSettled, SnapshotReady
from tests.hydra_tui.fixture_workspace import CONFIG, MARKET, WALL, fill_workspace


@dataclass
class FakeBridge:
    """Delivers `snapshot` at the start and whenever the test says so."""

    snapshot: UiSnapshot
    wall_ts: int = WALL
    sent: list[CommandRequest] = field(default_factory=list)
    stopped: bool = False
    _deliver: Callable[[Message], object] | None = None

    def start(self, deliver: Callable[[Message], object]) -> None:
        self._deliver = deliver
        self.refresh()

    def stop(self) -> None:
        self.stopped = True

    def send(self, request: CommandRequest) -> None:
        self.sent.append(request)

    def refresh(self) -> None:
        assert self._deliver is not None
        self._deliver(SnapshotReady(self.snapshot))

    def now_ts(self) -> int:
        return self.wall_ts

    def show(self, snapshot: UiSnapshot) -> None:
        self.snapshot = snapshot
        self.refresh()

    def settle(self, status: str = "accepted", reason: str = "", result: Mapping[str, Any] | None = None) -> None:
        assert self._deliver is not None
        self._deliver(CommandSettled(self.sent[-1], status, reason, result, 0.2))

    def state_moves(self) -> None:
        engine = replace(self.snapshot.engine, state_seq=self.snapshot.engine.state_seq + 1)
        self.show(replace(self.snapshot, engine=engine))


@dataclass
class Seconds:
    """A monotonic clock in the test's hand."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def snapshot_of(root: Path, scenario: str) -> UiSnapshot:
    """The snapshot of a freshly filled workspace."""
    paths = fill_workspace(root, scenario)
    return read(paths)


def read(paths: WorkspacePaths, wall_ts: int = WALL) -> UiSnapshot:
    """One look at a workspace."""
    reader = SnapshotReader(paths.database, MARKET, halt_file=paths.halt_file)
    snapshot = reader.read(wall_ts)
    reader.close()
    return snapshot


def app_on(snapshot: UiSnapshot, config: ConfigView = CONFIG) -> tuple[HydraApp, FakeBridge, Seconds]:
    """An app on a canned snapshot."""
    bridge, seconds = FakeBridge(snapshot), Seconds()
    return HydraApp(bridge, config, monotonic=seconds), bridge, seconds


async def until(pilot: Pilot[None], condition: Callable[[], bool], what: str) -> None:
    """Let the app work until a condition holds; fail with words where it never does."""
    for _ in range(300):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"never happened: {what}")
