"""Sealed segments of the feature store: immutable Parquet files per market, known through `feature_segments`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.kernel.crashpoints import crashpoint
from storage.database import Database
from storage.parquet_files import fsync_folders, safe_path_part, write_parquet

if TYPE_CHECKING:
    import pyarrow as pa


def seal_segment(root: Path, market: str, table: pa.Table) -> tuple[str, str]:
    """Write sorted rows as a segment; returns its path below the workspace and its content hash. Not yet visible."""
    from storage.feature_columns import segment_hash

    content = segment_hash(table)
    path = f"features/{safe_path_part(market, 'market')}/segment-{content[:24]}.parquet"
    write_parquet(root / path, table)
    crashpoint("features.segment_renamed")
    fsync_folders([(root / path).parent])
    return path, content


def catalogue_segment(
    connection: sqlite3.Connection, market: str, path: str, content_hash: str, table: pa.Table, created_ts: int
) -> None:
    """Make a written segment exist for readers, within the current transaction."""
    import pyarrow.compute as pc

    event, known = pc.min_max(table["event_ts"]).as_py(), pc.min_max(table["known_ts"]).as_py()
    connection.execute(
        "INSERT INTO feature_segments(path, market, rows, content_hash, min_event_ts, max_event_ts, min_known_ts, "
        "max_known_ts, status, created_ts) VALUES(?,?,?,?,?,?,?,?,'active',?) "
        "ON CONFLICT(path) DO UPDATE SET status = 'active', created_ts = excluded.created_ts",
        (
            path,
            market,
            table.num_rows,
            content_hash,
            event["min"],
            event["max"],
            known["min"],
            known["max"],
            created_ts,
        ),
    )


def supersede_segments(connection: sqlite3.Connection, paths: Sequence[str]) -> None:
    """Take segments out of sight once another holds their rows; a later sweep deletes the files."""
    connection.executemany("UPDATE feature_segments SET status = 'superseded' WHERE path = ?", [(p,) for p in paths])


def active_segments(
    db: Database, market: str, *, known_from_ts: int | None = None, known_until_ts: int | None = None
) -> list[sqlite3.Row]:
    """Rows (path, rows, ...) of the segments whose known range meets the bounds, in order of path."""
    clauses, parameters = ["market = ?", "status = 'active'"], [market]  # type: tuple[list[str], list[object]]
    if known_from_ts is not None:
        clauses.append("max_known_ts >= ?")
        parameters.append(known_from_ts)
    if known_until_ts is not None:
        clauses.append("min_known_ts <= ?")
        parameters.append(known_until_ts)
    return db.query(f"SELECT * FROM feature_segments WHERE {' AND '.join(clauses)} ORDER BY path", parameters)


def sweep_segments(db: Database, root: Path, folder: Path) -> list[Path]:
    """Delete files that no active segment names (superseded ones, and what a crash left)."""
    active = {row["path"] for row in db.query("SELECT path FROM feature_segments WHERE status = 'active'")}
    removed = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(root).as_posix() not in active:
            path.unlink()
            removed.append(path)
    if not db.read_only:
        db.execute("DELETE FROM feature_segments WHERE status = 'superseded'")
    return removed
