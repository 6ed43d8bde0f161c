"""One lake folder belongs to one workspace: whatever its catalogue does not name there, it sweeps."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Final

from engine.kernel.errors import StoreError
from engine.kernel.workspace_paths import WorkspacePaths
from storage.database import Database
from storage.durable_files import store_error, write_durably

MARKER: Final = ".hydra-lake"
_KEY: Final = "lake_owner"


def claim_lake(paths: WorkspacePaths, db: Database) -> None:
    """Check that a lake outside the workspace is this workspace's own; a writer marks a new one.

    Raises StoreError where it belongs to another workspace, is not there, or where the catalogued files still lie in
    the workspace.
    """
    if paths.lake_root is None:
        return
    marker = paths.lake / MARKER
    try:
        present = marker.read_text(encoding="ascii").strip() if marker.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"cannot read {marker}: the lake folder is not usable") from error
    row = db.query_one("SELECT value FROM meta WHERE key = ?", (_KEY,))
    own = "" if row is None else str(row[0])
    if present and present != own:
        raise StoreError(
            f"the lake folder {paths.lake} belongs to another workspace; give each workspace a storage.lake_root of "
            "its own"
        )
    if present:
        return
    _refuse_unmoved(paths, db)
    if own and _catalogued(db) is not None and not (paths.lake / str(_catalogued(db))).exists():
        raise StoreError(f"the lake folder {paths.lake} is not there or empty: is the share mounted?")
    if db.read_only:
        return
    if not own:
        own = str(uuid.uuid4())
        db.execute("INSERT INTO meta(key, value) VALUES(?, ?)", (_KEY, own))
    try:
        write_durably(marker, own.encode())
    except OSError as error:
        raise store_error(error, f"mark the lake folder {paths.lake}") from error


def _refuse_unmoved(paths: WorkspacePaths, db: Database) -> None:
    first = _catalogued(db)
    if first is not None and (paths.root / first).exists() and not (paths.lake / first).exists():
        raise StoreError(
            f"storage.lake_root is {paths.lake}, but the files of this workspace still lie in {paths.root}: move its "
            "folders raw and features there, or take the setting back"
        )


def _catalogued(db: Database) -> Path | None:
    row = db.query_one(
        "SELECT path FROM catalogue UNION ALL SELECT path FROM feature_segments WHERE status = 'active' LIMIT 1"
    )
    return None if row is None else Path(row[0])
