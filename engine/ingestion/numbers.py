"""Numbers as vendors write them: blanks around, "." or nothing for missing, thousands separators."""

from __future__ import annotations

import math
from typing import Final

MISSING_WORDS: Final = frozenset({"", ".", "-", "nan", "null", "none", "n/a", "na"})


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


def on_tick(price: float, tick_size: float, tolerance: float = 1e-4) -> float:
    """`price` without float32 tails: the nearest tick if that is within `tolerance`, else the price unaltered."""
    if math.isnan(price):
        return price
    nearest = round(round(price / tick_size) * tick_size, 9)
    return nearest if abs(nearest - price) <= tolerance else price
