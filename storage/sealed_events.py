"""Sealed segments of the event log: old events as Parquet files named by their range and last hash."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.kernel.errors import CorruptStoreError
from storage.durable_files import write_durably

_NAMES = ("seq", "ts", "kind", "subject", "market", "payload", "cause_seq", "prev_hash", "hash")


def _schema() -> Any:
    import pyarrow as pa

    integers = {"seq", "ts", "cause_seq"}
    return pa.schema([(name, pa.int64() if name in integers else pa.string()) for name in _NAMES])


def write_segment(folder: Path, rows: Sequence[tuple[Any, ...]]) -> Path:
    """Write event rows (columns in table order) to a new immutable file; the name derives from the content."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema()
    columns = [pa.array([row[i] for row in rows], type=schema.field(i).type) for i in range(len(_NAMES))]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), buffer, compression="zstd")
    path = folder / f"{rows[0][0]:012d}-{rows[-1][0]:012d}-{str(rows[-1][-1])[:16]}.parquet"
    write_durably(path, buffer.getvalue())
    return path


def read_segment(path: Path) -> list[tuple[Any, ...]]:
    """Rows of a sealed segment in order. Raises CorruptStoreError if it is missing or damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, schema=_schema())
    except (OSError, pa.ArrowException) as error:
        raise CorruptStoreError(
            f"the sealed event segment {path.name} is missing or damaged: restore a backup"
        ) from error
    return list(zip(*(table.column(name).to_pylist() for name in _NAMES), strict=True))
