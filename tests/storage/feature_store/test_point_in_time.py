"""The feature store against a brute-force oracle: revisions, late data, backfills, ties, markets, compaction."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import storage.feature_store as feature_store_module
import storage.newest_vector as newest_vector_module
from engine.kernel.workspace_paths import WorkspacePaths
from storage.database import Database
from storage.feature_definitions import FeatureDefinition
from storage.feature_rows import MISSING_AGE_US, FeatureRows
from storage.feature_store import FeatureStore

FEATURES = ("carry", "cot", "iv")
MARKETS = ("hogs", "cattle")
MAX_AGE = {"carry": 3, "cot": 8, "iv": 1}


@dataclass(frozen=True)
class Row:
    market: str
    feature: str
    event_ts: int
    known_ts: int
    value: float
    source: str
    version: int
    recorded_ts: int = 0

    def identity(self) -> tuple[object, ...]:
        value = None if math.isnan(self.value) else self.value
        return self.market, self.feature, self.event_ts, self.known_ts, self.source, self.version, value

    def rank(self) -> tuple[object, ...]:
        missing = math.isnan(self.value)
        return (
            self.event_ts,
            self.known_ts,
            self.version,
            self.recorded_ts,
            self.source,
            missing,
            0.0 if missing else self.value,
        )


class Oracle:
    """Every row in a list; every question a scan."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def append(self, rows: list[Row], recorded_ts: int) -> int:
        known = {row.identity() for row in self.rows}
        before = len(self.rows)
        for row in rows:
            if row.identity() not in known:
                known.add(row.identity())
                fields = (row.market, row.feature, row.event_ts, row.known_ts, row.value, row.source, row.version)
                self.rows.append(Row(*fields, recorded_ts))
        return len(self.rows) - before

    def latest(self, market: str, as_of: int, recorded: int | None = None) -> dict[str, Row]:
        answers: dict[str, Row] = {}
        for row in self.rows:
            if row.market != market or row.known_ts > as_of or (recorded is not None and row.recorded_ts > recorded):
                continue
            if row.feature not in answers or row.rank() > answers[row.feature].rank():
                answers[row.feature] = row
        return answers


def columns(market: str, rows: list[Row]) -> FeatureRows:
    return FeatureRows(
        market=market,
        feature=[row.feature for row in rows],
        event_ts=[row.event_ts for row in rows],
        known_ts=[row.known_ts for row in rows],
        value=[row.value for row in rows],
        quality=["ok"] * len(rows),
        source=[row.source for row in rows],
        version=[row.version for row in rows],
    )


small_rows = st.builds(
    Row,
    market=st.just(""),
    feature=st.sampled_from(FEATURES),
    event_ts=st.integers(0, 12),
    known_ts=st.integers(0, 16),
    value=st.sampled_from([0.0, -1.5, 2.25, math.nan]),
    source=st.sampled_from(["a", "b"]),
    version=st.just(1),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.sampled_from(MARKETS), st.lists(small_rows, min_size=1, max_size=12)),
        st.tuples(st.just("compact"), st.sampled_from(MARKETS), st.just([])),
        st.tuples(st.just("ask"), st.sampled_from(MARKETS), st.just([])),
    ),
    min_size=1,
    max_size=8,
)


def open_store(folder: Path) -> tuple[Database, FeatureStore]:
    paths = WorkspacePaths(folder)
    paths.create()
    db = Database(paths.database)
    store = FeatureStore(db, paths)
    store.register(FeatureDefinition(name, "1", "test", None, None, MAX_AGE[name], "test", "") for name in FEATURES)
    return db, store


def check(store: FeatureStore, oracle: Oracle, market: str, recorded: int | None) -> None:
    times = np.arange(-1, 19)
    matrix = store.matrix(market, times, FEATURES)
    for at, as_of in enumerate(times):
        expected = oracle.latest(market, int(as_of))
        found = store.latest(market, int(as_of))
        assert set(found) == set(expected)
        for column, name in enumerate(FEATURES):
            if name not in expected:
                assert np.isnan(matrix.values[at, column]) and matrix.age_us[at, column] == MISSING_AGE_US
                assert matrix.stale[at, column]
                continue
            row, reading = expected[name], found[name]
            assert (reading.event_ts, reading.known_ts, reading.recorded_ts) == (
                row.event_ts,
                row.known_ts,
                row.recorded_ts,
            )
            assert reading.source == row.source
            assert np.array_equal([reading.value, matrix.values[at, column]], [row.value] * 2, equal_nan=True)
            assert reading.age_us == matrix.age_us[at, column] == as_of - row.event_ts
            assert reading.stale == matrix.stale[at, column]
    if recorded is not None:
        for as_of in (4, 9, 16):
            expected = oracle.latest(market, as_of, recorded)
            found = store.latest(market, as_of, recorded_as_of_ts=recorded)
            assert {name: (r.event_ts, r.known_ts, r.recorded_ts) for name, r in found.items()} == {
                name: (row.event_ts, row.known_ts, row.recorded_ts) for name, row in expected.items()
            }


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, segment_rows=st.sampled_from([3, 5_000]), kept=st.sampled_from([1, 32]))
@example(
    steps=[
        ("append", "hogs", [Row("", "cot", 5, 8, 1.0, "a", 1)]),
        ("compact", "hogs", []),
        ("append", "hogs", [Row("", "cot", 5, 9, 2.0, "a", 1), Row("", "cot", 4, 9, 9.0, "a", 1)]),
        ("ask", "hogs", []),
        ("append", "hogs", [Row("", "cot", 6, 7, 3.0, "a", 1), Row("", "cot", 5, 8, 1.0, "a", 1)]),
    ],
    segment_rows=5_000,
    kept=32,
)
def test_store_answers_as_the_oracle(steps: list[tuple[str, str, list[Row]]], segment_rows: int, kept: int) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(feature_store_module, "SEGMENT_ROWS", segment_rows)
        patch.setattr(feature_store_module, "SEGMENTS_BEFORE_MERGE", 2)
        patch.setattr(feature_store_module, "KEPT_PER_FEATURE", kept)
        patch.setattr(newest_vector_module, "KEPT_PER_FEATURE", kept)
        db, store = open_store(Path(folder) / "w")
        oracle = Oracle()
        for recorded_ts, (act, market, rows) in enumerate(steps):
            if act == "append":
                placed = [Row(market, r.feature, r.event_ts, r.known_ts, r.value, r.source, r.version) for r in rows]
                assert store.append(columns(market, rows), recorded_ts=recorded_ts) == oracle.append(
                    placed, recorded_ts
                )
            elif act == "compact":
                store.compact(market, ts=recorded_ts)
                assert store.tail_rows(market) == 0
            else:
                check(store, oracle, market, None)
        for market in MARKETS:
            check(store, oracle, market, len(steps) // 2)
            again = FeatureStore(db, WorkspacePaths(Path(folder) / "w"))
            assert again.latest(market, 20).keys() == oracle.latest(market, 20).keys()
        store.verify()
        db.close()
