"""A small simulated market on disk, delivered and ingested the ordinary way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.ingestion.ingest import ingest_paths
from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.sandbox.venue.delivery import deliver
from engine.sandbox.venue.session_files import SessionFiles
from engine.sandbox.venue.world import WorldSettings, build_world
from storage.stores import Stores

HISTORY_BARS = 1100
LIVE_BARS = 200


@contextmanager
def delivered_market() -> Iterator[tuple[Stores, HydraConfig, SessionFiles]]:
    """A workspace with the history ingested, and the files of the live bars that follow."""
    config = load_config("simulated_hogs", environment={}).config
    files = SessionFiles(build_world(WorldSettings(3, HISTORY_BARS, LIVE_BARS, "none")))
    with TemporaryDirectory(prefix="hydra-bench-") as folder, Stores.open(Path(folder) / "workspace") as stores:
        names = deliver(stores.paths.inbox, files.history())
        ingest_paths(stores, config, [stores.paths.inbox / name for name in names], now_ts=files.now_ts(-1))
        yield stores, config, files
