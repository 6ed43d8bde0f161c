"""A poll that is killed at any crash point and run again leaves exactly what one clean poll leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.stores import Stores
from tests.engine.ingestion.live.loopback import LoopbackServer, serving
from tests.engine.ingestion.live.poll_run import run
from tests.engine.ingestion.live.stand_ins import BENZINGA

REPOSITORY = Path(__file__).resolve().parents[5]
TIMES = {"ts", "fetched_ts", "committed_ts", "updated_ts", "id"}
POINTS = (
    "live.fetched:1", "live.fetched:2", "lake.file_renamed:1", "lake.before_commit:2", "live.cursor:1", "live.cursor:3",
    "ingest.commit:2", "lake.after_commit:1", "db.after_commit:3", "live_poll.commit:1",
)  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[LoopbackServer]:
    with serving(BENZINGA.answer) as running:
        yield running


def contents(root: Path) -> dict[str, Any]:
    """Everything that the workspace holds of the source, without times of storing."""
    with Stores.open(root) as stores:
        assert stores.events.verify().ok
        stores.lake.verify()
        found: dict[str, Any] = {
            table: [
                {key: value for key, value in dict(row).items() if key not in TIMES}
                for row in stores.db.query(f"SELECT * FROM {table} ORDER BY 1, 2")
            ]
            for table in ("catalogue", "batches", "quarantine", "feeds", "feed_cursors")
        }
        found["rows"] = stores.lake.read("lean_hogs", "headline").to_pylist()
        found["events"] = [(event.kind, event.subject, json.dumps(event.payload)) for event in stores.events.read()]
        found["files"] = sorted(path.name for path in (root / "raw").rglob("*.parquet"))
    return found


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory, server: LoopbackServer) -> dict[str, Any]:
    root = tmp_path_factory.mktemp("clean") / "workspace"
    run(root, server.url, BENZINGA.source)
    return contents(root)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a POSIX signal")
@pytest.mark.parametrize("point", POINTS)
def test_a_poll_after_a_kill_equals_one_clean_poll(
    point: str, tmp_path: Path, server: LoopbackServer, clean: dict[str, Any]
) -> None:
    root = tmp_path / "workspace"
    killed = subprocess.run(
        [sys.executable, "-m", "tests.engine.ingestion.live.poll_run", str(root), server.url, BENZINGA.source],
        env={**os.environ, "HYDRA_CRASHPOINT": point, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        check=False,
        cwd=REPOSITORY,
    )
    assert killed.returncode == -9, killed.stderr.decode()
    run(root, server.url, BENZINGA.source)
    assert len(clean["rows"]) == BENZINGA.rows
    found = contents(root)
    if point.startswith("live_poll"):
        # All replies were stored: the second poll is a new question, whose overlap is a batch that adds no row.
        assert set(clean["events"]) < set(found["events"])
        for part in ("batches", "events"):
            assert len(found.pop(part)) == len(clean[part]) + 1
        assert found == {part: value for part, value in clean.items() if part in found}
    else:
        assert found == clean
