"""Immutable snapshots for experiments: a folder of Parquet with the features, bars and raw records of one market as
known at one moment, and a manifest whose hash names the content.

An experiment's process reads only the snapshot; it opens no database.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from engine.kernel.canonical import canonical_json, content_hash, sha256_hex
from engine.kernel.errors import CorruptStoreError, NotFoundError, StoreError
from storage.datasets import SNAPSHOT_DATASETS, empty_table, schema_of
from storage.durable_files import fsync_folder, is_temporary, make_folder, store_error, temporary_path, write_durably
from storage.feature_definitions import FeatureDefinition
from storage.feature_rows import FeatureMatrix
from storage.parquet_files import read_parquet, write_parquet

if TYPE_CHECKING:
    import pyarrow as pa

    from storage.raw_lake import RawLake
    from storage.stores import Stores

MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class SnapshotManifest:
    """What a snapshot holds: rows and SHA-256 of each file. `snapshot_hash` covers everything but itself."""

    market: str
    until_known_ts: int
    files: Mapping[str, Mapping[str, Any]]
    definitions: Sequence[Mapping[str, Any]]
    snapshot_hash: str


def snapshot_tables(
    lake: RawLake,
    market: str,
    *,
    related: Iterable[tuple[str, str]] = (),
    known_until_ts: int | None = None,
    datasets: Sequence[str] = SNAPSHOT_DATASETS,
) -> dict[str, pa.Table]:
    """What a snapshot holds of the raw lake: all of a market, and after its own bars the traded ones (`nearby` 1) of
    related markets, each a (market, series)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    tables = {dataset: lake.read(market, dataset, known_until_ts=known_until_ts) for dataset in datasets}
    for other, series in related:
        bars = lake.read(other, "futures_bar", known_until_ts=known_until_ts)
        traded = bars.filter(pc.and_(pc.equal(bars.column("series"), series), pc.equal(bars.column("nearby"), 1)))
        tables["futures_bar"] = pa.concat_tables([tables["futures_bar"], traded])
    return tables


def write_snapshot(
    stores: Stores,
    market: str,
    until_known_ts: int,
    *,
    datasets: Sequence[str] = SNAPSHOT_DATASETS,
    related: Iterable[tuple[str, str]] = (),
) -> tuple[Path, str]:
    """Write features and raw records known by `until_known_ts` below `snapshots/`; returns folder and snapshot hash.
    `related` as for `snapshot_tables`.

    The folder is named by the hash: the same facts give the same snapshot, and an existing one is used again. It
    appears by a rename, whole or not at all.
    """
    parent = stores.paths.snapshots
    working = temporary_path(parent / f"{market}-{until_known_ts}")
    _remove(working)
    make_folder(working)
    tables = snapshot_tables(stores.lake, market, related=related, known_until_ts=until_known_ts, datasets=datasets)
    identity: dict[str, str] = {}
    files: dict[str, dict[str, Any]] = {}
    rows, identity["features"] = stores.features.snapshot(working, market, until_known_ts)
    files["features"] = {"rows": rows, "sha256": _sha256_of(working / "features.parquet")}
    for name, table in tables.items():
        write_parquet(working / f"{name}.parquet", table)
        files[name] = {"rows": table.num_rows, "sha256": _sha256_of(working / f"{name}.parquet")}
        identity[name] = sha256_hex(b"".join(table.column("row_hash").to_pylist()))
    definitions = [asdict(definition) for definition in stores.features.definitions().values()]
    body = {"market": market, "until_known_ts": until_known_ts, "definitions": definitions, "content": identity}
    snapshot_hash = content_hash(body)
    write_durably(
        working / MANIFEST,
        canonical_json({**body, "files": files, "snapshot_hash": snapshot_hash}).encode(),
    )
    final = parent / f"{market}-{snapshot_hash[:20]}"
    try:
        if final.exists():
            _remove(working)
        else:
            fsync_folder(working)
            working.rename(final)
            fsync_folder(parent)
    except OSError as error:
        raise store_error(error, f"write the snapshot {final.name}") from error
    return final, snapshot_hash


