"""The lake as others read it: SQL over its files, and its publication."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from engine.kernel.clock import SystemClock
from engine.kernel.errors import InputError
from storage.lake_place import LakePlace, place_of
from storage.lake_publication import publish
from storage.lake_sql import query_published, query_workspace

if TYPE_CHECKING:
    from engine.kernel.config_models import StorageConfig
    from storage.stores import Stores


def query_lake(
    sql: str, *, stores: Stores | None = None, address: str = "", storage: StorageConfig | None = None
) -> dict[str, Any]:
    """Columns and rows of a SELECT over the workspace's lake, or over the published one at `address`."""
    if stores is not None:
        found = query_workspace(stores, sql)
    elif storage is not None:
        found = query_published(_place(address, storage), sql)
    else:
        raise InputError("name a lake")
    columns = [[_plain(value) for value in column.to_pylist()] for column in found.columns]
    rows = [list(row) for row in zip(*columns, strict=True)]
    return {"columns": found.column_names, "rows": rows}


def publish_lake(stores: Stores, destination: str, storage: StorageConfig) -> dict[str, Any]:
    """Publish the workspace's lake; the answer counts files and bytes."""
    place = _place(destination, storage)
    return {"destination": place.address, **asdict(publish(stores, place, ts=SystemClock().now_ts()))}


def _place(address: str, storage: StorageConfig) -> LakePlace:
    return place_of(address, s3_endpoint=storage.s3_endpoint, s3_region=storage.s3_region)


def _plain(value: Any) -> Any:
    """A value that JSON knows: missing numbers are null, bytes hexadecimal, everything else unknown its text."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, str | int | float | bool | None) else str(value)
