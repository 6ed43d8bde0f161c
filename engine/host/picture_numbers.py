"""Numbers of pictures: six digits, and nothing where there is none."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

_DIGITS: Final = 6


def rounded(value: float | None, digits: int = _DIGITS) -> float | None:
    """The value with six (or fewer) significant digits; None for NaN, an infinity or None."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{digits}g}")


def rounded_all(values: Iterable[float]) -> tuple[float, ...]:
    """Finite values with six significant digits."""
    return tuple(float(f"{value:.{_DIGITS}g}") for value in values)
