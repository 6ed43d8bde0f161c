"""A bar to the left or to the right of an axis: the side says the sign, so colour is not needed."""

from __future__ import annotations

import math


def signed_bar(value: float | None, largest: float, width: int) -> str:
    """The bar in exactly `width` cells with the axis `│` in the middle: `▒` to the left for negative values, `█` to
    the right for positive ones, full at `largest`. Any value but 0 shows at least one cell; a missing one shows `?`."""
    if width <= 0:
        return ""
    left = (width - 1) // 2
    right = width - 1 - left
    if value is None or not math.isfinite(value):
        return ("?" + " " * right).rjust(width)
    side = left if value < 0 else right
    share = min(1.0, abs(value) / largest) if largest > 0.0 else 0.0
    filled = max(1, round(share * side)) if value and side else 0
    if value < 0:
        return " " * (left - filled) + "▒" * filled + "│" + " " * right
    return " " * left + "│" + "█" * filled + " " * (right - filled)
