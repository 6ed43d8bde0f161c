"""Backup and restore: whole, verified before the swap, and never more permissive than what was there."""

from __future__ import annotations

import runpy
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from engine.kernel.errors import CorruptStoreError, InputError, LeaseHeldError
from storage.agent_records import ApprovalRecord
from storage.backup import restore_backup, write_backup
from storage.command_inbox import Command
from storage.state_store import AUTONOMY, HALT, OPERATIONAL_STATE
from storage.stores import Stores
from storage.trading_records import OrderRecord

WORK = runpy.run_path(str(Path(__file__).parents[1] / "faults" / "ingestion_run.py"))
ORDER = OrderRecord("o1", "hogs", "HEZ23", "BUY", 3, "market", None, "submitted", 1, 80.0, "m", False, 1, 1)


def permit(stores: Stores, state: str, autonomy: str) -> None:
    stores.state.put(OPERATIONAL_STATE, {"state": state, "since_ts": 1, "reason": "", "trigger": ""}, 1)
    stores.state.put(HALT, {"halted": False}, 1)
    stores.state.put(AUTONOMY, {"level": autonomy}, 1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    WORK["run"](root, 1)
    with Stores.open(root) as stores:
        permit(stores, "RUNNING", "autonomous")
        stores.events.seal(keep_last=3, ts=2)
        stores.commands.submit(Command("c1", "approve", {}, "operator", 1))
        stores.agent.approvals.upsert(ApprovalRecord("p", "hogs", "promote", "m", 1, 1, 9, {}, {}))
        stores.trading.orders.upsert(ORDER)
        (stores.paths.raw / "orphan.parquet").write_bytes(b"x")
    return root


def backup_of(root: Path, tmp_path: Path) -> Path:
    with Stores.open(root) as stores:
        report = write_backup(stores, tmp_path / "out" / "hydra.zip", 100)
        assert report.size_bytes == report.path.stat().st_size and report.files > 5
        assert stores.events.tail(1)[0].kind == "backup.written"
    return report.path


def test_restored_workspace_holds_everything_and_permits_nothing_new(root: Path, tmp_path: Path) -> None:
    archive = backup_of(root, tmp_path)
    with Stores.open(root) as stores:
        bars = stores.lake.read("hogs", "futures_bar")
        features = stores.features.rows("hogs")
        champion = stores.registry.champion("hogs")
    new = tmp_path / "elsewhere"
    report = restore_backup(archive, new, 200)
    assert report.former is None
    with Stores.open(new) as stores:
        assert stores.lake.read("hogs", "futures_bar").equals(bars)
        assert stores.features.rows("hogs").equals(features)
        assert stores.registry.champion("hogs") == champion and champion is not None
        assert stores.registry.load_artifact(champion.artifact_hash) == b"second"
        assert stores.events.verify().ok and stores.journal.verify().ok
        assert stores.state.operational_state() == "HALTED"
        assert "restored" in stores.state.get(OPERATIONAL_STATE)["reason"]
        assert not stores.gate.permits(True)[0] and stores.gate.permits(False)[0]
        assert stores.commands.pending() == [] and stores.agent.open_approvals() == []
        assert stores.trading.orders.require("o1").status == "unknown"
        assert stores.sweep_orphans() == []


def test_the_operators_settings_and_markets_come_back(root: Path, tmp_path: Path) -> None:
    (root / "markets").mkdir()
    texts = {"config.yaml": "risk: {max_position_lots: 3}\n", "markets/white_oats.yaml": "market: {}\n"}
    for name, text in texts.items():
        (root / name).write_text(text, encoding="utf-8")
    restore_backup(backup_of(root, tmp_path), tmp_path / "elsewhere", 200)
    assert {name: (tmp_path / "elsewhere" / name).read_text(encoding="utf-8") for name in texts} == texts


@pytest.mark.parametrize(
    ("state", "autonomy", "expected_state", "expected_autonomy"),
    [
        ("LOCKDOWN", "supervised", "LOCKDOWN", "supervised"),
        ("RUNNING", "lockdown", "HALTED", "lockdown"),
        ("RUNNING", "autonomous", "HALTED", "autonomous"),
    ],
)
def test_restore_over_a_stricter_workspace_keeps_its_restrictions(
    root: Path, tmp_path: Path, state: str, autonomy: str, expected_state: str, expected_autonomy: str
) -> None:
    archive = backup_of(root, tmp_path)
    with Stores.open(root) as stores:
        permit(stores, state, autonomy)
        stores.paths.halt_file.touch()
        for ts in (1, 100_000_000, 200_000_000):
            epoch = stores.lease.acquire("e", 1, "daemon", ts, 10_000_000)
    report = restore_backup(archive, root, 300_000_000)
    assert report.former is not None and report.former.exists()
    with Stores.open(root) as stores:
        assert stores.state.operational_state() == expected_state
        assert stores.state.get(AUTONOMY) == {"level": expected_autonomy}
        assert stores.paths.halt_file.exists()
        assert not stores.lease.holds(epoch)
        assert stores.lease.acquire("e", 2, "daemon", 300_000_001, 10_000_000) > epoch


def test_running_engine_is_not_replaced(root: Path, tmp_path: Path) -> None:
    archive = backup_of(root, tmp_path)
    with Stores.open(root) as stores:
        stores.lease.acquire("e", 1, "daemon", 100, 10_000_000)
    with pytest.raises(LeaseHeldError):
        restore_backup(archive, root, 200)
    assert (root / "raw" / "orphan.parquet").exists()


def files_of(root: Path) -> list[Path]:
    """All files but those that SQLite keeps while anyone has the database open."""
    return sorted(path for path in root.rglob("*") if not path.name.startswith("hydra.db-"))


def rewritten(archive: Path, change: Any) -> Path:
    """A copy of a zip in which `change(name, data)` gives each member's new bytes (None drops it)."""
    other = archive.with_name("changed.zip")
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            data = change(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
    return other


@pytest.mark.parametrize("kind", ["text", "truncated", "changed", "dropped", "escape", "missing"])
def test_bad_backup_changes_nothing(root: Path, tmp_path: Path, kind: str) -> None:
    archive = backup_of(root, tmp_path)
    if kind == "text":
        archive.write_text("hello")
    elif kind == "truncated":
        archive.write_bytes(archive.read_bytes()[:-100])
    elif kind == "changed":
        archive = rewritten(archive, lambda name, data: data[:-1] + b"!" if name.endswith(".parquet") else data)
    elif kind == "dropped":
        archive = rewritten(archive, lambda name, data: None if name.endswith(".db") else data)
    elif kind == "escape":
        archive = rewritten(
            archive,
            lambda name, data: data.replace(b"state/hydra.db", b"../../evil.db") if "manifest" in name else data,
        )
    else:
        archive.unlink()
    before = files_of(root)
    with pytest.raises(InputError if kind in ("text", "truncated", "dropped", "missing") else CorruptStoreError):
        restore_backup(archive, root, 200)
    assert files_of(root) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "workspace"]


def test_tampered_history_inside_a_backup_is_refused(root: Path, tmp_path: Path) -> None:
    with Stores.open(root) as stores:
        stores.db.execute("UPDATE journal SET body = '{}' WHERE seq = 1")
    archive = backup_of(root, tmp_path)
    with pytest.raises(CorruptStoreError, match="journal"):
        restore_backup(archive, tmp_path / "elsewhere", 200)
    assert not (tmp_path / "elsewhere").exists()


def test_backup_of_a_damaged_workspace_fails_and_keeps_the_old_one(root: Path, tmp_path: Path) -> None:
    archive = backup_of(root, tmp_path)
    kept = archive.read_bytes()
    shutil.rmtree(root / "raw")
    with Stores.open(root) as stores, pytest.raises(CorruptStoreError, match="missing"):
        write_backup(stores, archive, 300)
    assert archive.read_bytes() == kept and list(archive.parent.iterdir()) == [archive]


def test_workspace_whose_database_is_broken_can_be_restored(root: Path, tmp_path: Path) -> None:
    archive = backup_of(root, tmp_path)
    for path in (root / "state").glob("hydra.db*"):
        path.write_bytes(b"broken" * 1_000)
    restore_backup(archive, root, 200)
    with Stores.open(root) as stores:
        assert stores.events.verify().ok
