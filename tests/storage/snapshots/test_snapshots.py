"""Snapshots: named by content, cut at a moment, read without a database, checked against tampering."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from engine.kernel.errors import CorruptStoreError, NotFoundError
from storage.snapshots import Snapshot, write_snapshot
from storage.stores import Stores

WORK = runpy.run_path(str(Path(__file__).parents[1] / "faults" / "ingestion_run.py"))
MOMENT = WORK["START_TS"] + 2_000 * WORK["BAR_US"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    WORK["run"](tmp_path / "workspace", 1)
    return tmp_path / "workspace"


def test_snapshot_answers_as_the_stores_did(root: Path) -> None:
    times = np.arange(WORK["START_TS"], MOMENT, 50 * WORK["BAR_US"])
    with Stores.open(root) as stores:
        folder, name = write_snapshot(stores, "hogs", MOMENT)
        expected = stores.features.matrix("hogs", times, ["carry"])
        bars = stores.lake.read("hogs", "futures_bar", known_until_ts=MOMENT)
        news = stores.lake.read("hogs", "headline", known_until_ts=MOMENT)
        assert write_snapshot(stores, "hogs", MOMENT) == (folder, name)
        later, other = write_snapshot(stores, "hogs", MOMENT + 2_000 * WORK["BAR_US"])
        assert (later, other) != (folder, name) and later.parent == folder.parent
    snapshot = Snapshot(folder)
    assert snapshot.hash == name
    assert snapshot.raw("futures_bar").equals(bars) and snapshot.raw("headline").equals(news)
    assert snapshot.raw("cot_position").num_rows == 0
    assert max(snapshot.features().column("known_ts").to_pylist()) <= MOMENT
    found = snapshot.matrix(times, ["carry"])
    assert np.array_equal(found.values, expected.values, equal_nan=True)
    assert np.array_equal(found.age_us, expected.age_us) and np.array_equal(found.stale, expected.stale)
    with pytest.raises(NotFoundError):
        snapshot.matrix(times, ["rumour"])


def test_same_facts_give_the_same_hash_in_another_workspace(root: Path, tmp_path: Path) -> None:
    WORK["run"](tmp_path / "other", 999)
    with Stores.open(root) as stores, Stores.open(tmp_path / "other") as others:
        assert write_snapshot(stores, "hogs", MOMENT)[1] == write_snapshot(others, "hogs", MOMENT)[1]


def test_what_was_published_later_does_not_change_a_snapshot(root: Path) -> None:
    with Stores.open(root) as stores:
        _, before = write_snapshot(stores, "hogs", MOMENT)
        late = WORK["feature_rows"](6_000, 20)
        stores.features.append(late, recorded_ts=5)
        assert write_snapshot(stores, "hogs", MOMENT)[1] == before


@pytest.mark.parametrize("victim", ["features.parquet", "futures_bar.parquet", "manifest.json"])
def test_changed_snapshot_is_refused(root: Path, victim: str) -> None:
    with Stores.open(root) as stores:
        folder, _ = write_snapshot(stores, "hogs", MOMENT)
        later, _ = write_snapshot(stores, "hogs", MOMENT + 6_000 * WORK["BAR_US"])
    swapped = (later / victim).read_bytes()
    if victim == "manifest.json":
        swapped = swapped.replace(b'"market":"hogs"', b'"market":"corn"')
    (folder / victim).write_bytes(swapped)
    with pytest.raises(CorruptStoreError):
        snapshot = Snapshot(folder)
        snapshot.features()
        snapshot.raw("futures_bar")


def test_unfinished_snapshot_is_swept(root: Path) -> None:
    with Stores.open(root) as stores:
        unfinished = stores.paths.snapshots / ".hogs-1.77.writing"
        unfinished.mkdir()
        (unfinished / "features.parquet").write_bytes(b"half")
        assert unfinished in stores.sweep_orphans()
        assert not unfinished.exists()
    with pytest.raises(CorruptStoreError, match="manifest"):
        Snapshot(unfinished)
