"""How alike two proposals are: cosine of a fixed embedding of their configuration change.

Each leaf of the change is one unit vector: text and lists by their hash, numbers by an angle that turns by a quarter
for a change of one `SCALE` (so that a window that moved by 60 bars is another experiment, and one that moved by 5 is
not). The kind of mutation is a leaf as well. Nothing is learned, so the same two proposals are equally alike for
ever.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.kernel.canonical import canonical_json

BARS_APART: Final = 60.0


def embedding(mutation_type: str, parameters: Mapping[str, Any], bar_us: float) -> dict[str, float]:
    """Sparse vector of a proposal. Times are measured in bars of `bar_us` microseconds, other numbers by their log."""
    vector: dict[str, float] = {f"type={mutation_type}": 1.0}
    for path, value in _leaves("", parameters):
        if isinstance(value, bool) or not isinstance(value, int | float):
            vector[f"{path}={hashlib.sha256(canonical_json(value).encode()).hexdigest()[:12]}"] = 1.0
            continue
        if path.endswith("_ts"):
            position = float(value) / (bar_us * BARS_APART)
        else:
            position = math.copysign(math.log1p(abs(float(value))), float(value)) * 2.0
        # two frequencies: near positions are alike, far ones do not come round to being alike again
        for name, frequency in (("near", 0.5 * math.pi), ("far", 0.5 * math.pi / 7.3)):
            vector[f"{path}/{name}/cos"] = math.sqrt(0.5) * math.cos(frequency * position)
            vector[f"{path}/{name}/sin"] = math.sqrt(0.5) * math.sin(frequency * position)
    return vector


def cosine(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """Cosine similarity of two sparse vectors; 0 for an empty one."""
    product = sum(value * second.get(key, 0.0) for key, value in first.items())
    size = math.sqrt(sum(v * v for v in first.values()) * sum(v * v for v in second.values()))
    return product / size if size > 0.0 else 0.0


def _leaves(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key in sorted(value):
            yield from _leaves(f"{prefix}.{key}" if prefix else str(key), value[key])
    else:
        yield prefix, value
