"""Backup and restore: one zip file with a consistent database, every catalogued file, artifacts, and their hashes.

A restore is verified wholly before it takes the place of a workspace, keeps the former workspace beside it, and is
never more permissive than what it replaces: it lands in HALTED (LOCKDOWN stays LOCKDOWN), with the halt set, the lower
level of autonomy, pending commands refused, open approvals withdrawn and working orders of unknown outcome.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.kernel.canonical import canonical_json, sha256_hex
from engine.kernel.errors import CorruptStoreError, InputError, LeaseHeldError, StoreError
from engine.kernel.lake_location import lake_root_of
from engine.kernel.workspace_paths import WorkspacePaths
from storage.database import Database
from storage.durable_files import fsync_file, fsync_folder, make_folder, store_error, temporary_path, write_durably
from storage.event_log import EventLog
from storage.journal import Journal
from storage.lease import Lease
from storage.state_store import AUTONOMY, HALT, OPERATIONAL_STATE, StateStore

if TYPE_CHECKING:
    from storage.stores import Stores

MANIFEST: Final = "manifest.json"
FORMAT: Final = "hydra-backup-1"
_LAKE_FOLDERS: Final = ("raw/", "features/")
_AUTONOMY_ORDER: Final = ("lockdown", "supervised", "semi-auto", "autonomous")


@dataclass(frozen=True, slots=True)
class BackupReport:
    """A written or restored backup: its file, number of files inside, and bytes. `former` is where the workspace that
    was replaced now lies."""

    path: Path
    files: int
    size_bytes: int
    former: Path | None = None


def write_backup(stores: Stores, target: Path, ts: int) -> BackupReport:
    """Write a consistent backup of a workspace to the file `target` while the engine runs; an existing file is
    replaced only by a whole one. Records `backup.written`. Raises StoreError."""
    make_folder(target.parent)
    temporary = temporary_path(target)
    copy = temporary_path(stores.paths.database.with_suffix(".backup"))
    try:
        stores.db.backup_to(copy)
        hashes: dict[str, str] = {}
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            hashes["state/hydra.db"] = _add(archive, "state/hydra.db", copy)
            for name in _referenced_files(copy):
                hashes[name] = _add(archive, name, _place(stores.paths, name))
            if stores.paths.user_config.exists():
                hashes["config.yaml"] = _add(archive, "config.yaml", stores.paths.user_config)
            for file in sorted(stores.paths.markets.glob("*.yaml")):
                hashes[f"markets/{file.name}"] = _add(archive, f"markets/{file.name}", file)
            manifest = {"format": FORMAT, "created_ts": ts, "files": hashes}
            archive.writestr(MANIFEST, canonical_json(manifest))
        fsync_file(temporary)
        temporary.replace(target)
        fsync_folder(target.parent)
        size = target.stat().st_size
    except OSError as error:
        raise store_error(error, f"write the backup {target.name}") from error
    finally:
        temporary.unlink(missing_ok=True)
        copy.unlink(missing_ok=True)
    stores.events.append("backup.written", target.name, {"path": str(target), "bytes": size}, ts=ts)
    return BackupReport(target, len(hashes), size)


def restore_backup(source: Path, root: Path, ts: int, *, dead_after_us: int = 10_000_000) -> BackupReport:
    """Verify the backup `source` and put it in the place of the workspace `root` (which may not exist yet).

    Raises InputError if the file is no backup, CorruptStoreError if anything in it does not verify (the workspace then
    stays as it is), LeaseHeldError while an engine runs on `root`.
    """
    root = root.absolute()
    present = _present_restrictions(root, ts, dead_after_us)
    make_folder(root.parent)
    fresh = root.with_name(f".{root.name}.restoring-{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        count, size = _unpack(source, fresh)
        _make_safe(WorkspacePaths(fresh), source, present, ts)
        _put_lake_back(fresh, root)
        former = None
        if root.exists():
            former = _free_name(root.with_name(f"{root.name}-before-restore"))
            root.rename(former)
        fresh.rename(root)
        fsync_folder(root.parent)
    except OSError as error:
        raise store_error(error, f"restore to {root}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return BackupReport(source, count, size, former)


def verify_backup(source: Path) -> BackupReport:
    """Unpack a backup beside itself, check every file's hash, throw the copy away. Raises as `restore_backup`."""
    with tempfile.TemporaryDirectory(prefix=".verify-", dir=source.parent) as folder:
        files, size_bytes = _unpack(source, Path(folder) / "copy")
    return BackupReport(source, files, size_bytes)


@dataclass(frozen=True, slots=True)
class _Restrictions:
    """What the workspace that is being replaced forbids."""

    lockdown: bool = False
    autonomy: str | None = None
    epoch: int = 0
    halt_file: bool = False


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise CorruptStoreError(f"cannot back up: the catalogued file {name} is missing") from error
    archive.writestr(zipfile.ZipInfo(name), data)
    return sha256_hex(data)


def _place(paths: WorkspacePaths, name: str) -> Path:
    """Where a file of the archive lies: lake files may have a folder of their own."""
    return (paths.lake if name.startswith(_LAKE_FOLDERS) else paths.root) / name


def _put_lake_back(fresh: Path, root: Path) -> None:
    """Where the restored settings name a lake folder, its missing files go there; those present are the same, since
    names are content."""
    lake = lake_root_of(root, WorkspacePaths(fresh).user_config)
    if lake is None:
        return
    for folder in _LAKE_FOLDERS:
        for path in sorted((fresh / folder).rglob("*")):
            target = lake / path.relative_to(fresh)
            if path.is_file() and not target.exists():
                write_durably(target, path.read_bytes())
        shutil.rmtree(fresh / folder, ignore_errors=True)


