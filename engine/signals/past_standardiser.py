"""Standardisation against the past only: how unusual is a value among those before it."""

from __future__ import annotations

import math

import numpy as np


class PastStandardiser:
    """`update(value)` -> (value - mean) / sd of the values before it, in a window; the value then joins the history.

    NaN until `least` earlier values were seen, or where they do not vary; missing values neither score nor count. The
    answer is clipped to +-`limit`. Changing the sign of the whole series changes the sign of every answer. `deviation`
    is the sd that the last score was measured with, NaN before the first.
    """

    def __init__(self, window: int, least: int = 30, limit: float = 10.0) -> None:
        self._values = np.empty(window)
        self._seen = 0
        self._least = min(least, window)
        self._limit = limit
        self.deviation = math.nan

    def update(self, value: float) -> float:
        """Score one value and remember it."""
        if not math.isfinite(value):
            return math.nan
        answer = math.nan
        if self._seen >= self._least:
            past = self._values[: min(self._seen, self._values.size)]
            deviation = float(past.std())
            if deviation > 1e-12 * (1.0 + abs(float(past.mean()))):
                answer = max(-self._limit, min(self._limit, (value - float(past.mean())) / deviation))
                self.deviation = deviation
        self._values[self._seen % self._values.size] = value
        self._seen += 1
        return answer
