"""Files that arrive in a folder: which of them are whole and new.

A file is taken when two looks in a row find the same size and time of change, so that one that is still being written
waits. Names that begin with a dot or end like a download in progress are left alone. Files stay where they are: what
was taken is remembered by size and time, and a changed file is taken again (ingestion adds only what is new in it).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_IN_PROGRESS: Final = (".tmp", ".part", ".partial", ".crdownload", ".download")


@dataclass(frozen=True, slots=True)
class SeenFile:
    """One file as a look at the folder finds it: size in bytes, time of change in nanoseconds."""

    path: Path
    size: int
    changed_ns: int


@dataclass(slots=True)
class FolderWatch:
    """Remembers the last look and what was taken."""

    _last: dict[Path, SeenFile] = field(default_factory=dict)
    _taken: dict[Path, SeenFile] = field(default_factory=dict)

    def ready(self, look: Iterable[SeenFile]) -> list[Path]:
        """The files of this look that are whole and not taken yet, in order of name; they count as taken from now."""
        current = {seen.path: seen for seen in look if not _in_progress(seen.path)}
        whole = [
            seen for path, seen in sorted(current.items()) if self._last.get(path) == seen != self._taken.get(path)
        ]
        self._last = current
        self._taken.update({seen.path: seen for seen in whole})
        return [seen.path for seen in whole]


def look_at(folder: Path) -> list[SeenFile]:
    """Every visible file below `folder`; what vanishes during the look is left out."""
    found = []
    for path in folder.rglob("*"):
        try:
            status = path.stat()
            if path.is_file():
                found.append(SeenFile(path, status.st_size, status.st_mtime_ns))
        except FileNotFoundError:
            continue
    return [seen for seen in found if not any(part.startswith(".") for part in seen.path.relative_to(folder).parts)]


def _in_progress(path: Path) -> bool:
    return path.name.lower().endswith(_IN_PROGRESS)
