"""What the raw lake already holds, in memory: per (source, market, dataset) its files and the hashes of their rows.

Rows carry their event time, so a row can only repeat one of a file whose event range it falls in: hashes are loaded
for those files alone, and live data, which always comes later, loads none. Used under the database's write lock only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from storage.database import Database
from storage.datasets import ROW_HASH
from storage.parquet_files import read_parquet

Key = tuple[str, str, str]


@dataclass(slots=True)
class _Holding:
    ranges: dict[str, tuple[int, int, int]] = field(default_factory=dict)  # path -> (rows, min event, max event)
    newest_event_ts: int = -(2**62)
    loaded: set[str] = field(default_factory=set)
    hashes: set[bytes] = field(default_factory=set)


class LakeIndex:
    """Follows the catalogue by its growing row number, so that what another process committed is seen too."""

    def __init__(self, db: Database, root: Path) -> None:
        self._db = db
        self._root = root
        self._holdings: dict[Key, _Holding] = {}
        self._watermark = 0

    def forget(self) -> None:
        """Drop everything remembered; the next use reads the catalogue again."""
        self._holdings.clear()
        self._watermark = 0

    def refresh(self) -> None:
        """Take in the files catalogued since the last look."""
        rows = self._db.query(
            "SELECT rowid, path, source, market, dataset, rows, min_event_ts, max_event_ts FROM catalogue "
            "WHERE rowid > ? ORDER BY rowid",
            (self._watermark,),
        )
        for row in rows:
            holding = self._holdings.setdefault((row["source"], row["market"], row["dataset"]), _Holding())
            holding.ranges[row["path"]] = (row["rows"], row["min_event_ts"], row["max_event_ts"])
            holding.newest_event_ts = max(holding.newest_event_ts, row["max_event_ts"])
            self._watermark = row["rowid"]

    def known_hashes(self, key: Key, min_event_ts: int, max_event_ts: int) -> set[bytes]:
        """Row hashes of every file of `key` whose event range meets [min, max] (perhaps more)."""
        holding = self._holdings.get(key)
        if holding is None or min_event_ts > holding.newest_event_ts:
            return set()
        wanted = {
            path: rows
            for path, (rows, low, high) in holding.ranges.items()
            if path not in holding.loaded and low <= max_event_ts and high >= min_event_ts
        }
        if wanted:
            import pyarrow as pa

            schema = pa.schema([pa.field(ROW_HASH, pa.binary(16))])
            table = read_parquet([self._root / path for path in wanted], schema, sum(wanted.values()))
            holding.hashes.update(table.column(ROW_HASH).to_pylist())
            holding.loaded.update(wanted)
        return holding.hashes

    def remember(self, key: Key, path: str, hashes: list[bytes]) -> None:
        """Note the rows of a file that is being committed, so that they need not be read back."""
        holding = self._holdings.setdefault(key, _Holding())
        holding.loaded.add(path)
        holding.hashes.update(hashes)
