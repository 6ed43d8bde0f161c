"""The raw lake: row-level idempotence, point-in-time reads, clear refusal, orphans, damage."""

from __future__ import annotations

import errno
import math
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kernel.errors import CorruptStoreError, StoreError
from engine.kernel.timestamps import MICROS_PER_DAY, parse_iso
from engine.kernel.workspace_paths import WorkspacePaths
from storage.database import Database
from storage.datasets import DATASETS, schema_of, table_from_columns
from storage.raw_batch import QuarantinedRow, RawBatch, batch_id_of
from storage.raw_lake import RawLake

Bar = tuple[int, int, float]


@pytest.fixture
def lake(db: Database, paths: WorkspacePaths) -> RawLake:
    return RawLake(db, paths)


def bars(rows: list[Bar], market: str = "hogs") -> pa.Table:
    """Bars from (event day, days until known, close)."""
    n = len(rows)
    events = [day * MICROS_PER_DAY for day, _, _ in rows]
    closes = [close for _, _, close in rows]
    return table_from_columns(
        "futures_bar",
        {
            "market": [market] * n,
            "series": ["daily"] * n,
            "contract": [None] * n,
            "nearby": [1] * n,
            "bar_seconds": [86_400] * n,
            "event_ts": events,
            "known_ts": [event + delay * MICROS_PER_DAY for event, (_, delay, _) in zip(events, rows, strict=True)],
            **dict.fromkeys(("open", "high", "low", "close", "volume"), closes),
            "flags": ["thin_contract,x"] * n,
        },
    )


def batch(name: str, table: pa.Table, source: str = "yahoo", market: str = "hogs", **more: Any) -> RawBatch:
    return RawBatch(batch_id_of(source, market, name, name), source, market, name, name, {"futures_bar": table}, **more)


def days_of(table: pa.Table) -> list[tuple[int, float]]:
    columns = (table.column("event_ts").to_pylist(), table.column("close").to_pylist())
    return [(event // MICROS_PER_DAY, close) for event, close in zip(*columns, strict=True)]


def test_rows_lie_by_month_and_come_back_in_order_of_knowledge(lake: RawLake, paths: WorkspacePaths) -> None:
    january, february = parse_iso("2021-01-15") // MICROS_PER_DAY, parse_iso("2021-02-15") // MICROS_PER_DAY
    report = lake.store(batch("a", bars([(february, 1, 2.0), (january, 40, 3.0), (january, 1, 1.0)])), recorded_ts=5)
    assert (report.rows_added, report.rows_duplicate, len(report.paths)) == (3, 0, 2)
    assert [Path(path).parent.as_posix() for path in report.paths] == [
        "raw/yahoo/hogs/2021/01",
        "raw/yahoo/hogs/2021/02",
    ]
    assert all((paths.root / path).exists() for path in report.paths)
    assert days_of(lake.read("hogs", "futures_bar")) == [(january, 1.0), (february, 2.0), (january, 3.0)]
    assert lake.read("hogs", "futures_bar").schema == schema_of("futures_bar")
    assert lake.read("hogs", "headline").num_rows == lake.read("cattle", "futures_bar").num_rows == 0
    assert lake.read("hogs", "futures_bar", sources=["other"]).num_rows == 0
    until = (january + 1) * MICROS_PER_DAY
    assert days_of(lake.read("hogs", "futures_bar", known_until_ts=until)) == [(january, 1.0)]
    assert days_of(lake.read("hogs", "futures_bar", known_after_ts=until)) == [(february, 2.0), (january, 3.0)]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 70), st.integers(0, 3), st.sampled_from([1.0, -0.5, math.nan])), max_size=12),
        max_size=6,
    ),
    st.booleans(),
)
def test_every_distinct_row_is_held_exactly_once(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Bar]], reopen: bool
) -> None:
    paths = WorkspacePaths(tmp_path_factory.mktemp("lake"))
    paths.create()
    db = Database(paths.database)
    lake = RawLake(db, paths)
    held: set[str] = set()
    for number, rows in enumerate(batches):
        if reopen:
            lake = RawLake(db, paths)
        fresh = {repr(row) for row in rows} - held
        report = lake.store(batch(str(number), bars(rows)), recorded_ts=number)
        assert (report.rows_added, report.rows_duplicate) == (len(fresh), len(rows) - len(fresh))
        held |= fresh
        again = lake.store(batch(str(number), bars(rows)), recorded_ts=number)
        assert again.already_stored and (again.rows_added, again.rows_duplicate) == (0, len(rows))
    assert lake.read("hogs", "futures_bar").num_rows == len(held)
    lake.verify()
    assert lake.sweep_orphans() == []
    db.close()


def test_same_rows_of_another_source_or_market_are_other_facts(lake: RawLake) -> None:
    rows = [(10, 1, 1.0)]
    assert lake.store(batch("a", bars(rows)), recorded_ts=1).rows_added == 1
    assert lake.store(batch("a", bars(rows), source="barchart"), recorded_ts=1).rows_added == 1
    assert lake.store(batch("a", bars(rows, "cattle"), market="cattle"), recorded_ts=1).rows_added == 1
    assert lake.read("hogs", "futures_bar").num_rows == 2


def test_undone_transaction_leaves_nothing(lake: RawLake, db: Database) -> None:
    rows = [(10, 1, 1.0), (50, 1, 2.0)]
    with pytest.raises(RuntimeError), db.transaction():
        lake.store(batch("a", bars(rows)), recorded_ts=1)
        raise RuntimeError
    assert lake.read("hogs", "futures_bar").num_rows == 0
    assert lake.sweep_orphans() == []
    assert lake.store(batch("a", bars(rows)), recorded_ts=2).rows_added == 2
    assert lake.store(batch("b", bars(rows)), recorded_ts=3).rows_duplicate == 2