def sweep_snapshots(folder: Path) -> list[Path]:
    """Delete snapshots (or experiment folders) that a crash left half written or half removed. Only for the engine
    that holds the lease."""
    unfinished = [path for path in sorted(folder.iterdir()) if path.is_dir() and is_temporary(path)]
    for path in unfinished:
        _remove(path)
    return unfinished


class Snapshot:
    """A snapshot opened for reading; every file is checked against the manifest when it is first read."""

    def __init__(self, folder: Path) -> None:
        """Raises CorruptStoreError if the manifest is missing or does not hash to its name."""
        self.folder = folder
        try:
            body = json.loads((folder / MANIFEST).read_bytes())
            claimed, files = body.pop("snapshot_hash"), body.pop("files")
            genuine = content_hash(body) == claimed
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise CorruptStoreError(f"the snapshot {folder.name} has no readable manifest") from error
        if not genuine:
            raise CorruptStoreError(f"the manifest of snapshot {folder.name} was changed after it was written")
        self.manifest = SnapshotManifest(
            body["market"], body["until_known_ts"], files, tuple(body["definitions"]), claimed
        )
        self._content: Mapping[str, str] = body["content"]
        self._features_checked = False
        self.definitions = {item["name"]: FeatureDefinition(**item) for item in self.manifest.definitions}

    @property
    def hash(self) -> str:
        """The content hash that names this snapshot."""
        return self.manifest.snapshot_hash

    def raw(self, dataset: str) -> pa.Table:
        """Rows of a dataset (`storage/datasets.py`), those of each market in order of known, then event time."""
        if dataset not in self.manifest.files:
            return empty_table(dataset)
        table = self._read(dataset, schema_of(dataset))
        if sha256_hex(b"".join(table.column("row_hash").to_pylist())) != self._content[dataset]:
            raise CorruptStoreError(f"the file {dataset}.parquet of snapshot {self.folder.name} was changed")
        return table

    def features(self) -> pa.Table:
        """All feature rows, sorted like a segment (`storage/feature_columns.py`)."""
        from storage.feature_columns import SCHEMA

        self._check_features()
        return self._read("features", SCHEMA)

    def matrix(self, times: np.ndarray[Any, Any], features: Sequence[str]) -> FeatureMatrix:
        """Features as of each time, the same question as `FeatureStore.matrix`. Raises NotFoundError."""
        from storage.feature_matrix import matrix_as_of
        from storage.sorted_runs import Segment, SegmentRows

        unknown = [name for name in features if name not in self.definitions]
        if unknown:
            raise NotFoundError(f"there is no feature '{unknown[0]}' in snapshot {self.folder.name}")
        ages = {name: self.definitions[name].max_age_us for name in features}
        self._check_features()
        rows = SegmentRows(Segment(self._features_path, self.manifest.files["features"]["rows"]))
        return matrix_as_of([rows], np.ascontiguousarray(times, dtype=np.int64), features, ages)

    @property
    def _features_path(self) -> Path:
        return self.folder / "features.parquet"

    def _check_features(self) -> None:
        if self._features_checked:
            return
        from storage.feature_segments import file_hash

        if file_hash(self._features_path) != self._content["features"]:
            raise CorruptStoreError(f"the file features.parquet of snapshot {self.folder.name} was changed")
        self._features_checked = True

    def _read(self, name: str, schema: pa.Schema) -> pa.Table:
        return read_parquet([self.folder / f"{name}.parquet"], schema, self.manifest.files[name]["rows"])


def _sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _remove(folder: Path) -> None:
    """Delete an unfinished folder, if it is there."""
    if not folder.exists():
        return
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise StoreError(f"cannot remove the unfinished folder {folder.name}: {error.strerror}") from error
