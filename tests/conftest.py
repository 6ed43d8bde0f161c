"""What every test stands on: the real data folder, its own environment, and no writing outside temporary folders."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
KEPT_VARIABLES = {"HYDRA_REAL_DATA", "HYDRA_SOAK"}
CACHES = ("__pycache__", ".pytest_cache", ".hypothesis", ".mypy_cache", ".ruff_cache")
_WRITING_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_TARGET_OF = {"open": 0, "os.mkdir": 0, "os.rename": 1, "os.link": 1, "os.symlink": 1, "sqlite3.connect": 0}
_writable: list[str] = ["/dev/", "/proc/"]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data: `HYDRA_REAL_DATA`, else ../shared/data beside the repository; skips without it."""
    folder = Path(os.environ.get("HYDRA_REAL_DATA") or REPOSITORY.parent / "shared" / "data")
    if not (folder / "futures").is_dir():
        pytest.skip("the real market data is absent: set HYDRA_REAL_DATA to the folder that holds it")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No setting of the machine reaches a test, and a forgotten --workspace lands in a temporary folder."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("HYDRA_") and name not in KEPT_VARIABLES:
                patch.delenv(name)
        patch.setenv("HYDRA_WORKSPACE", str(tmp_path_factory.getbasetemp() / "forgotten-workspace"))
        yield


def pytest_configure(config: pytest.Config) -> None:
    """From here on this process writes below temporary folders and tool caches only; others raise PermissionError."""
    _writable.append(os.path.realpath(tempfile.gettempdir()) + os.sep)
    base = config.getoption("basetemp", None)
    if base is not None:
        _writable.append(os.path.realpath(base) + os.sep)
    sys.addaudithook(_refuse_writes_elsewhere)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Remember what lies at the top of the repository."""
    session.stash[_BEFORE] = _top_level()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A subprocess that left something at the top of the repository fails the run."""
    del exitstatus
    left = sorted(_top_level() - session.stash[_BEFORE])
    if left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        sys.stderr.write(f"\nERROR: tests left files in the repository: {', '.join(left)}\n")


_BEFORE = pytest.StashKey[set[str]]()


def _top_level() -> set[str]:
    return {entry.name for entry in REPOSITORY.iterdir() if entry.name not in CACHES}


def _refuse_writes_elsewhere(event: str, arguments: tuple[Any, ...]) -> None:
    position = _TARGET_OF.get(event)
    if position is None or (event == "open" and not _is_writing(arguments)):
        return
    target = arguments[position]
    if isinstance(target, bytes):
        target = os.fsdecode(target)
    if not isinstance(target, (str, os.PathLike)) or os.fspath(target) in ("", ":memory:"):
        return
    path = os.path.realpath(os.fspath(target).removeprefix("file:").partition("?")[0])
    if any(path.startswith(folder) for folder in _writable) or any(part in CACHES for part in path.split(os.sep)):
        return
    if event == "sqlite3.connect" or (event == "os.mkdir" and os.path.isdir(path)):
        return
    raise PermissionError(f"a test may write below its tmp_path only, not to {path}")


def _is_writing(arguments: tuple[Any, ...]) -> bool:
    mode, flags = arguments[1], arguments[2]
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & _WRITING_FLAGS)
