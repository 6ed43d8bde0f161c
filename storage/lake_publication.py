"""A copy of the lake for other machines: immutable files, a catalogue as Parquet, and a manifest, written last.

A reader that starts at the manifest sees one consistent moment: every file it names was there before it. Publishing
again copies only what is new; one that was cut short goes on where it ended. Nothing at the destination is deleted, so
a reader of the former manifest is not disturbed.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from engine.kernel.canonical import canonical_json, sha256_hex
from engine.kernel.crashpoints import crashpoint
from engine.kernel.errors import CorruptStoreError, InputError, NotFoundError, StoreError
from storage.lake_files import FEATURES, LakeFile, catalogued_files, files_of_table, files_table, markets_with_tail
from storage.lake_place import LakePlace

if TYPE_CHECKING:
    from storage.stores import Stores

MANIFEST: Final = "lake.json"
FORMAT: Final = "hydra-lake-1"


@dataclass(frozen=True, slots=True)
class Publication:
    """What was published: files in the catalogue, how many of them were copied now, and bytes copied."""

    files: int
    copied: int
    bytes_copied: int
    catalogue_hash: str


def publish(stores: Stores, place: LakePlace, *, ts: int) -> Publication:
    """Publish the lake as it is now. `ts` stamps the manifest. Raises StoreError; then the former manifest stands."""
    with stores.db.snapshot():
        files = catalogued_files(stores.db)
        tails = [_tail_file(stores, market) for market in markets_with_tail(stores.db)]
    copied = size = 0
    for file in files:
        path = stores.paths.lake / file.path
        try:
            if place.size_of(file.path) == path.stat().st_size:
                continue
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise CorruptStoreError(f"the catalogued file {path} is missing; restore a backup") from error
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror}") from error
        place.write(file.path, data)
        crashpoint("publish.file_copied")
        copied, size = copied + 1, size + len(data)
    for file, data in tails:
        if place.size_of(file.path) != len(data):
            place.write(file.path, data)
            copied, size = copied + 1, size + len(data)
    listed = [*files, *(file for file, _ in tails)]
    catalogue = _parquet(files_table(listed))
    catalogue_hash = sha256_hex(catalogue)
    name = f"catalogue-{catalogue_hash[:24]}.parquet"
    if place.size_of(name) != len(catalogue):
        place.write(name, catalogue)
    crashpoint("publish.before_manifest")
    manifest = {
        "format": FORMAT,
        "catalogue": name,
        "catalogue_sha256": catalogue_hash,
        "files": len(listed),
        "rows": sum(file.rows for file in listed),
        "published_ts": ts,
    }
    place.write(MANIFEST, canonical_json(manifest).encode())
    return Publication(len(listed), copied, size, catalogue_hash)


def published_files(place: LakePlace) -> list[LakeFile]:
    """The files of the newest publication. Raises NotFoundError where there is none, CorruptStoreError where manifest
    and catalogue do not agree."""
    import pyarrow.parquet as pq

    try:
        manifest: dict[str, Any] = json.loads(place.read(MANIFEST))
        if manifest["format"] != FORMAT:
            raise InputError(f"{place.address} holds a lake of another format ({manifest['format']}): update HYDRA")
        catalogue = place.read(manifest["catalogue"])
        if sha256_hex(catalogue) != manifest["catalogue_sha256"]:
            raise CorruptStoreError(f"the catalogue of the lake in {place.address} was changed; publish it again")
    except NotFoundError as error:
        raise NotFoundError(f"no published lake in {place.address}: `hydra data publish` writes one") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptStoreError(
            f"the manifest of the lake in {place.address} is unreadable; publish it again"
        ) from error
    return files_of_table(pq.read_table(io.BytesIO(catalogue)))


def _tail_file(stores: Stores, market: str) -> tuple[LakeFile, bytes]:
    """Rows that are not sealed yet, as a file of their own that the next publication replaces by another."""
    import pyarrow.compute as pc

    from storage.feature_columns import segment_hash, sort_rows
    from storage.feature_tail import tail_table

    table = sort_rows(tail_table(stores.db, market)[0])
    content = segment_hash(table)
    event, known = (pc.min_max(table.column(name)).as_py() for name in ("event_ts", "known_ts"))
    path = f"features/{market}/tail-{content[:24]}.parquet"
    bounds = (event["min"], event["max"], known["min"], known["max"])
    return LakeFile(path, FEATURES, market, "", table.num_rows, content, *bounds), _parquet(table)


def _parquet(table: Any) -> bytes:
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", store_schema=False)
    return sink.getvalue()
