"""The lake on another folder, read by SQL, and published for other machines."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from engine.kernel.errors import ConfigError, CorruptStoreError, InputError, NotFoundError, StoreError
from engine.kernel.lake_location import VARIABLE, lake_root_of
from storage.backup import restore_backup, write_backup
from storage.lake_place import FolderPlace, LakePlace, place_of
from storage.lake_publication import publish, published_files
from storage.lake_sql import query_published, query_workspace
from storage.stores import Stores
from tests.storage.lake.object_store import object_store

WORK = runpy.run_path(str(Path(__file__).parents[1] / "faults" / "ingestion_run.py"))
COUNTS = (
    "SELECT (SELECT count(*) FROM features) f, (SELECT count(*) FROM futures_bar) b, "
    "(SELECT sum(value) FROM features) v"
)
PUBLISHER = """
import sys
from pathlib import Path
from storage.lake_place import FolderPlace
from storage.lake_publication import publish
from storage.stores import Stores
with Stores.open(Path(sys.argv[1]), read_only=True) as stores:
    publish(stores, FolderPlace(Path(sys.argv[2])), ts=7)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    WORK["run"](tmp_path / "w", 1)
    return tmp_path / "w"


def counts(stores: Stores) -> list[dict[str, object]]:
    found: list[dict[str, object]] = query_workspace(stores, COUNTS).to_pylist()
    return found


def test_the_lake_lies_where_the_setting_says_and_answers_the_same(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "share"))
    WORK["run"](tmp_path / "other", 1)
    with Stores.open(tmp_path / "other") as stores:
        elsewhere, features = counts(stores), stores.features.rows(WORK["MARKET"])
        stores.sweep_orphans()
        stores.lake.verify()
        stores.features.verify()
    assert not list((tmp_path / "other").rglob("*.parquet"))
    assert list((tmp_path / "share" / "raw").rglob("*.parquet")) and (tmp_path / "other/state/hydra.db").exists()
    monkeypatch.delenv(VARIABLE)
    with Stores.open(root) as stores:
        assert counts(stores) == elsewhere
        assert stores.features.rows(WORK["MARKET"]).equals(features)


def test_the_setting_is_read_from_the_workspace(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    assert lake_root_of(tmp_path, config, {}) is None
    config.write_text("storage:\n  lake_root: lake\n", encoding="utf-8")
    assert lake_root_of(tmp_path, config, {}) == tmp_path / "lake"
    assert lake_root_of(tmp_path, config, {VARIABLE: "/mnt/share"}) == Path("/mnt/share")
    with pytest.raises(ConfigError, match="publish"):
        lake_root_of(tmp_path, config, {VARIABLE: "s3://bucket/lake"})


def test_one_lake_has_one_workspace(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "share"))
    WORK["run"](tmp_path / "first", 1)
    with pytest.raises(StoreError, match="another workspace"):
        Stores.open(tmp_path / "second")
    with pytest.raises(StoreError, match="belongs to another workspace"):
        Stores.open(root)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "empty"))
    with pytest.raises(StoreError, match="still lie in"):
        Stores.open(root)
    (tmp_path / "share").rename(tmp_path / "unmounted")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "share"))
    with pytest.raises(StoreError, match="mounted"):
        Stores.open(tmp_path / "first")


def test_a_backup_holds_a_lake_that_lies_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "share"))
    WORK["run"](tmp_path / "w", 1)
    with Stores.open(tmp_path / "w") as stores:
        before = counts(stores)
        write_backup(stores, tmp_path / "b.zip", 9)
    (tmp_path / "share").rename(tmp_path / "lost")
    restore_backup(tmp_path / "b.zip", tmp_path / "w", 10)
    with Stores.open(tmp_path / "w") as stores:
        assert counts(stores) == before


def test_a_file_that_is_not_catalogued_does_not_exist(root: Path) -> None:
    with Stores.open(root) as stores:
        before = counts(stores)
        raw = next((root / "raw").rglob("futures_bar-*.parquet"))
        raw.with_name("futures_bar-stray.parquet").write_bytes(raw.read_bytes())
        assert counts(stores) == before
        raw.unlink()
        with pytest.raises(CorruptStoreError, match="missing"):
            counts(stores)


