"""The bitemporal feature store: what was known, when, and since when this system has had it.

Small appends go to a hot tail in SQLite, large ones straight to a sealed, sorted Parquet segment; compaction moves the
tail into segments and changes no answer. Reads never see a row before its `known_ts`. One writer (the engine), any
number of readers: a per-market generation counter tells every process when its cached newest vector is old.
"""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from engine.kernel.errors import CorruptStoreError, NotFoundError
from engine.kernel.workspace_paths import WorkspacePaths
from storage.database import Database
from storage.durable_files import store_error
from storage.event_log import EventLog
from storage.feature_definitions import FeatureDefinition, load_definitions, register_definitions
from storage.feature_rows import FeatureMatrix, FeatureReading, FeatureRows
from storage.feature_segments import (
    active_segments,
    catalogue_segment,
    file_hash,
    seal_segment,
    segments_to_merge,
    supersede_segments,
    sweep_segments,
)
from storage.feature_tail import Identity, add_to_tail, identities, in_tail, tail_table
from storage.newest_vector import KEPT_PER_FEATURE, NewestVector, Winner

if TYPE_CHECKING:
    import pyarrow as pa

    from storage.feature_queries import FeatureRelation
    from storage.sorted_runs import SegmentRows, TableRows

SEGMENT_ROWS: Final = 5_000
SEGMENTS_BEFORE_MERGE: Final = 8
READ_ATTEMPTS: Final = 3
_Answer = TypeVar("_Answer")


