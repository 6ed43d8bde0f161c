"""Putting an engine together for a host: stores, settings, feed. The screen and the daemon both call this."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hydra_tui.session import Session

if TYPE_CHECKING:
    from engine.host.engine import Engine
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores


@dataclass(slots=True)
class Hosted:
    """An engine with what it stands on; `close` releases the stores after the engine ended."""

    engine: Engine
    stores: Stores
    config: HydraConfig

    def close(self) -> None:
        """Close the stores."""
        self.stores.close()


def private_directory(session: Session) -> Path:
    """Where the simulated venue keeps its seed and truth: beside the workspace, never in it."""
    return session.root.with_name(session.root.name + ".venue")


def build_engine(session: Session, *, host_kind: str, paced: bool, live_bars: int | None = None) -> Hosted:
    """Open the stores and wire feed and engine; nothing runs yet. Raises LeaseHeldError where another engine lives."""
    from engine.host.engine import Engine
    from engine.host.feeds import DropFolderFeed, Feed, SimulatedFeed
    from engine.host.operations.requests import engine_is_alive
    from engine.kernel.errors import LeaseHeldError

    config = session.load().config
    session.paths.create()
    stores = session.open_stores()
    if engine_is_alive(stores, config) and stores.lease.current() is not None:
        from engine.kernel.child_processes import process_is_alive

        holder = stores.lease.current()
        if holder is not None and process_is_alive(holder.pid):
            stores.close()
            raise LeaseHeldError(
                f"an engine ({holder.host_kind}, pid {holder.pid}) already runs on {session.root}; "
                "'hydra' attaches to it"
            )
    feed: Feed
    if config.market.simulated:
        feed = SimulatedFeed(config, session.paths, private_directory(session), live_bars=live_bars)
    else:
        feed = DropFolderFeed(session.paths)
    return Hosted(Engine(stores, config, feed, host_kind=host_kind, paced=paced), stores, config)