def _referenced_files(database: Path) -> list[str]:
    db = Database(database, read_only=True)
    try:
        names = [row[0] for row in db.query("SELECT path FROM catalogue")]
        names += [row[0] for row in db.query("SELECT path FROM feature_segments WHERE status = 'active'")]
        names += [row[0] for row in db.query("SELECT path FROM event_segments")]
        hashes = [row[0] for row in db.query("SELECT DISTINCT artifact_hash FROM models")]
        return sorted({*names, *(f"artifacts/{h[:2]}/{h}" for h in hashes)})
    finally:
        db.close()


def _unpack(source: Path, fresh: Path) -> tuple[int, int]:
    try:
        with zipfile.ZipFile(source) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            if manifest.get("format") != FORMAT:
                raise InputError(f"{source.name} is not a HYDRA backup that this program can read")
            files: Mapping[str, str] = manifest["files"]
            for name, expected in files.items():
                path = (fresh / name).resolve()
                if not path.is_relative_to(fresh.resolve()):
                    raise CorruptStoreError(f"the backup {source.name} names a file outside the workspace: {name}")
                data = archive.read(name)
                if sha256_hex(data) != expected:
                    raise CorruptStoreError(f"the backup {source.name} is damaged: {name} does not verify")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                fsync_file(path)
    except FileNotFoundError as error:
        raise InputError(f"there is no backup file {source}") from error
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, AttributeError) as error:
        raise InputError(f"{source.name} is not a whole HYDRA backup ({error})") from error
    return len(files), source.stat().st_size


def _present_restrictions(root: Path, ts: int, dead_after_us: int) -> _Restrictions:
    paths = WorkspacePaths(root)
    if not paths.database.exists():
        return _Restrictions(halt_file=os.path.lexists(paths.halt_file))
    try:
        db = Database(paths.database, read_only=True)
    except StoreError:
        return _Restrictions(halt_file=os.path.lexists(paths.halt_file))  # a broken workspace is why one restores
    try:
        holder = Lease(db).current()
        if holder is not None and holder.is_live(ts, dead_after_us):
            raise LeaseHeldError(f"an engine (pid {holder.pid}) runs on {root}; stop it before restoring")
        state = StateStore(db)
        return _Restrictions(
            lockdown=state.operational_state() == "LOCKDOWN",
            autonomy=_autonomy_of(state),
            epoch=0 if holder is None else holder.epoch,
            halt_file=os.path.lexists(paths.halt_file),
        )
    except LeaseHeldError:
        raise
    except StoreError:
        return _Restrictions(halt_file=os.path.lexists(paths.halt_file))
    finally:
        db.close()


def _autonomy_of(state: StateStore) -> str:
    value: Any = state.get(AUTONOMY)
    level = value.get("level") if isinstance(value, dict) else None
    return level if level in _AUTONOMY_ORDER else "supervised"


def _make_safe(paths: WorkspacePaths, source: Path, present: _Restrictions, ts: int) -> None:
    """Verify the unpacked workspace and take away every permission that a restore must not bring back."""
    paths.create()
    db = Database(paths.database)
    try:
        db.check_integrity()
        events, state = EventLog(db, paths), StateStore(db)
        for name, report in (("event log", events.verify()), ("journal", Journal(db).verify())):
            if not report.ok:
                raise CorruptStoreError(f"the {name} of backup {source.name} does not verify: {report.problem}")
        reason = f"restored from backup {source.name}; check positions with the broker before running"
        lockdown = present.lockdown or state.operational_state() == "LOCKDOWN"
        old, new = state.operational_state(), "LOCKDOWN" if lockdown else "HALTED"
        levels = [_autonomy_of(state), present.autonomy or _AUTONOMY_ORDER[-1]]
        level = min(levels, key=_AUTONOMY_ORDER.index)
        with db.transaction() as connection:
            entry = {"state": new, "since_ts": ts, "reason": reason, "trigger": "restore"}
            state.put(OPERATIONAL_STATE, entry, ts)
            state.put(HALT, {"halted": True, "reason": reason, "actor": "restore", "ts": ts}, ts)
            state.put(AUTONOMY, {"level": level}, ts)
            connection.execute(
                "UPDATE commands SET status = 'refused', reason = ?, settled_ts = ? WHERE status = 'pending'",
                ("the workspace was restored from a backup", ts),
            )
            connection.execute(
                "UPDATE approvals SET status = 'withdrawn', reason = ?, actor = 'restore', decided_ts = ? "
                "WHERE status = 'open'",
                ("the workspace was restored from a backup", ts),
            )
            connection.execute(
                "UPDATE orders SET status = 'unknown', reason = ?, updated_ts = ? "
                "WHERE status IN ('persisted', 'submitted', 'partly_filled')",
                ("restored from a backup; reconcile with the broker", ts),
            )
            connection.execute(
                "INSERT INTO lease(id, owner, pid, epoch, host_kind, started_ts, heartbeat_ts, released) "
                "VALUES(1, 'restore', 0, ? + 1, 'restore', ?, ?, 1) ON CONFLICT(id) DO UPDATE SET released = 1, "
                "epoch = max(lease.epoch + 1, excluded.epoch)",
                (present.epoch, ts, ts),
            )
            events.append("backup.restored", source.name, {"path": str(source)}, ts=ts)
            events.append("state.changed", new, {"old": old, "new": new, "reason": reason, "trigger": "restore"}, ts=ts)
        events.write_head(ts=ts)
        if present.halt_file:
            paths.halt_file.touch()
    finally:
        db.close()


def _free_name(wanted: Path) -> Path:
    number, path = 1, wanted
    while path.exists():
        number, path = number + 1, wanted.with_name(f"{wanted.name}-{number}")
    return path
