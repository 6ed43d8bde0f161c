"""Where data and time come from: the simulated venue, or a drop folder under the machine's clock.

A feed leaves ordinary files in the inbox folder; the engine ingests them like any others and moves them away.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.kernel.child_processes import start_child
from engine.kernel.clock import Clock, ManualClock, SystemClock

if TYPE_CHECKING:
    import subprocess

    from engine.kernel.config_models import HydraConfig
    from engine.kernel.workspace_paths import WorkspacePaths
    from engine.sandbox.venue.client import VenueClient
    from engine.sandbox.venue.protocol import VenueStep


@dataclass(frozen=True, slots=True)
class Delivery:
    """Files that arrived together, and the moment (UTC microseconds) at which they did; `ended` when no more will."""

    files: tuple[Path, ...]
    now_ts: int
    ended: bool


class Feed(Protocol):
    """A source of files and of time."""

    clock: Clock

    def history(self) -> Delivery:
        """Everything that was published before the engine began."""
        ...

    def next(self, live_bar: int) -> Delivery | None:
        """The files of live bar `live_bar` (counted from 0), or None where nothing is due yet."""
        ...

    def close(self) -> None:
        """Let go of processes and sockets."""
        ...


class SimulatedFeed:
    """The venue process as a feed. It is started without seed or fault: those lie in its private directory."""

    def __init__(
        self, config: HydraConfig, paths: WorkspacePaths, private_directory: Path, *, live_bars: int | None = None
    ) -> None:
        import subprocess

        from engine.sandbox.venue.client import VenueClient

        self.clock: ManualClock = ManualClock()
        self._inbox = paths.inbox
        arguments = [
            "__venue",
            "--workspace",
            str(paths.root),
            "--private-dir",
            str(private_directory),
            "--market",
            config.market.market,
            "--history-bars",
            str(config.simulation.history_bars),
            "--live-bars",
            str(live_bars or config.simulation.live_bars),
        ]
        log = (paths.logs / "venue.log").open("ab")
        self._process: subprocess.Popen[bytes] = start_child(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        )
        log.close()
        assert self._process.stdin is not None and self._process.stdout is not None
        self._client: VenueClient = VenueClient(
            io.TextIOWrapper(self._process.stdin, encoding="utf-8"),
            io.TextIOWrapper(self._process.stdout, encoding="utf-8"),
        )

    @property
    def pid(self) -> int:
        """Process id of the venue."""
        return self._process.pid

    def history(self) -> Delivery:
        """Ask the venue for its history files."""
        return self._delivery(self._client.history())

    def next(self, live_bar: int) -> Delivery | None:
        """Ask the venue for one live bar."""
        return self._delivery(self._client.advance(live_bar))

    def close(self) -> None:
        """End the venue process."""
        from engine.kernel.child_processes import kill_group

        self._client.close()
        kill_group(self._process)

    def _delivery(self, step: VenueStep) -> Delivery:
        self.clock.advance_to(step.now_ts)
        return Delivery(tuple(self._inbox / name for name in step.files), step.now_ts, step.end)


class DropFolderFeed:
    """Files that other programs leave in the inbox folder, under the machine's clock."""

    def __init__(self, paths: WorkspacePaths) -> None:
        self.clock = SystemClock()
        self._inbox = paths.inbox

    def history(self) -> Delivery:
        """Nothing: what was ingested before is already in the lake."""
        return Delivery((), self.clock.now_ts(), False)

    def next(self, live_bar: int) -> Delivery | None:
        """Whatever lies in the folder now, in order of name; half-written files (`.tmp`, dot files) are left alone."""
        del live_bar
        files = tuple(
            sorted(
                path
                for path in self._inbox.iterdir()
                if path.is_file() and not path.name.startswith(".") and path.suffix != ".tmp"
            )
        )
        return Delivery(files, self.clock.now_ts(), False) if files else None

    def close(self) -> None:
        """Nothing to let go of."""
