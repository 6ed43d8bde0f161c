"""What may be deleted, and when: merged-away segments, snapshots and experiment folders that nothing needs any more.

Nothing that a committed row refers to is ever removed. Sealed events are never removed either: the chain is verified
through them. A removal that a crash cuts short leaves either the whole thing or what the next call removes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.kernel.crashpoints import crashpoint
from storage.durable_files import is_temporary, store_error, temporary_path
from storage.snapshots import MANIFEST

if TYPE_CHECKING:
    from storage.stores import Stores

_CLOSED_CASE: Final = "closed"


@dataclass(frozen=True, slots=True)
class Removed:
    """Names of what was removed."""

    segments: tuple[str, ...] = ()
    snapshots: tuple[str, ...] = ()
    experiments: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.segments or self.snapshots or self.experiments)


def superseded_segments(stores: Stores) -> list[str]:
    """Paths of segments whose rows another segment holds now, below the lake's root. Snapshots hold rows of their own,
    and a reader that listed one of these before the merge asks again when it is gone."""
    rows = stores.db.query("SELECT path FROM feature_segments WHERE status = 'superseded' ORDER BY path")
    return [row["path"] for row in rows]


def remove_segments(stores: Stores, paths: Collection[str]) -> tuple[str, ...]:
    """Delete superseded segments among `paths`: the file first, so that a crash leaves a row that is tried again."""
    removed = []
    for path in superseded_segments(stores):
        if path not in paths:
            continue
        with stores.db.transaction() as connection:  # a merge of the same rows could make it active again
            row = stores.db.query_one("SELECT status FROM feature_segments WHERE path = ?", (path,))
            if row is None or row["status"] != "superseded":
                continue
            try:
                (stores.paths.lake / path).unlink(missing_ok=True)
            except OSError as error:
                raise store_error(error, f"delete the merged segment {path}") from error
            crashpoint("retention.segment_deleted")
            connection.execute("DELETE FROM feature_segments WHERE path = ?", (path,))
        removed.append(path)
    return tuple(removed)


def remove_snapshots(stores: Stores, keep: int) -> tuple[str, ...]:
    """Delete all but the newest `keep` snapshots (by the moment of their cut) and those that are needed: of a running
    experiment, an open case or a model that is not in the graveyard."""
    needed = _needed_snapshots(stores)
    found = []
    for folder in stores.paths.snapshots.iterdir():
        if folder.is_dir() and not is_temporary(folder):
            cut, name = _cut_of(folder)
            found.append((cut, folder.name, name, folder))
    removed = []
    for _, folder_name, name, folder in sorted(found, reverse=True)[keep:]:
        if name not in needed:
            _remove_tree(folder)
            removed.append(folder_name)
    return tuple(removed)


def remove_experiments(stores: Stores, keep: int) -> tuple[str, ...]:
    """Delete the folders of all but the newest `keep` experiments, those that are queued or run and those of open
    cases. The records of what they found stay in the database, their candidates in the registry."""
    open_cases = _open_cases(stores)
    rows = stores.db.query(
        "SELECT experiment_id, case_id, status FROM experiments ORDER BY coalesce(started_ts, 0) DESC, experiment_id"
    )
    needed = {row["experiment_id"] for row in rows[:keep]}
    needed |= {row["experiment_id"] for row in rows if row["status"] in ("queued", "running")}
    needed |= {row["experiment_id"] for row in rows if row["case_id"] in open_cases}
    recorded = {row["experiment_id"] for row in rows}
    removed = []
    for folder in sorted(stores.paths.experiments.iterdir()):
        if folder.is_dir() and folder.name in recorded and folder.name not in needed:
            _remove_tree(folder)
            removed.append(folder.name)
    return tuple(removed)


def _needed_snapshots(stores: Stores) -> set[str]:
    open_cases = _open_cases(stores)
    needed = {
        row["snapshot_hash"]
        for row in stores.db.query("SELECT snapshot_hash, case_id, status FROM experiments")
        if row["status"] in ("queued", "running") or row["case_id"] in open_cases
    }
    models = stores.db.query("SELECT data_snapshot_hash FROM models WHERE status != 'graveyard'")
    return needed | {row["data_snapshot_hash"] for row in models}


def _open_cases(stores: Stores) -> set[str]:
    return {row["case_id"] for row in stores.db.query("SELECT case_id FROM cases WHERE stage != ?", (_CLOSED_CASE,))}


def _cut_of(folder: Path) -> tuple[int, str]:
    """The moment and hash of a snapshot; one without a readable manifest counts as the oldest and as needed by none."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        return int(manifest["until_known_ts"]), str(manifest["snapshot_hash"])
    except (OSError, ValueError, KeyError, TypeError):
        return -(2**62), ""


def _remove_tree(folder: Path) -> None:
    """Out of sight by a rename, then file by file: no reader finds half a folder under its name."""
    doomed = temporary_path(folder)
    try:
        folder.rename(doomed)
        crashpoint("retention.folder_renamed")
        shutil.rmtree(doomed)
    except OSError as error:
        raise store_error(error, f"delete the old folder {folder.name}") from error
