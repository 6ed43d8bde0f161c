"""Writing and reading the immutable Parquet files of lake and feature store.

Small tables are written plainly (fast), large ones compressed well. Many small files are read by DuckDB, which opens
one in a quarter of a millisecond where Arrow needs half; a few are read by Arrow, which needs no set-up.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.kernel.errors import CorruptStoreError, StoreError
from storage.durable_files import (
    fsync_file,
    fsync_folder,
    make_folder,
    store_error,
    temporary_path,
    write_temporary,
)

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

SMALL_TABLE_ROWS: Final = 2_000
FEW_FILES: Final = 6
DISK_THREADS: Final = 8
ROW_GROUP_ROWS: Final = 131_072  # a merge holds one group of every segment
_duckdb_lock = threading.Lock()
_duckdb_root: list[duckdb.DuckDBPyConnection] = []


def duckdb_cursor() -> duckdb.DuckDBPyConnection:
    """A cursor of this process's in-memory DuckDB (opened at first use); close it after use."""
    import duckdb

    with _duckdb_lock:
        if not _duckdb_root:
            # What does not fit in memory must not land in whatever folder the program was started from.
            spill = str(Path(tempfile.gettempdir()) / f"hydra-duckdb-{os.getpid()}")
            config: dict[str, str | bool | int | float | list[str]] = {
                "threads": 2,
                "memory_limit": "2GB",
                "temp_directory": spill,
            }
            root = duckdb.connect(":memory:", config=config)
            root.execute("SET TimeZone = 'UTC'")
            _duckdb_root.append(root)
        return _duckdb_root[0].cursor()


def write_parquet(final: Path, table: pa.Table) -> None:
    """Write a table under its final name, whole or not at all. The folder's own names become durable with
    `fsync_folders`, so that a batch of files pays for each folder once."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    make_folder(final.parent)
    sink = pa.BufferOutputStream()
    if table.num_rows <= SMALL_TABLE_ROWS:
        pq.write_table(
            table, sink, compression="snappy", use_dictionary=False, write_statistics=False, store_schema=False
        )
    else:
        pq.write_table(table, sink, compression="zstd", store_schema=False)
    temporary = write_temporary(final, (memoryview(sink.getvalue()),))
    try:
        temporary.replace(final)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise store_error(error, f"write {final.name}") from error


def write_parquet_blocks(final: Path, schema: pa.Schema, blocks: Iterable[pa.Table]) -> Path:
    """Write tables one after the other, each a row group, under the temporary name of `final`; returns that name, the
    bytes durable. One small block is written plainly, as `write_parquet` does."""
    import pyarrow.parquet as pq

    make_folder(final.parent)
    temporary = temporary_path(final)
    remaining = iter(blocks)
    ahead = [*islice(remaining, 2)]
    small = len(ahead) < 2 and sum(table.num_rows for table in ahead) <= SMALL_TABLE_ROWS
    options: dict[str, Any] = (
        {"compression": "snappy", "use_dictionary": False, "write_statistics": False}
        if small
        else {"compression": "zstd"}
    )
    try:
        with pq.ParquetWriter(temporary, schema, store_schema=False, **options) as writer:
            for table in chain(ahead, remaining):
                writer.write_table(table, row_group_size=ROW_GROUP_ROWS)
        fsync_file(temporary)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise store_error(error, f"write {final.name}") from error
        raise
    return temporary


def write_parquet_files(files: Sequence[tuple[Path, pa.Table]]) -> Iterator[Path]:
    """Write many tables as `write_parquet` does and give each name when its file is there, in order; what waits for
    the disk waits side by side. The folders are there already (`make_folders`)."""
    if len(files) < FEW_FILES:
        for path, table in files:
            write_parquet(path, table)
            yield path
        return
    with ThreadPoolExecutor(DISK_THREADS) as pool:
        pending = [pool.submit(write_parquet, path, table) for path, table in files]
        try:
            for (path, _), written in zip(files, pending, strict=True):
                written.result()
                yield path
        finally:
            for written in pending:
                written.cancel()


def fsync_folders(folders: Sequence[Path]) -> None:
    """Make the names in each of the folders durable, each once."""
    different = list(dict.fromkeys(folders))
    try:
        if len(different) < FEW_FILES:
            for folder in different:
                fsync_folder(folder)
            return
        with ThreadPoolExecutor(DISK_THREADS) as pool:
            for _ in pool.map(fsync_folder, different):
                pass
    except OSError as error:
        raise store_error(error, "make the new files durable") from error


def read_parquet(paths: Sequence[Path], schema: pa.Schema, expected_rows: int) -> pa.Table:
    """All rows of the files in order. Raises CorruptStoreError if one is missing or damaged, or rows are lacking."""
    import pyarrow as pa

    if not paths:
        return schema.empty_table()
    try:
        table = _read_few(paths, schema) if len(paths) <= FEW_FILES else _read_many(paths, schema)
    except (OSError, ValueError, pa.ArrowException, _duckdb_error()) as error:
        raise CorruptStoreError(_damage(paths, schema, error)) from error
    if table.num_rows != expected_rows:
        which = f"the catalogued file {paths[0]} holds" if len(paths) == 1 else f"{len(paths)} catalogued files hold"
        raise CorruptStoreError(f"{which} {table.num_rows} rows instead of {expected_rows}; restore a backup")
    return table


def _read_few(paths: Sequence[Path], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = [pq.ParquetFile(path).read(columns=schema.names, use_threads=False) for path in paths]
    return pa.concat_tables([table.cast(schema) for table in tables])


def _read_many(paths: Sequence[Path], schema: pa.Schema) -> pa.Table:
    cursor = duckdb_cursor()
    try:
        names = ", ".join(f'"{name}"' for name in schema.names)
        relation = cursor.sql(f"SELECT {names} FROM read_parquet($paths)", params={"paths": [str(p) for p in paths]})
        return relation.to_arrow_table().cast(schema)
    finally:
        cursor.close()


def _duckdb_error() -> Any:
    import duckdb

    return duckdb.Error


def _damage(paths: Sequence[Path], schema: pa.Schema, error: Exception) -> str:
    missing = next((path for path in paths if not path.exists()), None)
    if missing is not None:
        return f"the catalogued file {missing} is missing; restore a backup"
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    damaged = next((path for path in paths if not _is_readable(path, schema)), None)
    which = "a catalogued Parquet file" if damaged is None else f"the catalogued file {damaged}"
    return f"{which} cannot be read ({reason}); restore a backup"


def _is_readable(path: Path, schema: pa.Schema) -> bool:
    import pyarrow as pa

    try:
        _read_few([path], schema)
    except (OSError, ValueError, pa.ArrowException):
        return False
    return True


def safe_path_part(text: str, what: str) -> str:
    """A name that may be part of a path; StoreError for anything else."""
    if not text or text.startswith(".") or not all(c.isalnum() or c in "_-." for c in text):
        raise StoreError(f"'{text}' cannot be the name of a {what}: use letters, digits, '_', '-' and '.'")
    return text
