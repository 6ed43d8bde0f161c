"""Canonical JSON and content hashes: equal content gives equal bytes on every machine."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces and shortest round-trip floats; NaN and infinities raise ValueError."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_hash(value: Any) -> str:
    """Hex SHA-256 of a value's canonical JSON."""
    return sha256_hex(canonical_json(value).encode())


def sha256_hex(data: bytes) -> str:
    """Hex SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def finite_or_none(number: float | None) -> float | None:
    """None for a missing, NaN or infinite number: JSON has no word for them, and missing stays missing."""
    return None if number is None or not math.isfinite(number) else float(number)
