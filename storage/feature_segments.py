"""Sealed segments of the feature store: immutable Parquet files per market, known through `feature_segments`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.kernel.crashpoints import crashpoint
from storage.database import Database
from storage.durable_files import store_error
from storage.parquet_files import fsync_folders, safe_path_part, write_parquet_blocks

if TYPE_CHECKING:
    import pyarrow as pa

_FAR: Final = 2**62
_numbers = count()  # two threads that write at once need two temporary names


@dataclass(frozen=True, slots=True)
class SealedSegment:
    """A written segment: path below the workspace, content hash, rows, least and greatest event and known time."""

    path: str
    content_hash: str
    rows: int
    event_ts: tuple[int, int]
    known_ts: tuple[int, int]


def seal_segment(root: Path, market: str, blocks: Iterable[pa.Table]) -> SealedSegment | None:
    """Write sorted rows, given block after block, as one segment; None where there are none. Not yet visible.

    Its name is its content: the same rows give the same file whichever segments they came from.
    """
    import pyarrow.compute as pc

    from storage.feature_columns import SCHEMA

    folder = root / "features" / safe_path_part(market, "market")
    low, high = [_FAR, _FAR], [-_FAR, -_FAR]
    rows = 0

    def measured() -> Iterator[pa.Table]:
        nonlocal rows
        for table in blocks:
            rows += table.num_rows
            for at, name in enumerate(("event_ts", "known_ts")):
                bounds = pc.min_max(table.column(name)).as_py()
                low[at], high[at] = min(low[at], bounds["min"]), max(high[at], bounds["max"])
            yield table

    temporary = write_parquet_blocks(folder / f"segment-{next(_numbers)}.parquet", SCHEMA, measured())
    try:
        content = file_hash(temporary) if rows else ""
        if not rows:
            temporary.unlink()
            return None
        path = folder / f"segment-{content[:24]}.parquet"
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise store_error(error, "write a feature segment") from error
    crashpoint("features.segment_renamed")
    fsync_folders([folder])
    name = path.relative_to(root).as_posix()
    return SealedSegment(name, content, rows, (low[0], high[0]), (low[1], high[1]))


def file_hash(path: Path) -> str:
    """`segment_hash` of a written segment, one column in memory at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from storage.feature_columns import hash_of_columns
    from storage.sorted_runs import segment_damage

    try:
        with pq.ParquetFile(path, memory_map=True) as file:

            def chunks_of(name: str) -> Iterator[pa.Array]:
                for group in range(file.num_row_groups):
                    yield from file.read_row_group(group, columns=[name], use_threads=False).column(name).chunks

            return hash_of_columns(chunks_of)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise segment_damage(path, error) from error


def catalogue_segment(connection: sqlite3.Connection, market: str, segment: SealedSegment, created_ts: int) -> None:
    """Make a written segment exist for readers, within the current transaction."""
    connection.execute(
        "INSERT INTO feature_segments(path, market, rows, content_hash, min_event_ts, max_event_ts, min_known_ts, "
        "max_known_ts, status, created_ts) VALUES(?,?,?,?,?,?,?,?,'active',?) "
        "ON CONFLICT(path) DO UPDATE SET status = 'active', created_ts = excluded.created_ts",
        (
            segment.path,
            market,
            segment.rows,
            segment.content_hash,
            *segment.event_ts,
            *segment.known_ts,
            created_ts,
        ),
    )


def segments_to_merge(active: Sequence[sqlite3.Row], tail_rows: int, merge_from: int) -> list[sqlite3.Row]:
    """Which segments a compaction rewrites: none while there are fewer than `merge_from`; then, smallest first, those
    at most twice as large as all before them and the tail together. A row is so rewritten a logarithmic number of
    times, not at every merge."""
    if len(active) < merge_from:
        return []
    chosen: list[sqlite3.Row] = []
    total = tail_rows
    for row in sorted(active, key=lambda item: (item["rows"], item["path"])):
        if chosen and row["rows"] > 2 * total:
            break
        chosen.append(row)
        total += row["rows"]
    return chosen if len(chosen) + bool(tail_rows) > 1 else []


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
    """Delete files that no active segment names (superseded ones, and what a crash left).

    Under the write lock: a segment that another process has written and not yet catalogued is either catalogued before
    or found missing when it comes to that.
    """
    removed = []
    with db.transaction() as connection:
        active = {row["path"] for row in db.query("SELECT path FROM feature_segments WHERE status = 'active'")}
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.relative_to(root).as_posix() not in active:
                path.unlink()
                removed.append(path)
        connection.execute("DELETE FROM feature_segments WHERE status = 'superseded'")
    return removed
