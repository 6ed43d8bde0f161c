"""Sorted feature rows, feature by feature: sealed segments and tables walked side by side with bounded memory.

A segment is sorted by feature first (`storage/feature_columns.py`), so the rows of one feature lie together in each of
them. The walk holds one row group per segment, whatever the number of rows stored.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.kernel.errors import CorruptStoreError
from storage.feature_columns import SCHEMA, sort_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAR_FUTURE: Final = 2**62
_TEXTS: Final = ["market", "feature", "quality", "source"]
ROWS_PER_BLOCK: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Segment:
    """A sealed segment: where it lies and how many rows the catalogue promises."""

    path: Path
    rows: int


class RowGroup:
    """Consecutive rows of a source; columns are read when asked for and kept while the group is held."""

    def __init__(self, source: SegmentRows | TableRows, at: int, columns: Sequence[str]) -> None:
        self._source = source
        self._at = at
        self._table = source.read(at, columns)
        self._arrays: dict[str, NDArray[Any]] = {}

    @property
    def table(self) -> pa.Table:
        """The columns read so far."""
        return self._table

    def numbers(self, name: str) -> NDArray[Any]:
        """A numeric column as an array."""
        if name not in self._arrays:
            self._arrays[name] = self.column(name).to_numpy()
        return self._arrays[name]

    def column(self, name: str) -> pa.ChunkedArray:
        """A column; texts may be dictionary-encoded."""
        if name not in self._table.column_names:
            self._table = self._table.append_column(name, self._source.read(self._at, [name]).column(name))
        return self._table.column(name)


@dataclass(frozen=True, slots=True)
class Run:
    """The rows [start, stop) of a group, all of one feature."""

    feature: str
    group: RowGroup
    start: int
    stop: int

    def numbers(self, name: str) -> NDArray[Any]:
        """A numeric column of these rows."""
        return self.group.numbers(name)[self.start : self.stop]

    def texts(self, name: str) -> pa.ChunkedArray:
        """A text column of these rows."""
        return self.group.column(name).slice(self.start, self.stop - self.start)

    def table(self) -> pa.Table:
        """These rows with the columns read so far."""
        return self.group.table.slice(self.start, self.stop - self.start)


class TableRows:
    """A sorted table in memory as a source of runs."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table.combine_chunks()

    def groups(self, wanted: Sequence[str] | None, known_until_ts: int) -> Iterator[int]:
        """Numbers of the row groups that may hold a wanted feature."""
        del wanted, known_until_ts
        yield from range(1 if self._table.num_rows else 0)

    def read(self, group: int, columns: Sequence[str]) -> pa.Table:
        """Columns of a row group."""
        del group
        return self._table.select(list(columns))


class SegmentRows:
    """A sealed segment as a source of runs. Raises CorruptStoreError where it is missing, damaged or short."""

    def __init__(self, segment: Segment) -> None:
        self._path = segment.path
        try:
            with pq.ParquetFile(segment.path, memory_map=True) as file:
                self._metadata = file.metadata
        except (OSError, ValueError, pa.ArrowException) as error:
            raise segment_damage(segment.path, error) from error
        if self._metadata.num_rows != segment.rows:
            raise CorruptStoreError(
                f"the sealed feature segment {segment.path.name} holds {self._metadata.num_rows} rows instead of "
                f"{segment.rows}; restore a backup"
            )
        names = [self._metadata.schema.column(i).name for i in range(self._metadata.num_columns)]
        self._position = {name: i for i, name in enumerate(names)}

    def groups(self, wanted: Sequence[str] | None, known_until_ts: int) -> Iterator[int]:
        """Numbers of the row groups that may hold a wanted feature, by their statistics; `wanted` is sorted."""
        for group in range(self._metadata.num_row_groups):
            feature, known = self._bounds(group, "feature"), self._bounds(group, "known_ts")
            if known is not None and known[0] > known_until_ts:
                continue
            if wanted is not None and feature is not None and not _any_between(wanted, *feature):
                continue
            yield group

    def read(self, group: int, columns: Sequence[str]) -> pa.Table:
        """Columns of a row group."""
        try:
            with pq.ParquetFile(self._path, metadata=self._metadata, memory_map=True, read_dictionary=_TEXTS) as file:
                return file.read_row_group(group, columns=list(columns), use_threads=False).combine_chunks()
        except (OSError, ValueError, pa.ArrowException) as error:
            raise segment_damage(self._path, error) from error

    def _bounds(self, group: int, column: str) -> tuple[Any, Any] | None:
        if column not in self._position:
            return None
        statistics = self._metadata.row_group(group).column(self._position[column]).statistics
        if statistics is None or not statistics.has_min_max:
            return None
        return statistics.min, statistics.max


