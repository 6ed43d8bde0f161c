"""What retention removes, and what it never touches."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from storage.agent_records import CaseRecord, ExperimentRecord
from storage.retention import (
    Removed,
    remove_experiments,
    remove_segments,
    remove_snapshots,
    superseded_segments,
)
from storage.snapshots import Snapshot, write_snapshot
from storage.stores import Stores

FAULTS = Path(__file__).parents[1] / "faults"
WORK = runpy.run_path(str(FAULTS / "ingestion_run.py"))
MERGING = runpy.run_path(str(FAULTS / "compaction_run.py"))
MARKET = WORK["MARKET"]


def experiment(number: int, snapshot_hash: str, **changes: object) -> ExperimentRecord:
    fields: dict[str, object] = {
        "experiment_id": f"exp-{number}",
        "market": MARKET,
        "spec": {},
        "status": "finished",
        "directory": f"experiments/exp-{number}",
        "snapshot_hash": snapshot_hash,
        "started_ts": number,
    }
    return ExperimentRecord(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    MERGING["fill"](tmp_path / "w")
    return Stores.open(tmp_path / "w")


def snapshots(stores: Stores, count: int) -> list[tuple[Path, str]]:
    cuts = [WORK["START_TS"] + 5 * (number + 1) * WORK["BAR_US"] for number in range(count)]
    return [write_snapshot(stores, MARKET, cut) for cut in cuts]


def test_only_merged_segments_go_and_only_those_named(stores: Stores) -> None:
    active = {row["path"] for row in stores.db.query("SELECT path FROM feature_segments")}
    assert remove_segments(stores, active) == ()
    stores.db.execute("UPDATE feature_segments SET status = 'superseded' WHERE path = ?", (min(active),))
    assert superseded_segments(stores) == [min(active)]
    assert remove_segments(stores, []) == ()
    assert remove_segments(stores, active) == (min(active),)
    assert not (stores.paths.lake / min(active)).exists()
    assert all((stores.paths.lake / path).exists() for path in active - {min(active)})


def test_snapshots_that_anything_needs_stay(stores: Stores) -> None:
    made = snapshots(stores, 7)
    records = stores.agent.experiments
    records.upsert(experiment(0, made[0][1], status="running"))
    records.upsert(experiment(1, made[1][1], case_id="case-open"))
    records.upsert(experiment(2, made[2][1], case_id="case-closed"))
    for name, stage in (("case-open", "paper"), ("case-closed", "closed")):
        stores.agent.cases.upsert(CaseRecord(name, MARKET, 1, 1, stage))
    artifact = stores.registry.save_artifact(b"model")
    model = stores.registry.register(
        market=MARKET, kind="ridge", config={}, artifact_hash=artifact, data_snapshot_hash=made[3][1],
        code_version="1", metrics={}, ts=1,
    )  # fmt: skip
    kept = {made[number][0].name for number in (0, 1, 3, 5, 6)}
    removed = remove_snapshots(stores, 2)
    assert set(removed) == {made[2][0].name, made[4][0].name}
    assert {path.name for path in stores.paths.snapshots.iterdir()} == kept
    for number in (0, 1, 3, 5, 6):
        assert Snapshot(made[number][0]).features().num_rows
    assert remove_snapshots(stores, 2) == ()
    stores.registry.retire(model.model_id, reason="old", actor="test", ts=2)
    assert remove_snapshots(stores, 2) == (made[3][0].name,)


def test_experiment_folders_that_anything_needs_stay(stores: Stores) -> None:
    stores.agent.cases.upsert(CaseRecord("case-open", MARKET, 1, 1, "experimenting"))
    changes: dict[int, dict[str, object]] = {0: {"status": "queued"}, 1: {"case_id": "case-open"}}
    for number in range(6):
        stores.agent.experiments.upsert(experiment(number, "s", **changes.get(number, {})))
        folder = stores.paths.experiments / f"exp-{number}"
        folder.mkdir()
        (folder / "result.json").write_text("{}", encoding="utf-8")
    starting = stores.paths.experiments / "exp-starting"
    starting.mkdir()
    assert remove_experiments(stores, 2) == ("exp-2", "exp-3")
    names = {path.name for path in stores.paths.experiments.iterdir()}
    assert names == {"exp-0", "exp-1", "exp-4", "exp-5", "exp-starting"}
    assert stores.agent.experiments.require("exp-2").status == "finished"


def test_a_removal_cut_short_is_finished_by_the_sweep(stores: Stores) -> None:
    ((folder, _),) = snapshots(stores, 1)
    doomed = folder.with_name(f".{folder.name}.77.writing")
    folder.rename(doomed)
    half = stores.paths.experiments / ".exp-1.77.writing"
    (half / "inner").mkdir(parents=True)
    assert {doomed, half} <= set(stores.sweep_orphans())
    assert not doomed.exists() and not half.exists()


def test_nothing_removed_is_false() -> None:
    assert not Removed() and Removed(snapshots=("a",))
