"""SQL over a lake, read-only: one view per dataset over exactly the catalogued files, never over a folder.

`features` holds sealed segments and, in a workspace, the hot tail; `catalogue` lists the files. Times are UTC
microseconds. Only one SELECT is taken, and DuckDB may open no other file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.kernel.errors import CorruptStoreError, InputError, StoreError
from storage.datasets import DATASETS, empty_table
from storage.lake_files import FEATURES, LakeFile, catalogued_files, files_table, markets_with_tail
from storage.lake_place import FolderPlace, LakePlace
from storage.lake_publication import published_files

if TYPE_CHECKING:
    import pyarrow as pa

    from storage.stores import Stores


def query_workspace(stores: Stores, sql: str) -> pa.Table:
    """Rows of a SELECT over the lake of a workspace, as committed at this moment."""
    import pyarrow as pa

    from storage.feature_columns import SCHEMA
    from storage.feature_tail import tail_table

    with stores.db.snapshot():
        files = catalogued_files(stores.db)
        tails = [tail_table(stores.db, market)[0] for market in markets_with_tail(stores.db)]
    tail = pa.concat_tables([SCHEMA.empty_table(), *tails])
    return _query(FolderPlace(stores.paths.lake), files, tail, sql)


def query_published(place: LakePlace, sql: str) -> pa.Table:
    """Rows of a SELECT over a published lake, as its manifest names it."""
    from storage.feature_columns import SCHEMA

    return _query(place, published_files(place), SCHEMA.empty_table(), sql)


def _query(place: LakePlace, files: Sequence[LakeFile], tail: pa.Table, sql: str) -> pa.Table:
    import duckdb
    import pyarrow as pa

    for file in files:
        if place.size_of(file.path) is None:
            raise CorruptStoreError(f"the catalogued file {file.path} is missing in {place.address}; restore a backup")
    connection = duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "2GB", "temp_directory": ""})
    try:
        _only_a_select(connection, sql)
        connection.execute("SET TimeZone = 'UTC'")
        for name, parts in _parts(place, files, tail).items():
            for number, part in enumerate(parts):
                connection.register(f"{name}__{number}", part)
            union = " UNION ALL BY NAME ".join(f'SELECT * FROM "{name}__{number}"' for number in range(len(parts)))
            connection.execute(f'CREATE VIEW "{name}" AS {union}')
        connection.register("catalogue", files_table(files))
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        return connection.sql(sql).to_arrow_table()
    except duckdb.Error as error:
        raise InputError(f"the query cannot be answered: {_first_line(error)}") from error
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"the lake in {place.address} cannot be read: {_first_line(error)}") from error
    finally:
        connection.close()


def _only_a_select(connection: Any, sql: str) -> None:
    import duckdb

    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise InputError(f"the query is no SQL: {_first_line(error)}") from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise InputError("only one SELECT is taken: the lake is read-only here")


def _parts(place: LakePlace, files: Sequence[LakeFile], tail: pa.Table) -> dict[str, list[Any]]:
    """For each dataset what its view is made of: Arrow data sets over exactly the files named, and tables."""
    import pyarrow.dataset as ds

    from storage.datasets import schema_of
    from storage.feature_columns import SCHEMA

    parts: dict[str, list[Any]] = {FEATURES: [tail]}
    parts |= {dataset: [empty_table(dataset)] for dataset in DATASETS}
    for name, held in parts.items():
        paths = [place.location(file.path) for file in files if file.dataset == name]
        if paths:
            schema = SCHEMA if name == FEATURES else schema_of(name)
            held.append(ds.dataset(paths, schema=schema, format="parquet", filesystem=place.filesystem))
    return parts


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
