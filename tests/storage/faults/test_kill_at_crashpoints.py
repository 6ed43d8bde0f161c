"""Killed with SIGKILL at each crash point, then run again: the same workspace as one clean run, but for times."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from storage.stores import Stores

SCRIPT = Path(__file__).with_name("ingestion_run.py")
WORK = runpy.run_path(str(SCRIPT))
TIME_COLUMNS = {"ts", "fetched_ts", "committed_ts", "created_ts", "updated_ts", "recorded_ts", "from_ts", "id"}
TABLES = ("catalogue", "batches", "quarantine", "feature_segments", "models", "champion_history", "meta")


def contents(root: Path) -> dict[str, Any]:
    """Everything a workspace says, without the columns that hold the time of storing."""
    with Stores.open(root) as stores:
        assert stores.events.verify().ok and stores.journal.verify().ok
        stores.lake.verify()
        stores.features.verify()
        found: dict[str, Any] = {
            table: [
                {key: value for key, value in dict(row).items() if key not in TIME_COLUMNS}
                for row in stores.db.query(f"SELECT * FROM {table} ORDER BY 1, 2")
            ]
            for table in TABLES
        }
        found["features"] = stores.features.rows(WORK["MARKET"]).drop_columns(["recorded_ts"])
        found["bars"] = stores.lake.read(WORK["MARKET"], "futures_bar")
        found["events"] = [(event.kind, event.subject, event.payload) for event in stores.events.read()]
        found["journal"] = [(entry.kind, entry.subject, entry.body) for entry in stores.journal.query()]
        found["files"] = sorted(
            path.relative_to(root).as_posix()
            for folder in ("raw", "features", "artifacts")
            for path in (root / folder).rglob("*")
            if path.is_file()
        )
    return found


@pytest.fixture(scope="module")
def clean_run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    root = tmp_path_factory.mktemp("clean") / "workspace"
    WORK["run"](root, 1)
    return contents(root)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a POSIX signal")
@pytest.mark.parametrize(
    "point",
    [
        "lake.file_renamed:1",
        "lake.file_renamed:4",
        "lake.before_commit:2",
        "lake.after_commit:3",
        "events.append:1",
        "events.append:6",
        "db.before_commit:1",
        "db.before_commit:5",
        "db.before_commit:9",
        "db.after_commit:4",
        "db.after_commit:8",
        "features.segment_renamed:1",
        "features.segment_renamed:2",
        "registry.before_commit:2",
        "registry.before_commit:4",
    ],
)
def test_second_run_after_a_kill_equals_one_clean_run(point: str, tmp_path: Path, clean_run: dict[str, Any]) -> None:
    root = tmp_path / "workspace"
    killed = subprocess.run(
        [sys.executable, str(SCRIPT), str(root), "2"],
        env={**os.environ, "HYDRA_CRASHPOINT": point},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -9, killed.stderr.decode()
    with Stores.open(root) as stores:
        assert stores.events.verify().ok and stores.journal.verify().ok
        stores.lake.verify()
        stores.features.verify()
    WORK["run"](root, 3)
    assert contents(root) == clean_run


def test_third_run_changes_nothing(tmp_path: Path, clean_run: dict[str, Any]) -> None:
    root = tmp_path / "workspace"
    for ts in (1, 2, 3):
        WORK["run"](root, ts)
    assert contents(root) == clean_run