@pytest.mark.parametrize(
    "sql",
    [
        "COPY features TO '{path}'",
        "SELECT 1; SELECT 2",
        "CREATE TABLE x AS SELECT 1",
        "SELECT * FROM read_text('{path}')",
        "SELECT * FROM nothing",
        "SELEC",
    ],
)
def test_the_query_reads_the_lake_and_nothing_else(root: Path, tmp_path: Path, sql: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n", encoding="utf-8")
    with Stores.open(root, read_only=True) as stores, pytest.raises(InputError):
        query_workspace(stores, sql.format(path=secret))
    assert secret.read_text(encoding="utf-8") == "a\n1\n"


def published_twice(root: Path, place: LakePlace) -> None:
    """Publish, publish again, add rows, publish again; the answers are always the workspace's."""
    with Stores.open(root) as stores:
        assert counts(stores)[0]["f"] == 5_130
        first = publish(stores, place, ts=1)
        assert first.copied == first.files > 5
        assert query_published(place, COUNTS).to_pylist() == counts(stores)
        again = publish(stores, place, ts=2)
        assert (again.copied, again.files) == (0, first.files)
        stores.features.append(WORK["feature_rows"](9_000, 5), recorded_ts=5)
        stores.features.append(WORK["feature_rows"](9_010, 5), recorded_ts=5)
        assert query_published(place, "SELECT count(*) n FROM features").to_pylist() == [{"n": 5_130}]
        assert publish(stores, place, ts=3).copied == 1
        assert query_published(place, COUNTS).to_pylist() == counts(stores)
        stores.features.compact(WORK["MARKET"], ts=9)
        publish(stores, place, ts=4)
        assert query_published(place, COUNTS).to_pylist() == counts(stores)


def test_a_published_folder_answers_as_the_workspace(root: Path, tmp_path: Path) -> None:
    place = FolderPlace(tmp_path / "published")
    with pytest.raises(NotFoundError, match="no published lake"):
        published_files(place)
    published_twice(root, place)
    manifest = json.loads((tmp_path / "published" / "lake.json").read_bytes())
    (tmp_path / "published" / manifest["catalogue"]).write_bytes(b"other")
    with pytest.raises(CorruptStoreError, match="changed"):
        published_files(place)
    with pytest.raises(InputError):
        place_of("ftp://host/lake")


def test_an_object_store_answers_as_the_workspace(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with object_store() as (endpoint, objects):
        published_twice(root, place_of("s3://bucket/some/lake", s3_endpoint=endpoint, s3_region="us-east-1"))
        assert all(name.startswith("bucket/some/lake/") for name in objects)
        assert "bucket/some/lake/lake.json" in objects
    with pytest.raises(InputError, match="bucket"):
        place_of("s3://")


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a POSIX signal")
@pytest.mark.parametrize("point", ["publish.file_copied:1", "publish.file_copied:5", "publish.before_manifest:1"])
def test_a_publication_that_was_cut_short_goes_on(root: Path, tmp_path: Path, point: str) -> None:
    place = FolderPlace(tmp_path / "published")
    with Stores.open(root) as stores:
        publish(stores, place, ts=1)
        before = query_published(place, COUNTS).to_pylist()
        for first in range(6_000, 60_000, 6_000):
            stores.features.append(WORK["feature_rows"](first, 5_500), recorded_ts=2)
        killed = subprocess.run(
            [sys.executable, "-c", PUBLISHER, str(root), str(tmp_path / "published")],
            env={**os.environ, "HYDRA_CRASHPOINT": point},
            capture_output=True,
            check=False,
        )
        assert killed.returncode == -9, killed.stderr.decode()
        assert query_published(place, COUNTS).to_pylist() == before
        publish(stores, place, ts=3)
        assert query_published(place, COUNTS).to_pylist() == counts(stores)
