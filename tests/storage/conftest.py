"""Fixtures of the storage tests: a workspace in a temporary folder and its open database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.kernel.workspace_paths import WorkspacePaths
from storage.database import Database


@pytest.fixture
def paths(tmp_path: Path) -> WorkspacePaths:
    workspace = WorkspacePaths(tmp_path / "workspace")
    workspace.create()
    return workspace


@pytest.fixture
def db(paths: WorkspacePaths) -> Iterator[Database]:
    database = Database(paths.database)
    yield database
    database.close()
