"""ADWIN2: a window over a stream that shrinks where its two halves no longer agree.

Idea. Keep the longest window of recent values that shows no change of mean. Values are summarised in an exponential
histogram (at most 5 buckets of each size 2^i); at every `clock`-th value each boundary between buckets splits the
window in W0, W1, and the old part is dropped while `|mean0 - mean1| > eps`, with `eps = sqrt(2 m v L) + 2/3 m L`, `m =
1/n0 + 1/n1` (both sizes less the least sub-window, plus one), v the variance and `L = ln(2 ln(n) / delta)`. At most
`delta` false alarms per check for independent values; on autocorrelated levels it alarms on nothing (on 72 % of streams
of 1,000 values at AR(1) .6), so whiten first.

>>> import random
>>> window, rng = AdaptiveWindow(delta=0.002, clock=1), random.Random(12345)
>>> stream = rng.choices([0, 1], k=1000) + rng.choices(range(4, 8), k=1000)
>>> next(index for index, value in enumerate(stream) if window.update(value))
1002

Source: Bifet and Gavalda, Learning from time-changing data with adaptive windowing, SDM 2007.
"""

from __future__ import annotations

import math
from typing import Any, Final

BUCKETS_PER_SIZE: Final = 5
LEAST_WINDOW: Final = 10
LEAST_PART: Final = 5


class AdaptiveWindow:
    """The algorithm. `update` returns True when the old part was dropped; `mean` and `width` describe what is left.

    `rows[i]` holds (total, scatter) of the buckets of 2^i values, oldest first; `scatter` is the sum of squared
    deviations from the window's mean.
    """

    __slots__ = ("clock", "delta", "rows", "scatter", "ticks", "total", "width")

    def __init__(self, delta: float = 0.002, clock: int = 32) -> None:
        self.delta = delta
        self.clock = clock
        self.ticks = 0
        self.width = 0
        self.total = 0.0
        self.scatter = 0.0
        self.rows: list[list[tuple[float, float]]] = [[]]

    @property
    def mean(self) -> float:
        """Mean of the window, 0 when empty."""
        return self.total / self.width if self.width else 0.0

    @property
    def variance(self) -> float:
        """Population variance of the window, 0 when empty."""
        return self.scatter / self.width if self.width else 0.0

    def update(self, value: float) -> bool:
        """Add one value; check at every `clock`-th one."""
        self.ticks += 1
        if self.width:
            self.scatter += (value - self.mean) ** 2 * self.width / (self.width + 1.0)
        self.width += 1
        self.total += value
        self.rows[0].append((float(value), 0.0))
        self._compress()
        if self.ticks % self.clock or self.width <= LEAST_WINDOW:
            return False
        changed = False
        while self._split_disagrees():
            self._drop_oldest()
            changed = True
        return changed

    def to_json(self) -> dict[str, Any]:
        """Everything but the two settings; floats round-trip exactly."""
        return {
            "ticks": self.ticks,
            "width": self.width,
            "total": self.total,
            "scatter": self.scatter,
            "rows": [[list(bucket) for bucket in row] for row in self.rows],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `to_json`."""
        self.ticks, self.width = int(state["ticks"]), int(state["width"])
        self.total, self.scatter = float(state["total"]), float(state["scatter"])
        self.rows = [[(float(total), float(scatter)) for total, scatter in row] for row in state["rows"]]

    def _compress(self) -> None:
        for level in range(len(self.rows)):
            row = self.rows[level]
            if len(row) <= BUCKETS_PER_SIZE:
                return
            (first, scatter_first), (second, scatter_second) = row[0], row[1]
            del row[:2]
            size = 2.0**level
            scatter = scatter_first + scatter_second + (first - second) ** 2 / (2.0 * size)
            if level + 1 == len(self.rows):
                self.rows.append([])
            self.rows[level + 1].append((first + second, scatter))

    def _split_disagrees(self) -> bool:
        if self.width <= LEAST_WINDOW:
            return False
        log_term = math.log(2.0 * math.log(self.width) / self.delta)
        spread_term, range_term = 2.0 * self.variance * log_term, 2.0 / 3.0 * log_term
        old_count, old_total = 0, 0.0
        for level in range(len(self.rows) - 1, -1, -1):
            size = 2**level
            for total, _ in self.rows[level]:
                old_count += size
                old_total += total
                new_count = self.width - old_count
                if new_count < LEAST_PART:
                    return False
                if old_count < LEAST_PART:
                    continue
                harmonic = 1.0 / (old_count - LEAST_PART + 1.0) + 1.0 / (new_count - LEAST_PART + 1.0)
                epsilon = math.sqrt(spread_term * harmonic) + range_term * harmonic
                if abs(old_total / old_count - (self.total - old_total) / new_count) > epsilon:
                    return True
        return False

    def _drop_oldest(self) -> None:
        level = len(self.rows) - 1
        total, scatter = self.rows[level].pop(0)
        size = 2**level
        self.width -= size
        self.total -= total
        if self.width:
            gap = total / size - self.total / self.width
            self.scatter = max(0.0, self.scatter - scatter - size * self.width / (size + self.width) * gap * gap)
        else:
            self.scatter = 0.0
        while len(self.rows) > 1 and not self.rows[-1]:
            self.rows.pop()
