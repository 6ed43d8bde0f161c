"""A thousand random histories of the feature store, zero mismatches; and planted faults, each of them found.

Appends, late data, backfills, revisions, ties, repeats, compactions, merges, sweeps, re-opened stores, audits by
recorded time and snapshots, several markets in one database. HYDRA_SOAK=1 runs twenty times as many.
"""

from __future__ import annotations

import inspect
import os
import random
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

import storage.feature_matrix as feature_matrix
import storage.feature_store as feature_store
import storage.newest_vector as newest_vector
import storage.parquet_files as parquet_files
import storage.point_reads as point_reads
import storage.sorted_runs as sorted_runs
from storage.stores import Stores
from tests.storage.feature_store.history_oracle import History, open_stores

HISTORIES = 20_000 if os.environ.get("HYDRA_SOAK") else 1_000
PER_TEST = 50


@pytest.fixture
def stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    """A workspace that need not survive a power cut, which is what takes time."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    opened = open_stores(tmp_path / "w")
    opened.db.query("PRAGMA synchronous=OFF")
    yield opened
    opened.close()


def live_through(stores: Stores, seed: int, patch: pytest.MonkeyPatch, name: str = "m") -> None:
    """One history; segments, merges, row groups, blocks and caches so small that a few rows meet every border."""
    chance = random.Random(seed)
    patch.setattr(feature_store, "SEGMENT_ROWS", chance.choice([3, 5_000]))
    patch.setattr(feature_store, "SEGMENTS_BEFORE_MERGE", chance.choice([2, 4]))
    patch.setattr(parquet_files, "ROW_GROUP_ROWS", chance.choice([2, 1_000]))
    patch.setattr(parquet_files, "SMALL_TABLE_ROWS", chance.choice([0, 2_000]))
    patch.setattr(sorted_runs, "ROWS_PER_BLOCK", chance.choice([3, 1_000]))
    patch.setattr(feature_matrix, "BLOCK_CELLS", chance.choice([1, 1_000]))
    kept = chance.choice([1, 3, 32])
    patch.setattr(feature_store, "KEPT_PER_FEATURE", kept)
    patch.setattr(newest_vector, "KEPT_PER_FEATURE", kept)
    History(stores, f"{name}{seed}", chance).run(chance.randint(2, 6))


@pytest.mark.parametrize("first", range(0, HISTORIES, PER_TEST))
def test_the_store_answers_as_the_oracle(stores: Stores, first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(first, first + PER_TEST):
        try:
            live_through(stores, seed, monkeypatch)
        except AssertionError as error:
            raise AssertionError(f"history {seed}: {error}") from error


FAULTS = [
    ("no running maximum", feature_matrix, "event >= np.maximum.accumulate(event)", "event == event"),
    ("known before, not by", feature_matrix, 'self._moments, side="right"', 'self._moments, side="left"'),
    ("revisions ignored", feature_matrix, "known[1:] != known[:-1]", "(event[1:] != event[:-1])"),
    ("first of a tie", feature_matrix, "np.append(known[1:] != known[:-1], True)",
     "np.append(True, known[1:] != known[:-1])"),
    ("ties by place", feature_matrix, "if _has_ties(known[order], event[order]):", "if False:"),
    ("version and recording forgotten", feature_matrix, "text_ranks(sources), recorded_ts, version", "missing"),
    ("stale one too late", feature_matrix, "np.greater(self._ages[at], max_age_us",
     "np.greater(self._ages[at], max_age_us + 1"),
    ("unsorted moments", feature_matrix, "target[order, column]", "target[:, column]"),
    ("audit forgets the recording", point_reads, "recorded_as_of_ts is not None", "False"),
    ("read of the future", point_reads, "<= as_of_ts", "<= as_of_ts + 1"),
    ("oldest revision", point_reads, "column == column.max()", "column == column.min()"),
    ("older events in a new cache", point_reads, "event[last] >= np.maximum.accumulate(event[last])", "last >= 0"),
    ("merge without order", sorted_runs, "sort_rows(table) if merged", "table if merged"),
    ("cut of a snapshot", sorted_runs, "known_until_ts < FAR_FUTURE", "False"),
    ("late data in the cache", newest_vector, "if row.known_ts < last.known_ts:", "if False:"),
    ("older event in the cache", newest_vector, "if row.event_ts >= last.event_ts:", "if True:"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "module", "right", "wrong"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_planted_fault_is_found(
    fault: str,
    module: types.ModuleType,
    right: str,
    wrong: str,
    stores: Stores,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = inspect.getsource(module)
    assert source.count(right) >= 1, f"'{fault}' no longer names a line of {module.__name__}"
    faulty = types.ModuleType(module.__name__)
    monkeypatch.setitem(__import__("sys").modules, module.__name__, faulty)
    exec(compile(source.replace(right, wrong), f"<{fault}>", "exec"), faulty.__dict__)
    for name in ("NewestVector", "Winner"):
        if hasattr(faulty, name):
            monkeypatch.setattr(feature_store, name, getattr(faulty, name))
    with pytest.raises(AssertionError):
        for seed in range(400):
            live_through(stores, seed, monkeypatch, name=f"{fault.replace(' ', '-').replace(',', '')}-")
