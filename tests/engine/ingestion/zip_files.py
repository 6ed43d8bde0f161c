"""Zips as vendors pack tables."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping


def zipped(tables: Mapping[str, bytes | str]) -> bytes:
    """A zip of these tables by their names, in order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in tables.items():
            archive.writestr(name, content)
    return buffer.getvalue()
