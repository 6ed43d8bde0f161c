"""The feature store: what it refuses, what it marks, and that caches never outlive the truth."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest

from engine.kernel.errors import CorruptStoreError, NotFoundError, StoreError
from engine.kernel.workspace_paths import WorkspacePaths
from storage.database import Database
from storage.feature_columns import segment_hash
from storage.feature_definitions import FeatureDefinition
from storage.feature_rows import FeatureRows
from storage.feature_segments import file_hash
from storage.feature_store import FeatureStore


def definition(name: str, **changes: object) -> FeatureDefinition:
    fields: dict[str, object] = {
        "name": name,
        "unit": "1",
        "source": "test",
        "range_low": -10.0,
        "range_high": 10.0,
        "max_age_us": 100,
        "owner": "test",
        "description": "",
        "version": 1,
    }
    return FeatureDefinition(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.fixture
def store(db: Database, paths: WorkspacePaths) -> FeatureStore:
    features = FeatureStore(db, paths)
    features.register([definition("carry"), definition("iv")])
    return features


def rows(*items: tuple[str, int, float], version: int = 1, delay: int = 0) -> FeatureRows:
    n = len(items)
    return FeatureRows(
        "hogs",
        [name for name, _, _ in items],
        [ts for _, ts, _ in items],
        [ts + delay for _, ts, _ in items],
        [value for _, _, value in items],
        ["ok"] * n,
        ["test"] * n,
        [version] * n,
    )


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (rows(("carry", 1, 1.0), ("rumour", 1, 1.0)), "not registered"),
        (rows(("carry", 1, math.inf)), "infinite"),
        (rows(("carry", 1, 1.0), version=2), "version"),
    ],
)
def test_unfit_rows_are_refused_whole(store: FeatureStore, bad: FeatureRows, words: str) -> None:
    with pytest.raises(StoreError, match=words):
        store.append(bad, recorded_ts=1)
    assert store.latest("hogs", 10) == {}


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(StoreError, match="length"):
        FeatureRows("hogs", ["carry"], [1, 2], [1], [1.0], ["ok"], ["test"], [1])


def test_unknown_names_are_refused(store: FeatureStore) -> None:
    with pytest.raises(NotFoundError):
        store.latest("hogs", 1, ["rumour"])
    with pytest.raises(NotFoundError):
        store.matrix("hogs", np.array([1]), ["rumour"])


def test_reading_says_age_and_staleness(store: FeatureStore) -> None:
    store.append(rows(("carry", 50, 2.0), delay=10), recorded_ts=77)
    reading = store.latest("hogs", 150, ["carry"])["carry"]
    assert (reading.value, reading.event_ts, reading.known_ts, reading.recorded_ts) == (2.0, 50, 60, 77)
    assert (reading.age_us, reading.max_age_us, reading.stale, reading.quality) == (100, 100, False, "ok")
    assert store.latest("hogs", 151)["carry"].stale
    assert store.latest("hogs", 59) == {}


def test_value_out_of_range_is_kept_and_marked(store: FeatureStore) -> None:
    store.append(rows(("carry", 1, 11.0), ("iv", 1, math.nan)), recorded_ts=1)
    found = store.latest("hogs", 1)
    assert (found["carry"].value, found["carry"].quality) == (11.0, "out_of_range")
    assert math.isnan(found["iv"].value) and found["iv"].quality == "ok"


def test_undone_append_is_forgotten_by_the_cache(store: FeatureStore, db: Database) -> None:
    store.append(rows(("carry", 1, 1.0)), recorded_ts=1)
    assert store.latest("hogs", 9)["carry"].value == 1.0
    with pytest.raises(RuntimeError), db.transaction():
        store.append(rows(("carry", 2, 2.0)), recorded_ts=2)
        assert store.latest("hogs", 9)["carry"].value == 2.0
        raise RuntimeError
    assert store.latest("hogs", 9)["carry"].value == 1.0
    store.append(rows(("carry", 3, 3.0)), recorded_ts=3)
    assert store.latest("hogs", 9)["carry"].value == 3.0


def test_another_process_sees_appends_and_compaction(store: FeatureStore, paths: WorkspacePaths) -> None:
    other = Database(paths.database, read_only=True)
    reader = FeatureStore(other, paths)
    for ts in range(1, 6):
        store.append(rows(("carry", ts, float(ts))), recorded_ts=ts)
        assert reader.latest("hogs", 9)["carry"].value == float(ts)
        store.compact("hogs", ts=ts)
        assert reader.latest("hogs", 9)["carry"].value == float(ts)
    assert reader.matrix("hogs", np.array([3]), ["carry"]).values[0, 0] == 3.0
    other.close()


def test_new_registration_is_seen_by_an_open_store(store: FeatureStore, paths: WorkspacePaths, db: Database) -> None:
    assert set(store.definitions()) == {"carry", "iv"}
    FeatureStore(db, paths).register([definition("cot")])
    assert store.append(rows(("cot", 1, 1.0)), recorded_ts=1) == 1
    with pytest.raises(StoreError, match="newer version"):
        store.register([definition("cot", version=0)])
    with pytest.raises(StoreError, match="upside down"):
        store.register([definition("cot", range_low=2.0, range_high=1.0)])
    with pytest.raises(StoreError, match="age"):
        store.register([definition("cot", max_age_us=0)])


def test_merging_segments_and_sweeping_changes_no_answer(store: FeatureStore, paths: WorkspacePaths) -> None:
    for ts in range(1, 14):
        store.append(rows(("carry", ts, float(ts % 7)), ("iv", ts, 1.0)), recorded_ts=ts)
        store.compact("hogs", ts=ts)
    before = store.matrix("hogs", np.arange(20), ["carry", "iv"])
    assert len(list(paths.features.rglob("*.parquet"))) == 13
    removed = store.sweep_orphans()
    assert len(removed) > 5
    after = FeatureStore(store._db, paths).matrix("hogs", np.arange(20), ["carry", "iv"])
    assert np.array_equal(before.values, after.values, equal_nan=True)
    assert store.compact("hogs", ts=99) == 0
    assert store.rows("hogs").num_rows == 26


def test_missing_and_changed_segments_are_named_corrupt(store: FeatureStore, paths: WorkspacePaths) -> None:
    store.append(rows(("carry", 1, 1.0)), recorded_ts=1)
    store.compact("hogs", ts=1)
    (segment,) = paths.features.rglob("*.parquet")
    whole = segment.read_bytes()
    segment.write_bytes(whole[:50])
    with pytest.raises(CorruptStoreError):
        store.matrix("hogs", np.array([1]), ["carry"])
    segment.unlink()
    with pytest.raises(CorruptStoreError, match="missing"):
        store.matrix("hogs", np.array([1]), ["carry"])
    with pytest.raises(CorruptStoreError):
        store.verify()


def test_empty_questions_have_empty_answers(store: FeatureStore) -> None:
    assert store.append(rows(), recorded_ts=1) == 0
    assert store.matrix("hogs", np.array([], dtype=np.int64), ["carry"]).values.shape == (0, 1)
    assert store.matrix("hogs", np.array([5]), []).values.shape == (1, 0)
    found = store.matrix("hogs", np.array([5, 3, 5]), ["iv", "carry"])
    assert np.isnan(found.values).all() and found.stale.all()


def test_readers_in_threads_agree_with_the_writer(store: FeatureStore) -> None:
    failures: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        last = 0
        try:
            while not done.is_set():
                reading = store.latest("hogs", 10_000).get("carry")
                if reading is not None:
                    assert reading.event_ts >= last
                    last = reading.event_ts
                store.matrix("hogs", np.array([10_000]), ["carry"])
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for ts in range(1, 150):
        store.append(rows(("carry", ts, 1.0)), recorded_ts=ts)
        if ts % 40 == 0:
            store.compact("hogs", ts=ts)
    done.set()
    for reader in readers:
        reader.join()
    assert failures == []


@pytest.mark.parametrize("sealed_after", [(), (1,), (2,), (1, 2)], ids=str)
def test_of_two_versions_of_a_fact_the_newer_wins_wherever_they_lie(
    store: FeatureStore, sealed_after: tuple[int, ...]
) -> None:
    for version, value in ((1, 5.0), (2, 3.0)):
        store.register([definition("carry", version=version)])
        store.append(rows(("carry", 4, value), version=version), recorded_ts=10 - version)
        if version in sealed_after:
            store.compact("hogs", ts=version)
    assert store.latest("hogs", 9)["carry"].value == 3.0
    assert store.latest("hogs", 9, recorded_as_of_ts=99)["carry"].value == 3.0
    assert store.latest("hogs", 9, recorded_as_of_ts=8)["carry"].recorded_ts == 8
    assert store.matrix("hogs", np.array([9]), ["carry"]).values[0, 0] == 3.0


def test_a_merge_rewrites_small_segments_and_leaves_large_ones(store: FeatureStore, paths: WorkspacePaths) -> None:
    large = [("carry", ts, 1.0) for ts in range(1_000)]
    store.append(rows(*large), recorded_ts=1)
    store.compact("hogs", ts=1)
    (kept,) = paths.features.rglob("*.parquet")
    for ts in range(2_000, 2_030):
        store.append(rows(("carry", ts, 2.0)), recorded_ts=ts)
        store.compact("hogs", ts=ts)
    store.sweep_orphans()
    left = sorted(paths.features.rglob("*.parquet"))
    assert kept in left and len(left) <= 9
    assert store.rows("hogs").num_rows == 1_030


def test_the_hash_of_a_file_is_that_of_its_rows(
    store: FeatureStore, paths: WorkspacePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.parquet_files.ROW_GROUP_ROWS", 3)
    monkeypatch.setattr("storage.parquet_files.SMALL_TABLE_ROWS", 0)
    store.append(rows(*[(name, ts, math.nan if ts % 3 else 1.0) for name in ("carry", "iv") for ts in range(7)]),
                 recorded_ts=1)  # fmt: skip
    store.compact("hogs", ts=1)
    (path,) = paths.features.rglob("*.parquet")
    assert file_hash(path) == segment_hash(store.rows("hogs"))
