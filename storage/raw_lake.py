"""The raw lake: immutable Parquet files `raw/<source>/<market>/<year>/<month>/`, known through a catalogue in SQLite.

A batch's files are written under temporary names, fsynced, renamed, their folders fsynced; then one transaction commits
catalogue, batch, quarantine and the event `ingest.batch`. A file that is not in the catalogue does not exist for
readers. Names derive from content, so a repeated ingestion gives the same files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.kernel.canonical import sha256_hex
from engine.kernel.crashpoints import crashpoint
from engine.kernel.errors import CorruptStoreError
from engine.kernel.timestamps import MICROS_PER_DAY, to_datetime
from engine.kernel.workspace_paths import WorkspacePaths
from storage.database import Database
from storage.datasets import ROW_HASH, SCHEMA_VERSION, normalised_table, schema_of, table_row_hashes
from storage.durable_files import make_folders
from storage.event_log import EventLog
from storage.lake_index import LakeIndex
from storage.parquet_files import fsync_folders, read_parquet, safe_path_part, write_parquet_files
from storage.raw_batch import QuarantinedRow, RawBatch, StoreReport

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["QuarantinedRow", "RawBatch", "RawLake", "StoreReport"]
_LATEST: Final = 2**62
FRESH_ROWS: Final = 1_000
FRESH_FILES: Final = 64


@dataclass(frozen=True, slots=True)
class _NewFile:
    path: str
    dataset: str
    year: int
    month: int
    content_hash: str
    table: pa.Table
    hashes: list[bytes]
    bounds: tuple[int, int, int, int]  # least and greatest event_ts, least and greatest known_ts


class RawLake:
    """Store and read normalised facts. One writer (the engine that holds the lease), any number of readers."""

    def __init__(self, db: Database, paths: WorkspacePaths, events: EventLog | None = None) -> None:
        self._db = db
        self._paths = paths
        self._events = events or EventLog(db, paths)
        self._index = LakeIndex(db, paths.lake)
        self._fresh: dict[str, pa.Table] = {}

    def store(self, batch: RawBatch, *, recorded_ts: int) -> StoreReport:
        """Commit a batch; rows already held for this (source, market, dataset) are counted, not added.

        Joins the caller's transaction, otherwise runs one of its own. A batch committed before changes nothing.
        Raises StoreError for tables that do not fit their dataset or a disk that cannot be written.
        """
        safe_path_part(batch.source, "source")
        safe_path_part(batch.market, "market")
        prepared = {
            dataset: (normalised := normalised_table(dataset, table), table_row_hashes(dataset, normalised))
            for dataset, table in sorted(batch.tables.items())
        }
        with self._db.transaction("lake") as connection:
            self._db.after_rollback(self._index.forget)
            given = sum(len(hashes) for _, hashes in prepared.values())
            if connection.execute("SELECT 1 FROM batches WHERE batch_id = ?", (batch.batch_id,)).fetchone():
                return StoreReport(batch.batch_id, 0, given, len(batch.quarantined), already_stored=True)
            self._index.refresh()
            files = [
                file
                for dataset, (table, hashes) in prepared.items()
                for file in self._new_files(batch, dataset, table, hashes)
            ]
            written = [path for path in (self._paths.lake / file.path for file in files) if not path.exists()]
            self._db.after_rollback(lambda: _remove(written))
            self._write_files(files)
            report = self._report(batch, files, given)
            self._catalogue(batch, files, report, recorded_ts)
            for file in files:
                self._index.remember((batch.source, batch.market, file.dataset), file.path, file.hashes)
            crashpoint("lake.before_commit")
            self._db.after_commit(lambda: self._keep_fresh(files))
            self._db.after_commit(lambda: crashpoint("lake.after_commit"))
        return report

    def read(
        self,
        market: str,
        dataset: str,
        *,
        known_until_ts: int | None = None,
        known_after_ts: int | None = None,
        sources: Iterable[str] | None = None,
    ) -> pa.Table:
        """Catalogued rows with `known_after_ts` < known_ts <= `known_until_ts`, in order of known, then event time.

        Columns as in `storage/datasets.py`, row hash included. Raises CorruptStoreError if a file is missing, damaged
        or short.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        until = _LATEST if known_until_ts is None else known_until_ts
        after = -_LATEST if known_after_ts is None else known_after_ts
        clause, parameters = "", [market, dataset, until, after]  # type: tuple[str, list[object]]
        if sources is not None:
            wanted = list(sources)
            clause = f" AND source IN ({','.join('?' * len(wanted))})"
            parameters += wanted
        files = self._db.query(
            "SELECT path, rows, min_known_ts, max_known_ts FROM catalogue "
            f"WHERE market = ? AND dataset = ? AND min_known_ts <= ? AND max_known_ts > ?{clause} ORDER BY path",
            parameters,
        )
        schema = schema_of(dataset)
        if files and all(row["path"] in self._fresh for row in files):
            table = pa.concat_tables([self._fresh[row["path"]].cast(schema) for row in files])
        else:
            table = read_parquet(
                [self._paths.lake / row["path"] for row in files], schema, sum(row["rows"] for row in files)
            )
        if any(row["max_known_ts"] > until or row["min_known_ts"] <= after for row in files):
            known = table.column("known_ts")
            table = table.filter(pc.and_(pc.less_equal(known, until), pc.greater(known, after)))
        return table.take(pc.sort_indices(table, sort_keys=[("known_ts", "ascending"), ("event_ts", "ascending")]))

    def _keep_fresh(self, files: Sequence[_NewFile]) -> None:
        """Keep the newest small files in memory: the live path reads each right after it was committed, and files never
        change."""
        for file in files:
            if file.table.num_rows <= FRESH_ROWS:
                self._fresh[file.path] = file.table
        while len(self._fresh) > FRESH_FILES:
            del self._fresh[next(iter(self._fresh))]

    def quarantined(self, market: str | None = None, limit: int = 200) -> list[Mapping[str, Any]]:
        """Quarantined rows, newest first: source, market, input, row, field, reason, text."""
        clause, parameters = ("", [limit]) if market is None else (" WHERE market = ?", [market, limit])
        sql = f"SELECT * FROM quarantine{clause} ORDER BY id DESC LIMIT ?"
        return [dict(row) for row in self._db.query(sql, parameters)]

    def batches(self, market: str | None = None, limit: int = 200) -> list[Mapping[str, Any]]:
        """Committed batches, newest first."""
        clause, parameters = ("", [limit]) if market is None else (" WHERE market = ?", [market, limit])
        sql = f"SELECT * FROM batches{clause} ORDER BY rowid DESC LIMIT ?"
        return [dict(row) for row in self._db.query(sql, parameters)]

    def sweep_orphans(self) -> list[Path]:
        """Delete files that no catalogue row names (what a crash left). Only for the engine that holds the lease, and
        under the write lock, so that no batch is between its files and its commit."""
        removed = []
        with self._db.transaction():
            known = {row["path"] for row in self._db.query("SELECT path FROM catalogue")}
            for path in sorted(self._paths.raw.rglob("*")):
                if path.is_file() and path.relative_to(self._paths.lake).as_posix() not in known:
                    path.unlink()
                    removed.append(path)
        return removed

    def verify(self) -> None:
        """Read every catalogued file and recompute its content hash; CorruptStoreError names the first that differs."""
        for row in self._db.query("SELECT path, dataset, rows, content_hash FROM catalogue ORDER BY path"):
            table = read_parquet([self._paths.lake / row["path"]], schema_of(row["dataset"]), row["rows"])
            hashes = table_row_hashes(row["dataset"], normalised_table(row["dataset"], table))
            if (
                hashes != table.column(ROW_HASH).to_pylist()
                or _content_hash(row["dataset"], hashes) != row["content_hash"]
            ):
                raise CorruptStoreError(
                    f"the lake file {row['path']} was changed after it was written; restore a backup"
                )

    def _new_files(self, batch: RawBatch, dataset: str, table: pa.Table, hashes: list[bytes]) -> Iterable[_NewFile]:
        import pyarrow as pa

        if not hashes:
            return
        event_ts, known_ts = table.column("event_ts").to_pylist(), table.column("known_ts").to_pylist()
        known = self._index.known_hashes((batch.source, batch.market, dataset), min(event_ts), max(event_ts))
        months: dict[int, tuple[int, int]] = {}
        groups: dict[tuple[int, int], list[int]] = {}
        seen: set[bytes] = set()
        for i, (row_hash, event) in enumerate(zip(hashes, event_ts, strict=True)):
            if row_hash in known or row_hash in seen:
                continue
            seen.add(row_hash)
            day = event // MICROS_PER_DAY
            if day not in months:
                moment = to_datetime(event)
                months[day] = (moment.year, moment.month)
            groups.setdefault(months[day], []).append(i)
        for (year, month), chosen in sorted(groups.items()):
            chosen.sort(key=lambda i: (known_ts[i], event_ts[i]))
            picked = [hashes[i] for i in chosen]
            rows = table if chosen == list(range(len(hashes))) else table.take(pa.array(chosen))
            rows = rows.append_column(ROW_HASH, pa.array(picked, type=pa.binary(16)))
            content = _content_hash(dataset, picked)
            path = f"raw/{batch.source}/{batch.market}/{year:04d}/{month:02d}/{dataset}-{content[:20]}.parquet"
            events, knowns = [event_ts[i] for i in chosen], (known_ts[chosen[0]], known_ts[chosen[-1]])
            bounds = (min(events), max(events), *knowns)
            yield _NewFile(path, dataset, year, month, content, rows, picked, bounds)

    def _write_files(self, files: list[_NewFile]) -> None:
        named = [(self._paths.lake / file.path, file.table) for file in files]
        folders = [path.parent for path, _ in named]
        grown = make_folders(folders)
        for _ in write_parquet_files(named):
            crashpoint("lake.file_renamed")
        fsync_folders([*grown, *folders])

    def _catalogue(self, batch: RawBatch, files: list[_NewFile], report: StoreReport, recorded_ts: int) -> None:
        with self._db.transaction() as connection:
            connection.execute(
                "INSERT INTO batches VALUES(?,?,?,?,?,?,?,?,?,?)",
                (
                    batch.batch_id,
                    batch.source,
                    batch.market,
                    batch.input_name,
                    batch.input_hash,
                    recorded_ts,
                    report.rows_added,
                    report.rows_duplicate,
                    report.rows_quarantined,
                    SCHEMA_VERSION,
                ),
            )
            for file in files:
                connection.execute(
                    "INSERT INTO catalogue VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                    (
                        file.path,
                        batch.batch_id,
                        batch.source,
                        batch.market,
                        file.dataset,
                        file.year,
                        file.month,
                        file.table.num_rows,
                        file.content_hash,
                        *file.bounds,
                        SCHEMA_VERSION,
                        recorded_ts,
                    ),
                )
            connection.executemany(
                "INSERT OR IGNORE INTO quarantine(batch_id, source, market, input_name, row_number, field, reason, "
                "raw_text, ts) VALUES(?,?,?,?,?,?,?,?,?)",
                [
                    (
                        batch.batch_id,
                        batch.source,
                        batch.market,
                        batch.input_name,
                        row.row_number,
                        row.field,
                        row.reason,
                        row.raw_text,
                        recorded_ts,
                    )
                    for row in batch.quarantined
                ],
            )
            self._events.append(
                "ingest.batch",
                batch.batch_id,
                {
                    "batch_id": batch.batch_id,
                    "source": batch.source,
                    "input": batch.input_name,
                    "rows_added": report.rows_added,
                    "rows_duplicate": report.rows_duplicate,
                    "rows_quarantined": report.rows_quarantined,
                    "datasets": dict(report.added_by_dataset),
                    "quarantine_reasons": dict(report.quarantine_reasons),
                },
                ts=recorded_ts,
                market=batch.market,
            )

    def _report(self, batch: RawBatch, files: list[_NewFile], given: int) -> StoreReport:
        added: Counter[str] = Counter()
        for file in files:
            added[file.dataset] += file.table.num_rows
        return StoreReport(
            batch_id=batch.batch_id,
            rows_added=sum(added.values()),
            rows_duplicate=given - sum(added.values()),
            rows_quarantined=len(batch.quarantined),
            added_by_dataset=dict(added),
            quarantine_reasons=dict(Counter(row.reason for row in batch.quarantined)),
            paths=tuple(file.path for file in files),
        )


def _content_hash(dataset: str, hashes: Iterable[bytes]) -> str:
    return sha256_hex(b"".join([f"{dataset}|{SCHEMA_VERSION}|".encode(), *hashes]))


def _remove(paths: Iterable[Path]) -> None:
    """Delete files that no catalogue names. What a failing disk keeps, the next sweep deletes."""
    with suppress(OSError):
        for path in paths:
            path.unlink(missing_ok=True)
