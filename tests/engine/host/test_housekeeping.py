"""The chores that remove what nothing needs: after their time, not before, and told in the event log."""

from __future__ import annotations

import runpy
from pathlib import Path

from engine.host.housekeeping import Housekeeping
from engine.kernel.clock import ManualClock
from engine.kernel.configuration import load_config
from storage.snapshots import write_snapshot
from storage.stores import Stores

MERGING = runpy.run_path(str(Path(__file__).parents[2] / "storage" / "faults" / "compaction_run.py"))
WORK = MERGING["WORK"]


def test_old_files_go_when_their_time_is_over(tmp_path: Path) -> None:
    MERGING["fill"](tmp_path / "w")
    flags = {
        "retention.superseded_hours": 2.0,
        "retention.snapshots_kept": 1,
        "retention.experiments_kept": 1,
        "retention.events_unsealed": 3,
    }
    config = load_config("simulated_hogs", environment={}, flags=flags).config
    now = 100.0
    with Stores.open(tmp_path / "w") as stores:
        for number in (1, 2):
            write_snapshot(stores, WORK["MARKET"], WORK["START_TS"] + 5 * number * WORK["BAR_US"])
        active = [row["path"] for row in stores.db.query("SELECT path FROM feature_segments ORDER BY path")]
        stores.db.execute("UPDATE feature_segments SET status = 'superseded' WHERE path = ?", (active[0],))
        chores = Housekeeping(stores, config, ManualClock(50), monotonic=lambda: now)
        chores.run_all()
        assert len(list(stores.paths.snapshots.iterdir())) == 1
        assert (stores.paths.lake / active[0]).exists()
        now += 1.9 * 3600
        chores.run_all()
        assert (stores.paths.lake / active[0]).exists()
        now += 0.2 * 3600
        chores.run_all()
        assert not (stores.paths.lake / active[0]).exists()
        told = [event.payload for event in stores.events.read() if event.kind == "retention.applied"]
        assert [len(payload["snapshots"]) for payload in told] == [1, 0]
        assert told[1]["segments"] == [active[0]]
        assert stores.events.verify().ok and list(stores.paths.sealed_events.glob("*.parquet"))
