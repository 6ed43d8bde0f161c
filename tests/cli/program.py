"""Calls the program as an operator does: a process of its own, its answer, its exit code."""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pyarrow.csv import write_csv

from engine.kernel.canonical import sha256_hex
from storage.stores import Stores

TIMES = {"ts", "fetched_ts", "committed_ts", "created_ts", "updated_ts", "recorded_ts", "id"}
TABLES = ("catalogue", "batches", "quarantine", "feature_segments")


def hydra(
    workspace: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    largest_file: int | None = None,
    timeout: float = 240.0,
) -> subprocess.CompletedProcess[str]:
    """Run one verb. `largest_file` limits every file the process writes, in bytes: a disk that fills up."""
    limit: Callable[[], None] | None = None
    if largest_file is not None:
        size = largest_file

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return subprocess.run(
        [sys.executable, "-m", "hydra_tui.main", "--workspace", str(workspace), *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env={**os.environ, **(environment or {})},
        cwd=next(folder for folder in workspace.parents if folder.is_dir()),
        preexec_fn=limit,
    )


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    """The JSON document of a call that went well."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check_one_sentence(done: subprocess.CompletedProcess[str], exit_code: int, *words: str) -> None:
    """One clear sentence on standard error that holds the words, no trace, and the exit code."""
    assert done.returncode == exit_code, (done.returncode, done.stderr)
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("hydra: ") and "Traceback" not in done.stdout + done.stderr
    assert all(word in lines[0] for word in words), lines[0]


def files_of(root: Path) -> dict[str, str]:
    """Hash of every file of data in a workspace; the database and its journals apart."""
    folders = ("raw", "features", "artifacts", "snapshots")
    paths = [path for folder in folders for path in (root / folder).rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): sha256_hex(path.read_bytes()) for path in sorted(paths)}


def contents(root: Path, market: str) -> dict[str, Any]:
    """Catalogue, quarantine, feature rows and data files, without the columns that hold the time of storing."""
    with Stores.open(root, read_only=True) as stores:
        found: dict[str, Any] = {
            table: sorted(
                ({key: value for key, value in dict(row).items() if key not in TIMES}
                 for row in stores.db.query(f"SELECT * FROM {table}")),
                key=lambda row: sorted((key, str(value)) for key, value in row.items()),
            )
            for table in TABLES
        }  # fmt: skip
        # As text, since a missing value is NaN, which equals nothing.
        text = io.BytesIO()
        write_csv(stores.features.rows(market).drop_columns(["recorded_ts"]), text)
        found["features"] = sha256_hex(b"\n".join(sorted(text.getvalue().splitlines())))
        assert stores.events.verify().ok
    found["files"] = sorted(files_of(root))
    return found
