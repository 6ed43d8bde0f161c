"""Numbers as vendors write them: blanks around, "." or nothing for missing, thousands separators, "9.87K"."""

from __future__ import annotations

import math
from typing import Final

MISSING_WORDS: Final = frozenset({"", ".", "-", "nan", "null", "none", "n/a", "na"})
_SCALES: Final = {"K": 1e3, "M": 1e6, "B": 1e9}


def number_or_nan(text: str) -> float:
    """The number in `text`, NaN where the vendor says missing; ValueError for anything else."""
    stripped = text.strip()
    try:
        value = float(stripped)
    except ValueError:
        if stripped.lower() in MISSING_WORDS:
            return math.nan
        value = float(stripped.replace(",", ""))
    if math.isinf(value):
        raise ValueError(f"'{text}' is not finite")
    return value


def quantity_or_nan(text: str) -> float:
    """A count that may end in K, M or B ("9.87K" is 9870); NaN and ValueError as for `number_or_nan`."""
    stripped = text.strip()
    scale = _SCALES.get(stripped[-1:].upper())
    if scale is None:
        return number_or_nan(stripped)
    count = round(number_or_nan(stripped[:-1]) * scale, 6)
    if math.isinf(count):
        raise ValueError(f"'{text}' is not finite")
    return count


def on_tick(price: float, tick_size: float, tolerance: float = 1e-4) -> float:
    """`price` without float32 tails: the nearest tick if that is within `tolerance`, else the price unaltered."""
    ticks = price / tick_size
    if not math.isfinite(ticks):
        return price
    nearest = round(round(ticks) * tick_size, 9)
    return nearest if abs(nearest - price) <= tolerance else price