def test_rows_that_another_process_stored_are_known(lake: RawLake, paths: WorkspacePaths) -> None:
    lake.store(batch("a", bars([(10, 1, 1.0)])), recorded_ts=1)
    other = Database(paths.database)
    RawLake(other, paths).store(batch("b", bars([(11, 1, 2.0)])), recorded_ts=2)
    other.close()
    assert lake.store(batch("c", bars([(11, 1, 2.0), (12, 1, 3.0)])), recorded_ts=3).rows_added == 1


def test_many_small_files_read_as_few(lake: RawLake) -> None:
    for day in range(40):
        lake.store(batch(str(day), bars([(day, 1, float(day))])), recorded_ts=day)
    assert days_of(lake.read("hogs", "futures_bar")) == [(day, float(day)) for day in range(40)]


def test_batch_event_and_quarantine_are_recorded(lake: RawLake, db: Database) -> None:
    bad = (QuarantinedRow(3, "close", "not_a_number", "x"), QuarantinedRow(4, "close", "not_a_number", "y"))
    report = lake.store(batch("a", bars([(1, 1, 1.0)]), quarantined=bad), recorded_ts=7)
    assert report.quarantine_reasons == {"not_a_number": 2}
    lake.store(batch("a", bars([(1, 1, 1.0)]), quarantined=bad), recorded_ts=8)
    assert [(row["row_number"], row["raw_text"]) for row in lake.quarantined("hogs")] == [(4, "y"), (3, "x")]
    assert lake.quarantined("cattle") == []
    assert len(lake.batches("hogs")) == 1
    events = db.query("SELECT kind, market, ts FROM events")
    assert [tuple(row) for row in events] == [("ingest.batch", "hogs", 7)]


@pytest.mark.parametrize("part", ["..", "a/b", "", "a\\b", ".hidden"])
def test_names_that_leave_the_lake_are_refused(lake: RawLake, part: str) -> None:
    with pytest.raises(StoreError):
        lake.store(batch("a", bars([(1, 1, 1.0)]), source=part), recorded_ts=1)
    with pytest.raises(StoreError):
        lake.store(batch("a", bars([(1, 1, 1.0)]), market=part), recorded_ts=1)


def test_tables_that_do_not_fit_are_refused(lake: RawLake) -> None:
    good = bars([(1, 1, 1.0)])
    for table in (
        good.drop_columns(["close"]),
        good.append_column("surplus", pa.array([1])),
        good.set_column(good.column_names.index("event_ts"), "event_ts", pa.array([None], pa.int64())),
        good.set_column(good.column_names.index("close"), "close", pa.array(["dear"])),
    ):
        with pytest.raises(StoreError, match="futures_bar"):
            lake.store(batch("a", table), recorded_ts=1)
    with pytest.raises(StoreError, match="no dataset"):
        lake.store(RawBatch("b", "yahoo", "hogs", "n", "h", {"weather": good}), recorded_ts=1)
    null_close = good.set_column(good.column_names.index("close"), "close", pa.array([None], pa.float64()))
    lake.store(batch("c", null_close), recorded_ts=1)
    assert math.isnan(lake.read("hogs", "futures_bar").column("close")[0].as_py())


def test_missing_and_changed_files_are_named_corrupt(db: Database, paths: WorkspacePaths) -> None:
    lake = RawLake(db, paths)  # reads from disk what another one wrote
    first, second = RawLake(db, paths).store(batch("a", bars([(1, 1, 1.0), (50, 1, 1.0)])), recorded_ts=1).paths
    kept = (paths.root / first).read_bytes()
    (paths.root / first).write_bytes(kept[: len(kept) // 2])
    with pytest.raises(CorruptStoreError):
        lake.read("hogs", "futures_bar")
    (paths.root / first).unlink()
    with pytest.raises(CorruptStoreError, match="missing"):
        lake.read("hogs", "futures_bar")
    (paths.root / first).write_bytes((paths.root / second).read_bytes())
    with pytest.raises(CorruptStoreError, match="changed"):
        lake.verify()


@pytest.mark.parametrize(("code", "words"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only")])
def test_disk_that_cannot_be_written_is_one_sentence_and_nothing_is_kept(
    lake: RawLake, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    genuine = os.open

    def refuse(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if flags & os.O_CREAT:
            raise OSError(code, os.strerror(code))
        return genuine(path, flags, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        with pytest.raises(StoreError, match=words):
            lake.store(batch("a", bars([(1, 1, 1.0)])), recorded_ts=1)
    assert lake.read("hogs", "futures_bar").num_rows == 0 and lake.sweep_orphans() == []
    assert lake.store(batch("a", bars([(1, 1, 1.0)])), recorded_ts=1).rows_added == 1


@pytest.mark.parametrize("dataset", sorted(DATASETS))
def test_every_dataset_round_trips(lake: RawLake, dataset: str) -> None:
    samples: dict[str, Any] = {"text": "é", "int": 5, "float": 1.25, "bool": True}
    columns = {column.name: [samples[column.type]] for column in DATASETS[dataset]}
    table = table_from_columns(dataset, columns)
    lake.store(RawBatch("b", "s", "m", "n", "h", {dataset: table}), recorded_ts=1)
    assert lake.read("m", dataset).equals(table)