class FeatureStore:
    """Append, read as of a moment, compact. All times are UTC microseconds."""

    def __init__(self, db: Database, paths: WorkspacePaths, events: EventLog | None = None) -> None:
        self._db = db
        self._paths = paths
        self._events = events or EventLog(db, paths)
        self._definitions: dict[str, FeatureDefinition] | None = None
        self._newest: dict[str, NewestVector] = {}
        self._tails: dict[str, tuple[int, pa.Table]] = {}
        self._lock = threading.RLock()

    def register(self, definitions: Iterable[FeatureDefinition]) -> None:
        """Register features or newer versions of them."""
        self._db.after_rollback(self._forget_definitions)
        register_definitions(self._db, definitions)
        self._forget_definitions()

    def definitions(self) -> dict[str, FeatureDefinition]:
        """Registered features by name."""
        if self._definitions is None:
            self._definitions = load_definitions(self._db)
        return self._definitions

    def append(self, rows: FeatureRows, *, recorded_ts: int) -> int:
        """Store rows and return how many were new; a row that is there already (same feature, event and known time,
        source, version and value) is not added again. A value outside its feature's range is kept and its quality, if
        "ok", becomes "out_of_range". Joins the caller's transaction.

        Raises StoreError for an unregistered feature, a wrong version or an infinite value; then nothing is stored.
        """
        if not len(rows):
            return 0
        quality = self._checked_quality(rows)
        with self._db.transaction() as connection:
            self._db.after_rollback(lambda: self._forget(rows.market))
            if len(rows) >= SEGMENT_ROWS:
                return self._append_segment(connection, rows, quality, recorded_ts)
            return self._append_tail(connection, rows, quality, recorded_ts)

    def latest(
        self,
        market: str,
        as_of_ts: int,
        features: Sequence[str] | None = None,
        *,
        recorded_as_of_ts: int | None = None,
    ) -> dict[str, FeatureReading]:
        """For each feature the newest `event_ts` among rows with `known_ts` <= as-of (latest revision wins).

        Features of which nothing was known yet are absent. `recorded_as_of_ts` asks further what this system had
        stored by then (parity, audit). Raises NotFoundError for an unregistered feature.
        """
        self._check_names(features)
        if recorded_as_of_ts is None:
            newest = self._newest_vector(market)
            with self._lock:
                winners = newest.winners(newest.features() if features is None else features, as_of_ts)
            if winners is not None:
                definitions = self.definitions()
                return {
                    name: _reading(name, winner, as_of_ts, definitions[name].max_age_us) for name, winner in winners
                }
        from storage.point_reads import readings_as_of

        rows = self._steady(
            market,
            lambda: list(readings_as_of(self._sorted_sources(market, as_of_ts), as_of_ts, recorded_as_of_ts, features)),
        )
        definitions = self.definitions()
        return {
            row["feature"]: _reading(row["feature"], _winner(row), as_of_ts, definitions[row["feature"]].max_age_us)
            for row in rows
        }

    def matrix(self, market: str, times: np.ndarray[Any, Any], features: Sequence[str]) -> FeatureMatrix:
        """The answers of `latest` at every time of `times[n]` for `features` (d of them), in one pass.

        Raises NotFoundError for an unregistered feature.
        """
        from storage.feature_matrix import matrix_as_of

        self._check_names(features)
        moments = np.ascontiguousarray(times, dtype=np.int64)
        definitions = self.definitions()
        ages = {name: definitions[name].max_age_us for name in features}
        until = int(moments.max()) if len(moments) else 0
        return self._steady(market, lambda: matrix_as_of(self._sorted_sources(market, until), moments, features, ages))

    def rows(self, market: str, *, known_until_ts: int | None = None) -> pa.Table:
        """Every stored row of a market known by then, sorted like a segment (`storage/feature_columns.py`)."""
        import pyarrow.compute as pc

        from storage.feature_columns import sort_rows

        table = self._steady(market, lambda: self._all_rows(market, known_until_ts))
        if known_until_ts is not None:
            table = table.filter(pc.less_equal(table.column("known_ts"), known_until_ts))
        return sort_rows(table)

    def tail_rows(self, market: str) -> int:
        """Number of rows in the hot tail."""
        row = self._db.query_one("SELECT count(*) FROM feature_tail WHERE market = ?", (market,))
        return 0 if row is None else int(row[0])

    def compact(self, market: str, *, ts: int) -> int:
        """Seal the hot tail into a segment, and merge segments when they have become many. No answer changes.

        One transaction with the event `features.compacted`; returns the number of rows sealed or merged.
        """
        from storage.feature_columns import sort_rows
        from storage.sorted_runs import TableRows, sorted_blocks

        with self._db.snapshot():
            tail, last_id = tail_table(self._db, market)
            active = active_segments(self._db, market)
        merged = segments_to_merge(active, tail.num_rows, SEGMENTS_BEFORE_MERGE)
        if not last_id and not merged:
            return 0
        # Written before the lock is taken: what is sealed never changes, and a merge of millions of rows takes seconds.
        sources = [*self._segment_sources(merged), TableRows(sort_rows(tail))]
        sealed = seal_segment(self._paths.lake, market, sorted_blocks(sources))
        if sealed is None:
            return 0
        with self._db.transaction("features") as connection:
            self._db.after_rollback(lambda: self._forget(market))
            if not self._still_there(market, merged, last_id, tail.num_rows, sealed.path):
                return 0  # another process compacted or swept meanwhile; the next sweep deletes the file
            connection.execute("DELETE FROM feature_tail WHERE market = ? AND id <= ?", (market, last_id))
            supersede_segments(connection, [row["path"] for row in merged])
            catalogue_segment(connection, market, sealed, ts)
            self._bump(connection, market)
            payload = {"rows": sealed.rows, "path": sealed.path}
            self._events.append("features.compacted", market, payload, ts=ts, market=market)
        return sealed.rows

    def _still_there(
        self, market: str, merged: Sequence[sqlite3.Row], last_id: int, tail_rows: int, sealed: str
    ) -> bool:
        active = {row["path"] for row in active_segments(self._db, market)}
        row = self._db.query_one("SELECT count(*) FROM feature_tail WHERE market = ? AND id <= ?", (market, last_id))
        same_rows = row is not None and row[0] == tail_rows and all(item["path"] in active for item in merged)
        return same_rows and (self._paths.lake / sealed).exists()

    def snapshot(self, directory: Path, market: str, until_known_ts: int) -> tuple[int, str]:
        """Write the rows known by `until_known_ts` to `directory/features.parquet`, in the order of a segment; returns
        their number and content hash. The folder's own names become durable with the caller's `fsync_folders`."""
        return self._steady(market, lambda: self._write_rows(directory / "features.parquet", market, until_known_ts))

    def _write_rows(self, final: Path, market: str, until_known_ts: int) -> tuple[int, str]:
        from storage.feature_columns import SCHEMA
        from storage.parquet_files import write_parquet_blocks
        from storage.sorted_runs import sorted_blocks

        rows = 0

        def counted() -> Iterable[pa.Table]:
            nonlocal rows
            sources = self._sorted_sources(market, until_known_ts)
            for table in sorted_blocks(sources, known_until_ts=until_known_ts):
                rows += table.num_rows
                yield table

        temporary = write_parquet_blocks(final, SCHEMA, counted())
        content = file_hash(temporary)
        try:
            temporary.replace(final)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise store_error(error, f"write {final.name}") from error
        return rows, content

    def sweep_orphans(self) -> list[Path]:
        """Delete segment files that are not active. Only for the engine that holds the lease."""
        return sweep_segments(self._db, self._paths.lake, self._paths.features)

    def verify(self) -> None:
        """Recompute the content hash of every active segment; CorruptStoreError names the first that differs."""
        for row in self._db.query("SELECT * FROM feature_segments WHERE status = 'active' ORDER BY path"):
            if file_hash(self._paths.lake / row["path"]) != row["content_hash"]:
                raise CorruptStoreError(
                    f"the feature segment {row['path']} was changed after it was written; restore a backup"
                )

    def _checked_quality(self, rows: FeatureRows) -> Sequence[str]:
        from storage.feature_checks import checked_quality

        definitions = self.definitions()
        if any(name not in definitions for name in set(rows.feature)):
            self._forget_definitions()  # another process may have registered it
            definitions = self.definitions()
        return checked_quality(rows, definitions)

    def _append_tail(
        self, connection: sqlite3.Connection, rows: FeatureRows, quality: Sequence[str], recorded_ts: int
    ) -> int:
        market = rows.market
        fresh: dict[Identity, str] = {}
        for row, row_quality in zip(identities(rows), quality, strict=True):
            if row not in fresh and not in_tail(connection, market, row):
                fresh[row] = row_quality
        if fresh:
            held = self._held_in_segments(market, rows)
            fresh = {row: row_quality for row, row_quality in fresh.items() if row not in held}
        if not fresh:
            return 0
        before = self._generation(market)
        add_to_tail(connection, market, list(fresh.items()), recorded_ts)
        generation = self._bump(connection, market)
        with self._lock:
            newest = self._newest.get(market)
            if newest is None or newest.generation != before:
                return len(fresh)
            newest.generation = generation
            for (feature, event_ts, known_ts, source, version, value), row_quality in fresh.items():
                number = math.nan if value is None else value
                winner = Winner(event_ts, known_ts, recorded_ts, number, row_quality, source, version)
                if not newest.add(feature, winner):
                    self._forget(market)
                    break
        return len(fresh)

    def _append_segment(
        self, connection: sqlite3.Connection, rows: FeatureRows, quality: Sequence[str], recorded_ts: int
    ) -> int:
        from storage.feature_columns import drop_repeats, sort_rows, table_of

        table = table_of(rows, recorded_ts)
        table = table.set_column(table.column_names.index("quality"), "quality", [quality])
        table = self._without_held(drop_repeats(table), rows)
        if table.num_rows:
            sealed = seal_segment(self._paths.lake, rows.market, [sort_rows(table)])
            if sealed is not None:
                catalogue_segment(connection, rows.market, sealed, recorded_ts)
                self._bump(connection, rows.market)
        return int(table.num_rows)

    def _without_held(self, table: pa.Table, rows: FeatureRows) -> pa.Table:
        """Rows of `table` that neither a segment nor the tail holds, in their order."""
        low, high = int(np.min(rows.known_ts)), int(np.max(rows.known_ts))
        segments = active_segments(self._db, rows.market, known_from_ts=low, known_until_ts=high)
        tail = self._tail(rows.market)
        if not segments and not tail.num_rows:
            return table
        import pyarrow as pa

        from storage.feature_queries import repeated_rows

        with self._open(segments, tail) as relation:
            held = repeated_rows(relation, table, low, high)
        keep = np.ones(table.num_rows, dtype=bool)
        keep[held] = False
        return table.filter(pa.array(keep))

    def _held_in_segments(self, market: str, rows: FeatureRows) -> set[Identity]:
        low, high = int(np.min(rows.known_ts)), int(np.max(rows.known_ts))
        segments = active_segments(self._db, market, known_from_ts=low, known_until_ts=high)
        if not segments:
            return set()
        from storage.feature_columns import SCHEMA, table_of
        from storage.feature_queries import repeated_rows

        with self._open(segments, SCHEMA.empty_table()) as relation:
            held = repeated_rows(relation, table_of(rows, 0), low, high)
        all_rows = identities(rows)
        return {all_rows[i] for i in held}

    def _newest_vector(self, market: str) -> NewestVector:
        generation = self._generation(market)
        with self._lock:
            newest = self._newest.get(market)
            if newest is not None and newest.generation == generation:
                return newest
        newest = self._steady(market, lambda: self._read_newest(market))
        with self._lock:
            self._newest[market] = newest
        return newest

    def _read_newest(self, market: str) -> NewestVector:
        from storage.point_reads import newest_winners

        with self._db.snapshot():
            generation, sources = self._generation(market), self._sorted_sources(market, None)
        return NewestVector(generation, newest_winners(sources, KEPT_PER_FEATURE))

    def _steady(self, market: str, read: Callable[[], _Answer]) -> _Answer:
        """The answer of `read`, asked again where a segment it was about to open was merged and deleted meanwhile."""
        for _ in range(READ_ATTEMPTS - 1):
            before = self._generation(market)
            try:
                return read()
            except CorruptStoreError:
                if self._generation(market) == before:
                    raise
        return read()

    def _check_names(self, features: Sequence[str] | None) -> None:
        if features is None:
            return
        unknown = [name for name in features if name not in self.definitions()]
        if unknown:
            self._forget_definitions()
            unknown = [name for name in unknown if name not in self.definitions()]
        if unknown:
            raise NotFoundError(f"there is no feature '{unknown[0]}'; see `hydra features list`")

    def _sorted_sources(self, market: str, known_until_ts: int | None) -> list[SegmentRows | TableRows]:
        from storage.sorted_runs import TableRows

        with self._db.snapshot():
            segments = active_segments(self._db, market, known_until_ts=known_until_ts)
            tail = self._tail(market)
        return [*self._segment_sources(segments), TableRows(tail)]

    def _segment_sources(self, rows: Sequence[sqlite3.Row]) -> list[SegmentRows | TableRows]:
        from storage.sorted_runs import Segment, SegmentRows

        return [SegmentRows(Segment(self._paths.lake / row["path"], row["rows"])) for row in rows]

    def _open(self, segments: Sequence[sqlite3.Row], tail: pa.Table) -> FeatureRelation:
        from storage.feature_queries import FeatureRelation

        return FeatureRelation([self._paths.lake / row["path"] for row in segments], tail)

    def _all_rows(self, market: str, known_until_ts: int | None) -> pa.Table:
        import pyarrow as pa

        from storage.feature_columns import SCHEMA
        from storage.parquet_files import read_parquet

        with self._db.snapshot():
            segments = active_segments(self._db, market, known_until_ts=known_until_ts)
            tail = self._tail(market)
        paths = [self._paths.lake / row["path"] for row in segments]
        sealed = read_parquet(paths, SCHEMA, sum(row["rows"] for row in segments))
        return pa.concat_tables([sealed, tail])

    def _tail(self, market: str) -> pa.Table:
        generation = self._generation(market)
        with self._lock:
            cached = self._tails.get(market)
        if cached is not None and cached[0] == generation:
            return cached[1]
        from storage.feature_columns import sort_rows

        table = sort_rows(tail_table(self._db, market)[0])
        with self._lock:
            self._tails[market] = (generation, table)
        return table

    def _generation(self, market: str) -> int:
        row = self._db.query_one("SELECT value FROM meta WHERE key = ?", (f"feature_generation:{market}",))
        return 0 if row is None else int(row[0])

    def _bump(self, connection: sqlite3.Connection, market: str) -> int:
        connection.execute(
            "INSERT INTO meta(key, value) VALUES(?, '1') "
            "ON CONFLICT(key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)",
            (f"feature_generation:{market}",),
        )
        return self._generation(market)

    def _forget(self, market: str) -> None:
        with self._lock:
            self._newest.pop(market, None)
            self._tails.pop(market, None)

    def _forget_definitions(self) -> None:
        self._definitions = None


def _reading(name: str, winner: Winner, as_of_ts: int, max_age_us: int) -> FeatureReading:
    age_us = as_of_ts - winner.event_ts
    return FeatureReading(
        name,
        winner.value,
        winner.event_ts,
        winner.known_ts,
        winner.recorded_ts,
        age_us,
        max_age_us,
        age_us > max_age_us,
        winner.quality,
        winner.source,
    )


def _winner(row: dict[str, Any]) -> Winner:
    names = ("event_ts", "known_ts", "recorded_ts", "value", "quality", "source", "version")
    return Winner(*(row[name] for name in names))
