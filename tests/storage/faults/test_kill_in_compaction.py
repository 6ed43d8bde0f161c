"""Killed with SIGKILL anywhere in a compaction or in the removal of what it merged: every answer stays as it was."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import storage.feature_store as feature_store
from storage.stores import Stores

SCRIPT = Path(__file__).with_name("compaction_run.py")
RUN = runpy.run_path(str(SCRIPT))
MARKET, BAR_US, START_TS = (RUN["WORK"][name] for name in ("MARKET", "BAR_US", "START_TS"))
POINTS = [
    "features.segment_renamed:1",
    "events.append:1",
    "features.commit:1",
    "db.before_commit:1",
    "db.after_commit:1",
    "retention.segment_deleted:1",
    "retention.segment_deleted:4",
    "db.after_commit:3",
]


def answers(root: Path) -> dict[str, Any]:
    """Every answer as bytes."""
    moments = np.arange(START_TS - BAR_US, START_TS + 100 * BAR_US, BAR_US // 2)
    with Stores.open(root) as stores:
        stores.features.verify()
        found = stores.features.matrix(MARKET, moments, ["carry"])
        readings = [stores.features.latest(MARKET, int(moment)) for moment in moments[::7]]
        audits = [stores.features.latest(MARKET, int(moments[-1]), recorded_as_of_ts=at) for at in (0, 25, 70, 200)]
        rows = stores.features.rows(MARKET)
    return {
        "matrix": (found.values.tobytes(), found.age_us.tobytes(), found.stale.tobytes()),
        "readings": readings,
        "audits": audits,
        "rows": rows.to_pylist(),
    }


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("filled") / "w"
    RUN["fill"](root)
    return root


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a POSIX signal")
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_in_a_compaction_changes_no_answer(point: str, filled: Path, tmp_path: Path) -> None:
    root = tmp_path / "w"
    shutil.copytree(filled, root)
    before = answers(root)
    killed = subprocess.run(
        [sys.executable, str(SCRIPT), str(root)],
        env={**os.environ, "HYDRA_CRASHPOINT": point},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -9, killed.stderr.decode()
    assert answers(root) == before
    RUN["merge"](root)
    assert answers(root) == before
    with Stores.open(root) as stores:
        stores.sweep_orphans()
        active = [row["path"] for row in stores.db.query("SELECT path FROM feature_segments")]
        files = [path.relative_to(root).as_posix() for path in stores.paths.features.rglob("*") if path.is_file()]
    assert sorted(files) == sorted(active) and len(active) == 1
    assert answers(root) == before


def test_a_reader_of_merged_segments_asks_again(filled: Path, tmp_path: Path) -> None:
    """A segment that disappears between the list and the read was merged: the answer comes from the new one."""
    root = tmp_path / "w"
    shutil.copytree(filled, root)
    before = answers(root)
    with Stores.open(root) as reader:
        listed = reader.features._sorted_sources

        def slowly(market: str, until: int | None) -> Any:
            sources = listed(market, until)
            reader.features._sorted_sources = listed  # type: ignore[method-assign]
            RUN["merge"](root)
            return sources

        reader.features._sorted_sources = slowly  # type: ignore[method-assign]
        moments = np.arange(START_TS - BAR_US, START_TS + 100 * BAR_US, BAR_US // 2)
        assert reader.features.matrix(MARKET, moments, ["carry"]).values.tobytes() == before["matrix"][0]


@pytest.mark.parametrize("meanwhile", ["sweep", "compact", "append"])
def test_what_another_process_does_during_a_merge_loses_nothing(
    meanwhile: str, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The merge writes before it takes the lock; what happens in between must not cost a row."""
    root = tmp_path / "w"
    shutil.copytree(filled, root)
    before = answers(root)["rows"]
    real = feature_store.seal_segment

    def interrupted(*arguments: Any) -> Any:
        monkeypatch.setattr(feature_store, "seal_segment", real)
        sealed = real(*arguments)
        with Stores.open(root) as other:
            if meanwhile == "sweep":
                other.features.sweep_orphans()
            elif meanwhile == "compact":
                other.features.compact(MARKET, ts=101)
            else:
                other.features.append(RUN["WORK"]["feature_rows"](90, 3), recorded_ts=102)
        return sealed

    monkeypatch.setattr(feature_store, "seal_segment", interrupted)
    monkeypatch.setattr(feature_store, "SEGMENTS_BEFORE_MERGE", 2)
    with Stores.open(root) as stores:
        stores.features.compact(MARKET, ts=100)
        stores.features.verify()
    after = answers(root)["rows"]
    if meanwhile == "append":
        after = [row for row in after if row["recorded_ts"] != 102]
    assert after == before
