"""Files to damage: the beginnings of real ones, at a size at which thousands of damages are quick."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from engine.ingestion.input_file import read_input
from engine.ingestion.sources import recognise_input
from engine.kernel.errors import InputError

_HEAD_LINES = 60
_MOST_BYTES = 400_000
_MEMBERS = 3


def real_seeds(folder: Path) -> Iterator[tuple[str, str, bytes]]:
    """(source, file name, content) of the smallest real file of every source and of every other shape of it."""
    shapes: dict[tuple[str, str], tuple[int, Path]] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        try:
            file = read_input(path)
            source = recognise_input(file).name
        except InputError:
            continue
        shape = path.parent.name + "".join(path.suffixes[-2:])
        size = path.stat().st_size
        held = shapes.get((source, shape))
        if held is None or size < held[0]:
            shapes[source, shape] = (size, path)
    for (source, _), (_, path) in sorted(shapes.items()):
        yield source, path.name, shortened(path)


def shortened(path: Path) -> bytes:
    """The beginning of a file, unpacked where it was gzipped or in zstd: its first lines or tables, or all of it."""
    raw = path.read_bytes()
    if raw.startswith(b"\x28\xb5\x2f\xfd"):
        return read_input(path).content[:_MOST_BYTES]
    if raw.startswith(b"\x1f\x8b"):
        raw = gzip.decompress(raw)
    if raw.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = archive.namelist()
            if any(name.startswith("[Content_Types]") for name in names):
                return raw
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as small:
                for name in names[:_MEMBERS]:
                    small.writestr(name, _head(archive.read(name)))
        return buffer.getvalue()
    is_text = b"\x00" not in raw[:4_096] and raw.lstrip()[:1] not in (b"{", b"[", b"<")
    return _head(raw) if is_text or len(raw) > _MOST_BYTES else raw


def _head(content: bytes) -> bytes:
    return b"\n".join(content.split(b"\n")[:_HEAD_LINES]) + b"\n"
