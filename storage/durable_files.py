"""Files that are either whole or absent: temporary name, fsync, rename, fsync of the folder.

A reader never sees half a file under its final name, and a crash leaves at most a temporary file that a sweep removes.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from engine.kernel.errors import CorruptStoreError, StoreError

TEMPORARY_SUFFIX: Final = ".writing"


def temporary_path(final: Path) -> Path:
    """The name under which a file is written before it gets its final one; unique to this process."""
    return final.with_name(f".{final.name}.{os.getpid()}{TEMPORARY_SUFFIX}")


def is_temporary(path: Path) -> bool:
    """True for a file that some process had not finished writing."""
    return path.name.startswith(".") and path.name.endswith(TEMPORARY_SUFFIX)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents so that a power cut keeps them; nothing to do where it exists.

    Raises StoreError on a full or read-only disk.
    """
    missing = []
    current = folder
    while not current.is_dir():
        missing.append(current)
        current = current.parent
    try:
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            fsync_folder(path.parent)
    except OSError as error:
        raise store_error(error, f"create the folder {folder}") from error


def make_folders(folders: Iterable[Path]) -> list[Path]:
    """Create folders and their parents; the folders that got a new name in them, which the caller makes durable before
    it relies on any. Raises StoreError on a full or read-only disk."""
    changed: dict[Path, None] = {}
    for folder in dict.fromkeys(folders):
        missing = []
        current = folder
        while not current.is_dir():
            missing.append(current)
            current = current.parent
        try:
            for path in reversed(missing):
                path.mkdir(exist_ok=True)
                changed[path.parent] = None
        except OSError as error:
            raise store_error(error, f"create the folder {folder}") from error
    return list(changed)


def fsync_folder(folder: Path) -> None:
    """Make the names inside a folder durable. Windows knows no such call and journals names itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_file(path: Path) -> None:
    """Make the bytes of a closed file durable."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_temporary(final: Path, parts: Iterable[bytes | memoryview]) -> Path:
    """Write and fsync bytes under the temporary name of `final` and return that name."""
    temporary = temporary_path(final)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644)
        with os.fdopen(descriptor, "wb") as stream:
            for part in parts:
                stream.write(part)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise store_error(error, f"write {final.name}") from error
    return temporary


def write_durably(final: Path, data: bytes) -> None:
    """Put bytes under a name, whole or not at all; an existing file is replaced atomically."""
    make_folder(final.parent)
    temporary = write_temporary(final, (data,))
    try:
        temporary.replace(final)
        fsync_folder(final.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise store_error(error, f"write {final.name}") from error


def store_error(error: OSError | sqlite3.Error, doing: str) -> StoreError:
    """One clear sentence for a failed read or write; corruption gets its own type."""
    if isinstance(error, OSError):
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            return StoreError(f"cannot {doing}: the disk or folder is read-only for this user")
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return StoreError(f"cannot {doing}: the disk is full; free some space and try again")
        return StoreError(f"cannot {doing}: {error.strerror or error}")
    text = str(error)
    if "not a database" in text or "malformed" in text:
        return CorruptStoreError(f"cannot {doing}: the database file is corrupt ({text}); restore a backup")
    if "readonly" in text or "read-only" in text:
        return StoreError(f"cannot {doing}: the database is read-only for this user")
    if "disk is full" in text or "disk I/O error" in text:
        return StoreError(f"cannot {doing}: the disk is full or failing ({text})")
    if "locked" in text or "busy" in text:
        return StoreError(f"cannot {doing}: another process keeps the database busy; try again")
    if "unable to open" in text:
        return StoreError(f"cannot {doing}: the database file is missing or the folder cannot be read")
    return StoreError(f"cannot {doing}: {text}")
