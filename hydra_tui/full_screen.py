"""Opening the full-screen app: with an engine of its own, or attached to one that runs already."""

from __future__ import annotations

import gc
import logging
import sys
from typing import TYPE_CHECKING

from engine.kernel.clock import SystemClock
from engine.kernel.errors import EngineUnavailableError
from hydra_tui.app import HydraApp
from hydra_tui.bridge import Deliver, WorkspaceBridge
from hydra_tui.config_view import config_view
from hydra_tui.engine_process import EngineProcess
from hydra_tui.messages import EngineEnded
from hydra_tui.session import Session

if TYPE_CHECKING:
    from engine.kernel.config_models import HydraConfig

SWITCH_INTERVAL_SECONDS = 0.0005
GARBAGE_THRESHOLDS = (20_000, 20, 50)  # a full collection walks every widget for 30 to 80 ms, in the way of a key


class HostingBridge(WorkspaceBridge):
    """A bridge that also starts the engine, in its own process, after the first paint, and ends it with the app."""

    def __init__(self, session: Session, config: HydraConfig) -> None:
        super().__init__(session.paths, config.market.market, SystemClock(), refresh_hz=config.screen.refresh_hz)
        self._engine = EngineProcess(
            session,
            lambda words, final: self._post(EngineEnded(words, final=final)),
            shutdown_seconds=config.host.shutdown_seconds,
        )

    def start(self, deliver: Deliver) -> None:
        """Begin to deliver snapshots, then start the engine."""
        super().start(deliver)
        self._engine.start()

    def stop(self) -> None:
        """End the engine in order, then the bridge."""
        self._engine.stop()
        super().stop()


def run_full_screen(session: Session, *, readonly: bool = False) -> int:
    """Open the app until the operator leaves; returns the exit code."""
    if not sys.stdout.isatty() or not sys.stdin.isatty():
        raise EngineUnavailableError(
            "the full-screen app needs a terminal; use 'hydra status' or 'hydra --daemon' here"
        )
    config = session.load().config
    session.paths.create()
    _log_to_file(session)
    hosts = not readonly and not _engine_runs(session, config)
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    bridge = (
        HostingBridge(session, config)
        if hosts
        else WorkspaceBridge(session.paths, config.market.market, SystemClock(), refresh_hz=config.screen.refresh_hz)
    )
    view = config_view(config, hosts_engine=hosts, read_only=readonly, export_folder=str(session.root / "exports"))
    app = HydraApp(bridge, view)
    app.run(mouse=False)
    return app.return_code or 0


def _engine_runs(session: Session, config: HydraConfig) -> bool:
    if not session.paths.database.exists():
        return False
    from engine.host.operations.requests import engine_is_alive
    from engine.kernel.child_processes import process_is_alive

    stores = session.open_stores(read_only=True)
    try:
        holder = stores.lease.current()
        return holder is not None and engine_is_alive(stores, config) and process_is_alive(holder.pid)
    finally:
        stores.close()


def _log_to_file(session: Session) -> None:
    """Nothing may write over the screen: logs go to a file of the workspace."""
    handler = logging.FileHandler(session.paths.logs / "screen.log", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level="INFO", handlers=[handler], force=True)
