"""Which files a lake consists of: one line per catalogued file, from the workspace's catalogue or a published one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from storage.database import Database

if TYPE_CHECKING:
    import pyarrow as pa

FEATURES: Final = "features"


@dataclass(frozen=True, slots=True)
class LakeFile:
    """One immutable file below the lake's root; `dataset` is "features" for a feature segment. Times are UTC
    microseconds."""

    path: str
    dataset: str
    market: str
    source: str
    rows: int
    content_hash: str
    min_event_ts: int
    max_event_ts: int
    min_known_ts: int
    max_known_ts: int


def catalogued_files(db: Database) -> list[LakeFile]:
    """Every committed file of raw lake and feature store, in order of path. What is not here does not exist."""
    rows = db.query(
        "SELECT path, dataset, market, source, rows, content_hash, min_event_ts, max_event_ts, min_known_ts, "
        "max_known_ts FROM catalogue UNION ALL "
        f"SELECT path, '{FEATURES}', market, '', rows, content_hash, min_event_ts, max_event_ts, min_known_ts, "
        "max_known_ts FROM feature_segments WHERE status = 'active' ORDER BY path"
    )
    return [LakeFile(*row) for row in rows]


def markets_with_tail(db: Database) -> list[str]:
    """Markets with feature rows that no segment holds yet."""
    return [row["market"] for row in db.query("SELECT DISTINCT market FROM feature_tail ORDER BY market")]


def files_table(files: Sequence[LakeFile]) -> pa.Table:
    """The catalogue as a table."""
    import pyarrow as pa

    names = LakeFile.__dataclass_fields__
    text = {"path", "dataset", "market", "source", "content_hash"}
    return pa.table(
        {
            name: pa.array([getattr(file, name) for file in files], pa.string() if name in text else pa.int64())
            for name in names
        }
    )


def files_of_table(table: pa.Table) -> list[LakeFile]:
    """The catalogue from a table."""
    return [LakeFile(**row) for row in table.select(list(LakeFile.__dataclass_fields__)).to_pylist()]
