"""All stores of one workspace, opened together. Lake and features load Arrow and DuckDB at first use, not before."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from engine.kernel.lake_location import lake_root_of
from engine.kernel.workspace_paths import WorkspacePaths
from storage.agent_records import AgentRecords
from storage.command_inbox import CommandInbox
from storage.database import Database
from storage.event_log import EventLog
from storage.feed_cursors import FeedCursors
from storage.feeds import Feeds
from storage.journal import Journal
from storage.lake_owner import claim_lake
from storage.lease import Lease
from storage.model_registry import ModelRegistry
from storage.operational_gate import OperationalGate
from storage.performance import PerformanceStore
from storage.state_store import StateStore
from storage.trading_records import TradingRecords

if TYPE_CHECKING:
    from storage.feature_store import FeatureStore
    from storage.raw_lake import RawLake


class Stores:
    """The stores of a workspace over one database. Close it, or use it as a context manager."""

    def __init__(self, paths: WorkspacePaths, db: Database) -> None:
        self.paths = paths
        self.db = db
        self.events = EventLog(db, paths)
        self.commands = CommandInbox(db)
        self.state = StateStore(db)
        self.gate = OperationalGate(paths, self.state)
        self.lease = Lease(db)
        self.journal = Journal(db)
        self.registry = ModelRegistry(db, paths, self.events, self.journal)
        self.performance = PerformanceStore(db)
        self.agent = AgentRecords(db)
        self.trading = TradingRecords(db)
        self.feeds = Feeds(db)
        self.feed_cursors = FeedCursors(db)

    @classmethod
    def open(cls, root: Path, read_only: bool = False) -> Stores:
        """Open the workspace at `root`; unless read-only, create what is missing. Raises StoreError, and ConfigError
        where `storage.lake_root` is no folder."""
        paths = WorkspacePaths(root, lake_root_of(root, WorkspacePaths(root).user_config))
        if not read_only:
            paths.create()
        db = Database(paths.database, read_only=read_only)
        try:
            claim_lake(paths, db)
        except BaseException:
            db.close()
            raise
        return cls(paths, db)

    @cached_property
    def lake(self) -> RawLake:
        """The raw lake."""
        from storage.raw_lake import RawLake

        return RawLake(self.db, self.paths, self.events)

    @cached_property
    def features(self) -> FeatureStore:
        """The feature store."""
        from storage.feature_store import FeatureStore

        return FeatureStore(self.db, self.paths, self.events)

    def sweep_orphans(self) -> list[Path]:
        """Delete what crashes left beside the catalogues. Only for the engine that holds the lease, at its start."""
        from storage.snapshots import sweep_snapshots

        return [
            *self.lake.sweep_orphans(),
            *self.features.sweep_orphans(),
            *self.events.sweep_orphans(),
            *sweep_snapshots(self.paths.snapshots),
            *sweep_snapshots(self.paths.experiments),
        ]

    def close(self) -> None:
        """Close the database."""
        self.db.close()

    def __enter__(self) -> Stores:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
