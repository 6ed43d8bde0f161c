"""Where things lie inside one workspace directory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.kernel.errors import StoreError


@dataclass(frozen=True, slots=True)
class WorkspacePaths:
    """One workspace = one directory. Everything HYDRA writes is below `root`, but for raw lake and feature segments
    where the operator names another folder for them (`lake_root`)."""

    root: Path
    lake_root: Path | None = None

    @property
    def lake(self) -> Path:
        """The folder that holds `raw/` and `features/`; paths of catalogued files are relative to it."""
        return self.lake_root or self.root

    @property
    def database(self) -> Path:
        """The SQLite file that holds everything transactional."""
        return self.root / "state" / "hydra.db"

    @property
    def chain_head(self) -> Path:
        """The event chain's head, kept outside the database so that a replaced file shows."""
        return self.root / "state" / "chain_head.json"

    @property
    def halt_file(self) -> Path:
        """A file whose mere existence halts trading."""
        return self.root / "HALT"

    @property
    def raw(self) -> Path:
        """Root of the raw lake."""
        return self.lake / "raw"

    @property
    def features(self) -> Path:
        """Root of the sealed feature segments."""
        return self.lake / "features"

    @property
    def artifacts(self) -> Path:
        """Content-addressed model artifacts."""
        return self.root / "artifacts"

    @property
    def snapshots(self) -> Path:
        """Immutable snapshots that experiments read."""
        return self.root / "snapshots"

    @property
    def experiments(self) -> Path:
        """One directory per experiment; the only place where its process may write."""
        return self.root / "experiments"

    @property
    def runs(self) -> Path:
        """Replays and benchmarks log here, never into the live log."""
        return self.root / "runs"

    @property
    def inbox(self) -> Path:
        """Drop folder: files that a feed leaves here are ingested in order of name."""
        return self.root / "inbox"

    @property
    def logs(self) -> Path:
        """Structured logs."""
        return self.root / "logs"

    @property
    def sealed_events(self) -> Path:
        """Sealed segments of the event log."""
        return self.root / "events"

    @property
    def user_config(self) -> Path:
        """The operator's own settings for this workspace."""
        return self.root / "config.yaml"

    @property
    def markets(self) -> Path:
        """The operator's own markets, one YAML file each, beside the shipped ones."""
        return self.root / "markets"

    def create(self) -> None:
        """Make the directory tree; a read-only or full disk gives one clear sentence."""
        try:
            for folder in (
                self.database.parent,
                self.raw,
                self.features,
                self.artifacts,
                self.snapshots,
                self.experiments,
                self.runs,
                self.inbox,
                self.logs,
                self.sealed_events,
            ):
                folder.mkdir(parents=True, exist_ok=True)
            probe = self.root / f".write-probe-{os.getpid()}"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise StoreError(
                f"cannot write to the workspace {self.root}: {error.strerror}; "
                "choose another with --workspace or free the disk"
            ) from error


def default_workspace() -> Path:
    """`HYDRA_WORKSPACE`, else the platform's place for application data."""
    override = os.environ.get("HYDRA_WORKSPACE")
    if override:
        return Path(override).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("hydra"))
