"""What changes between two mappings, line by line: `+` new, `-` gone, `~` changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from widgets.lines import Line, line, sanitise


def flatten(value: Any, prefix: str = "") -> dict[str, str]:
    """Nested mappings as dotted keys with their values as text; lists of plain values stay one text."""
    if isinstance(value, Mapping):
        flat: dict[str, str] = {}
        for key, child in value.items():
            flat.update(flatten(child, f"{prefix}.{key}" if prefix else str(key)))
        return flat
    if isinstance(value, (list, tuple)) and any(isinstance(item, (Mapping, list, tuple)) for item in value):
        flat = {}
        for place, child in enumerate(value):
            flat.update(flatten(child, f"{prefix}[{place}]"))
        return flat
    return {prefix: _text(value)}


def diff_lines(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Line]:
    """Every difference of `after` against `before`, sorted by key; one line that says so where there is none."""
    old, new = flatten(before), flatten(after)
    lines: list[Line] = []
    for key in sorted(old.keys() | new.keys()):
        if key not in old:
            lines.append(line(("+ ", "good"), f"{sanitise(key)}  {new[key]}"))
        elif key not in new:
            lines.append(line(("- ", "warn"), f"{sanitise(key)}  {old[key]}"))
        elif old[key] != new[key]:
            lines.append(line(("~ ", "strong"), f"{sanitise(key)}  {old[key]} → {new[key]}"))
    return lines or [line(("= no difference", "dim"))]


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(item) for item in value)
    return sanitise(value)
