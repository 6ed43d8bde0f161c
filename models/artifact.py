"""The bytes of a model: a digest line, a JSON header line, a payload. No pickle; nothing in it is ever executed."""

from __future__ import annotations

import json
from typing import Any, Final

from engine.kernel.canonical import canonical_json, sha256_hex
from engine.kernel.errors import CorruptStoreError

MAGIC: Final = b"HYDRA-MODEL 1 "
_DIGEST_BYTES: Final = 64


def pack(header: dict[str, Any], payload: bytes) -> bytes:
    """Magic, SHA-256 of all that follows, canonical JSON header, payload."""
    body = canonical_json(header).encode() + b"\n" + payload
    return MAGIC + sha256_hex(body).encode() + b"\n" + body


def unpack(data: bytes, *, expected_kind: str | None = None) -> tuple[dict[str, Any], bytes]:
    """Header and payload of `pack`; raises CorruptStoreError on any changed, missing or added byte."""
    start = len(MAGIC) + _DIGEST_BYTES
    body = data[start + 1 :]
    if not data.startswith(MAGIC) or data[start : start + 1] != b"\n":
        raise CorruptStoreError("these bytes are not a HYDRA model artifact")
    if sha256_hex(body).encode() != data[len(MAGIC) : start]:
        raise CorruptStoreError("the model artifact does not match its content hash; restore it from a backup")
    head, separator, payload = body.partition(b"\n")
    try:
        header = json.loads(head)
    except ValueError as error:
        raise CorruptStoreError("the model artifact has no readable header") from error
    if not separator or not isinstance(header, dict) or not {"kind", "features", "rows", "state"} <= header.keys():
        raise CorruptStoreError("the model artifact's header is incomplete")
    if expected_kind is not None and header["kind"] != expected_kind:
        raise CorruptStoreError(f"the model artifact holds a {header['kind']} model, not {expected_kind}")
    return header, payload
