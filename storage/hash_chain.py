"""Hash chains: each row's hash covers its content and the hash before it, so that a changed row breaks the chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from engine.kernel.canonical import canonical_json, sha256_hex

GENESIS_HASH: Final = "0" * 64

HeadFileState = Literal["absent", "match", "older", "behind", "different", "unreadable"]


@dataclass(frozen=True, slots=True)
class ChainReport:
    """Outcome of a verification. `first_broken_seq` names the first row that does not follow from the one before;
    `head_file` says how the chain stands to the head kept outside the database ("older" is fine: rows came after it;
    "behind" and "different" mean that the database file was replaced)."""

    ok: bool
    rows: int
    head_seq: int
    head_hash: str
    first_broken_seq: int | None = None
    problem: str = ""
    head_file: HeadFileState = "absent"


def chained_hash(prev_hash: str, fields: Sequence[object]) -> str:
    """Hash of a row: SHA-256 over the canonical JSON of the previous hash and the row's fields."""
    return sha256_hex(canonical_json([prev_hash, *fields]).encode())
