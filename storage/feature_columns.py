"""Feature rows as Arrow tables: schema, order, deduplication and content hash of a segment.

A segment is sorted by feature, known time, event time and the rest of the key that decides which of two rows wins, so
that its last row up to a moment is the answer as of that moment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from storage.feature_rows import FeatureRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCHEMA: Final = pa.schema(
    [
        ("market", pa.string()),
        ("feature", pa.string()),
        ("event_ts", pa.int64()),
        ("known_ts", pa.int64()),
        ("recorded_ts", pa.int64()),
        ("value", pa.float64()),
        ("quality", pa.string()),
        ("source", pa.string()),
        ("version", pa.int64()),
    ]
)


def table_of(rows: FeatureRows, recorded_ts: int) -> pa.Table:
    """Arrow table of rows that are stored now."""
    n = len(rows)
    return pa.Table.from_arrays(
        [
            pa.array([rows.market] * n, pa.string()),
            pa.array(rows.feature, pa.string()),
            pa.array(rows.event_ts, pa.int64()),
            pa.array(rows.known_ts, pa.int64()),
            pa.array(np.full(n, recorded_ts, dtype=np.int64)),
            pa.array(np.asarray(rows.value, dtype=np.float64)),
            pa.array(rows.quality, pa.string()),
            pa.array(rows.source, pa.string()),
            pa.array(rows.version, pa.int64()),
        ],
        schema=SCHEMA,
    )


def text_ranks(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Rank of each text among the distinct texts in alphabetical order: comparable as integers."""
    encoded = column.combine_chunks().dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    rank_of = {text: rank for rank, text in enumerate(sorted(texts))}
    ranks = np.array([rank_of[text] for text in texts], dtype=np.int64)
    codes: NDArray[np.int64] = ranks[encoded.indices.to_numpy(zero_copy_only=False)]
    return codes


def sort_rows(table: pa.Table) -> pa.Table:
    """Rows in the order of a segment; of two rows for the same feature and moment the later one wins."""
    value = table.column("value").to_numpy()
    missing = np.isnan(value)
    keys: tuple[NDArray[Any], ...] = (
        np.where(missing, 0.0, value),
        missing,
        text_ranks(table.column("source")),
        table.column("recorded_ts").to_numpy(),
        table.column("version").to_numpy(),
        table.column("event_ts").to_numpy(),
        table.column("known_ts").to_numpy(),
        text_ranks(table.column("feature")),
    )
    # A key that is the same everywhere decides nothing and costs as much as one that does.
    deciding = [key for key in keys if table.num_rows and (key != key[0]).any()]
    return table.take(pa.array(np.lexsort(deciding))) if deciding else table


def drop_repeats(table: pa.Table) -> pa.Table:
    """Keep the first of rows that agree in feature, event, known, source, version and value (NaN equals NaN)."""
    value = table.column("value").to_numpy()
    missing = np.isnan(value)
    columns = (
        np.arange(table.num_rows),
        np.where(missing, 0.0, value),
        missing,
        table.column("version").to_numpy(),
        text_ranks(table.column("source")),
        table.column("known_ts").to_numpy(),
        table.column("event_ts").to_numpy(),
        text_ranks(table.column("feature")),
    )
    order = np.lexsort(columns)
    same = np.ones(max(table.num_rows - 1, 0), dtype=bool)
    for column in columns[1:]:
        arranged = np.asarray(column)[order]
        same &= arranged[1:] == arranged[:-1]
    if not same.any():
        return table
    keep = np.ones(table.num_rows, dtype=bool)
    keep[order[1:][same]] = False
    return table.filter(pa.array(keep))


def segment_hash(table: pa.Table) -> str:
    """Content hash of sorted rows without `recorded_ts`: the same facts give the same name whenever they are stored."""
    return hash_of_columns(lambda name: table.column(name).chunks)


def hash_of_columns(chunks_of: Callable[[str], Iterable[pa.Array]]) -> str:
    """`segment_hash` of a table of which `chunks_of(name)` gives one column at a time, piece by piece."""
    digest = hashlib.sha256()
    for name in ("event_ts", "known_ts", "version"):
        for chunk in chunks_of(name):
            digest.update(np.ascontiguousarray(chunk.to_numpy(), dtype="<i8").tobytes())
    for chunk in chunks_of("value"):
        value = np.array(chunk.to_numpy(), dtype="<f8")
        value[np.isnan(value)] = np.nan
        digest.update(value.tobytes())
    for name in ("market", "feature", "quality", "source"):
        texts, indices = _numbered_texts(chunks_of(name))
        digest.update("\x1f".join(texts).encode())
        for part in indices:
            digest.update(part.tobytes())
    return digest.hexdigest()


def _numbered_texts(chunks: Iterable[pa.Array]) -> tuple[list[str], list[NDArray[np.int32]]]:
    """Distinct texts in order of appearance and, chunk by chunk, the number of each row's text."""
    numbers: dict[str, int] = {}
    indices = []
    for chunk in chunks:
        encoded = chunk.dictionary_encode()
        codes = [numbers.setdefault(text, len(numbers)) for text in encoded.dictionary.to_pylist()]
        indices.append(np.array(codes, dtype="<i4")[encoded.indices.to_numpy(zero_copy_only=False)])
    return list(numbers), indices
