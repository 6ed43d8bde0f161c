"""Small pictures of series and shares, in block characters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

BLOCKS: Final = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int, *, low: float | None = None, high: float | None = None) -> str:
    """The last `width` buckets of `values` as blocks. With `low` and `high` the scale is fixed (a series with a limit
    must be drawn against it); without them it spans the values. Missing values leave a gap."""
    if width <= 0 or not values:
        return ""
    if len(values) > width:
        edges = [round(place * len(values) / width) for place in range(width + 1)]
        values = [values[end - 1] for end in edges[1:]]
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return ""
    floor = min(known) if low is None else low
    span = (max(known) if high is None else high) - floor
    return "".join(_block(value, floor, span) for value in values)


def share_bar(share: float, width: int) -> str:
    """A bar filled to `share` (0..1); any share above 0 shows at least one block, only a full one shows all."""
    if width <= 0:
        return ""
    bounded = min(1.0, max(0.0, share))
    filled = round(bounded * width)
    if 0.0 < bounded < 1.0 and width > 1:
        filled = min(width - 1, max(1, filled))
    return "█" * filled + "░" * (width - filled)


def _block(value: float, floor: float, span: float) -> str:
    if not math.isfinite(value):
        return " "
    if span <= 0:
        return BLOCKS[3]
    place = int((value - floor) / span * len(BLOCKS))
    return BLOCKS[max(0, min(len(BLOCKS) - 1, place))]