def features_side_by_side(
    sources: Sequence[SegmentRows | TableRows],
    columns: Sequence[str],
    wanted: Sequence[str] | None = None,
    known_until_ts: int = FAR_FUTURE,
) -> Iterator[tuple[str, list[Run]]]:
    """Each feature once, in alphabetical order, with its runs of all sources; rows of one source keep their order.

    `columns` must hold "feature". Without `wanted` every feature comes. Row groups whose rows were all known after
    `known_until_ts` are left out; single later rows are not.
    """
    chosen = None if wanted is None else sorted(set(wanted))
    walks = [_runs(source, columns, chosen, known_until_ts) for source in sources]
    merged = heapq.merge(*walks, key=lambda run: run.feature)
    for feature, runs in groupby(merged, key=lambda run: run.feature):
        yield feature, list(runs)


def sorted_blocks(
    sources: Sequence[SegmentRows | TableRows],
    *,
    rows_per_block: int = ROWS_PER_BLOCK,
    known_until_ts: int = FAR_FUTURE,
) -> Iterator[pa.Table]:
    """All rows of the sources known by then, in the order of one segment, cut between features into tables of about
    `rows_per_block` rows: a merge that never holds more than a block and a row group per source."""
    waiting: list[Run] = []
    rows, merged = 0, False
    for _, runs in features_side_by_side(sources, SCHEMA.names, None, known_until_ts):
        waiting += runs
        merged = merged or len(runs) > 1
        rows += sum(run.stop - run.start for run in runs)
        if rows >= rows_per_block:
            yield from _block(waiting, merged, known_until_ts)
            waiting, rows, merged = [], 0, False
    if waiting:
        yield from _block(waiting, merged, known_until_ts)


def _block(runs: Sequence[Run], merged: bool, known_until_ts: int) -> Iterator[pa.Table]:
    table = pa.concat_tables([run.table().select(SCHEMA.names).cast(SCHEMA) for run in runs])
    if known_until_ts < FAR_FUTURE:
        table = table.filter(pc.less_equal(table.column("known_ts"), known_until_ts))
    if table.num_rows:
        yield sort_rows(table) if merged else table.combine_chunks()


def segment_damage(path: Path, error: Exception) -> CorruptStoreError:
    """One sentence for a segment that cannot be read."""
    if not path.exists():
        return CorruptStoreError(f"the sealed feature segment {path.name} is missing; restore a backup")
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return CorruptStoreError(f"the sealed feature segment {path.name} is damaged ({reason}); restore a backup")


def _runs(
    source: SegmentRows | TableRows, columns: Sequence[str], wanted: Sequence[str] | None, known_until_ts: int
) -> Iterator[Run]:
    members = None if wanted is None else set(wanted)
    for number in source.groups(wanted, known_until_ts):
        group = RowGroup(source, number, columns)
        codes, names = _codes(group.column("feature"))
        ends = np.append(np.flatnonzero(codes[1:] != codes[:-1]) + 1, len(codes))
        start = 0
        for stop in ends.tolist():
            feature = names[codes[start]]
            if members is None or feature in members:
                yield Run(feature, group, start, stop)
            start = stop


def _codes(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0)
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    return encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_pylist()


def _any_between(ordered: Sequence[str], low: str, high: str) -> bool:
    from bisect import bisect_left

    at = bisect_left(ordered, low)
    return at < len(ordered) and ordered[at] <= high
