"""Identifiers. Those of decisions are derived from content, so that a replay names things the same way."""

from __future__ import annotations

import uuid

from engine.kernel.canonical import content_hash


def derived_id(prefix: str, *parts: object, length: int = 8) -> str:
    """`prefix-` and a short hash of the parts: same parts, same name, in live and in replay."""
    return f"{prefix}-{content_hash([str(part) for part in parts])[:length]}"


def fresh_id(prefix: str) -> str:
    """A random identifier for things born outside the engine (commands of an operator); never used in decisions."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"
