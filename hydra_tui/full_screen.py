"""Opening the full-screen app: host the engine beside it, or attach to one that runs already."""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING

from engine.kernel.clock import SystemClock
from engine.kernel.errors import EngineUnavailableError
from hydra_tui.app import HydraApp
from hydra_tui.bridge import Deliver, WorkspaceBridge
from hydra_tui.config_view import config_view
from hydra_tui.messages import BridgeFailed
from hydra_tui.session import Session

if TYPE_CHECKING:
    from engine.kernel.config_models import HydraConfig
    from hydra_tui.hosting import Hosted

SWITCH_INTERVAL_SECONDS = 0.0005


class HostingBridge(WorkspaceBridge):
    """A bridge that also hosts the engine: its thread starts after the first paint and ends with the app."""

    def __init__(self, session: Session, config: HydraConfig) -> None:
        super().__init__(session.paths, config.market.market, SystemClock(), refresh_hz=config.screen.refresh_hz)
        self._session = session
        self._config = config
        self._hosted: Hosted | None = None
        self._engine_thread: threading.Thread | None = None
        self._asked_to_stop = threading.Event()

    def start(self, deliver: Deliver) -> None:
        """Begin to deliver snapshots, then start the engine."""
        super().start(deliver)
        self._engine_thread = threading.Thread(target=self._host, name="hydra-engine", daemon=True)
        self._engine_thread.start()

    def stop(self) -> None:
        """End the engine in order, then the bridge."""
        self._asked_to_stop.set()
        if self._hosted is not None:
            self._hosted.engine.stop("the operator closed the screen")
        if self._engine_thread is not None:
            self._engine_thread.join(timeout=self._config.host.shutdown_seconds)
        super().stop()

    def _host(self) -> None:
        from engine.kernel.errors import HydraError
        from hydra_tui.hosting import build_engine

        try:
            self._hosted = build_engine(self._session, host_kind="screen", paced=True)
        except HydraError as error:
            self._post(BridgeFailed(f"{error.title}: {error.message}"))
            return
        if self._asked_to_stop.is_set():
            self._hosted.engine.stop("the operator closed the screen")
        self._hosted.engine.run()
        failure = self._hosted.engine.failure
        if failure is not None:
            self._post(BridgeFailed(f"the engine stopped: {failure.message}"))
        self._hosted.close()


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
