"""The canonical list of decisions: one JSON line each, hashed, so that any change of behaviour shows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from engine.core.decisions import Decision
from engine.core.trading_types import Fill
from engine.kernel.canonical import canonical_json


def decision_line(ts: int, decision: Decision) -> str:
    """Canonical JSON of one decision taken at `ts` (known time of its bar)."""
    return canonical_json({"ts": ts, "kind": type(decision).__name__, **_plain(decision)})


def fill_line(ts: int, fill: Fill) -> str:
    """Canonical JSON of one fill seen at `ts`."""
    return canonical_json({"seen_ts": ts, "kind": "Fill", **_plain(fill)})


def _plain(value: Any) -> dict[str, Any]:
    """Like `dataclasses.asdict` without its deep copies, which cost half of a replay that trades often."""
    plain = {}
    for name in value.__dataclass_fields__:
        item = getattr(value, name)
        plain[name] = _plain(item) if hasattr(item, "__dataclass_fields__") else item
    return plain


class DecisionLog:
    """Collects fills and decisions bar by bar; `hash` covers all lines so far."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.lines: list[tuple[int, str]] = []

    def record(self, ts: int, fills: tuple[Fill, ...], decisions: tuple[Decision, ...]) -> None:
        """Add what happened at one bar, fills first."""
        for line in (
            *(fill_line(ts, fill) for fill in fills),
            *(decision_line(ts, decision) for decision in decisions),
        ):
            self._digest.update(line.encode())
            self._digest.update(b"\n")
            self.lines.append((ts, line))

    @property
    def hash(self) -> str:
        """Hex SHA-256 of all lines, each followed by a line feed."""
        return self._digest.hexdigest()

    def until(self, ts: int) -> Iterator[str]:
        """Lines of bars known at or before `ts`."""
        return (line for line_ts, line in self.lines if line_ts <= ts)
