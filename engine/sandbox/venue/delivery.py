"""Files for the inbox: whole or absent, named so that they sort in the order of delivery."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.kernel.errors import StoreError


@dataclass(frozen=True, slots=True)
class VenueFile:
    """One file to deliver: name inside the inbox and content."""

    name: str
    text: str


def delivery_name(step: int, rank: int, kind: str) -> str:
    """`00001234-2-chain.csv`: the step counts deliveries (0 is the history, live bar k is k + 1), the rank orders the
    files of one step so that the traded bar comes last."""
    suffix = "txt" if kind == "cot" else "csv"
    return f"{step:08d}-{rank}-{kind}.{suffix}"


def deliver(inbox: Path, files: list[VenueFile]) -> list[str]:
    """Write every file under a hidden temporary name and rename it; the names in order of delivery.

    A name that is already there is replaced by the same bytes. Raises StoreError where the inbox cannot be written.
    """
    try:
        inbox.mkdir(parents=True, exist_ok=True)
        for file in files:
            temporary = inbox / f".{file.name}.part"
            temporary.write_bytes(file.text.encode("utf-8"))
            os.replace(temporary, inbox / file.name)
    except OSError as error:
        raise StoreError(f"the venue cannot write into {inbox}: {error.strerror}") from error
    return [file.name for file in files]
