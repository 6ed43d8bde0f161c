"""Page-Hinkley test: has the mean of a stream left its own running mean?

Idea. The mean is updated with the value first; `sum = fading * sum + (x - mean - delta)` is compared with its minimum
(and `fading * sum + (x - mean + delta)` with its maximum); a gap above `threshold` after `least_values` values alarms,
and the test starts anew at the value after the alarm. The threshold is in the unit of x, so x must be standardised:
with the often copied defaults (.005, 50) the test alarms about every 1,400 bars on pure noise.

>>> import random
>>> test, rng = PageHinkleyTest(delta=0.005, threshold=50.0), random.Random(12345)
>>> stream = rng.choices([0, 1], k=1000) + rng.choices(range(4, 8), k=1000)
>>> next(index for index, value in enumerate(stream) if test.update(value))
1006

Source: E. S. Page, Biometrika 1954; Mouss et al., Test of Page-Hinkley, ASCC 2004.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FADING: Final = 0.9999


@dataclass(slots=True)
class PageHinkleyTest:
    """The two-sided test, one value at a time. Plain numbers only: `dataclasses.asdict` is its JSON.

    `delta` is the change that is tolerated and `threshold` the gap that alarms, both in the unit of the values.
    """

    delta: float
    threshold: float
    least_values: int = 30
    fading: float = FADING
    count: int = 0
    mean: float = 0.0
    sum_up: float = 0.0
    sum_down: float = 0.0
    least_up: float = 0.0
    most_down: float = 0.0
    alarmed: bool = False

    def clear(self) -> None:
        """Start anew."""
        self.count = 0
        self.mean = self.sum_up = self.sum_down = self.least_up = self.most_down = 0.0
        self.alarmed = False

    @property
    def gap_up(self) -> float:
        """Evidence of a risen mean."""
        return self.sum_up - self.least_up

    @property
    def gap_down(self) -> float:
        """Evidence of a fallen mean."""
        return self.most_down - self.sum_down

    def update(self, value: float) -> bool:
        """Add one value; True at an alarm."""
        if self.alarmed:
            self.clear()
        self.count += 1
        self.mean += (value - self.mean) / self.count
        up = self.sum_up = self.fading * self.sum_up + value - self.mean - self.delta
        down = self.sum_down = self.fading * self.sum_down + value - self.mean + self.delta
        if up < self.least_up:
            self.least_up = up
        if down > self.most_down:
            self.most_down = down
        gap = max(up - self.least_up, self.most_down - down)
        self.alarmed = gap > self.threshold and self.count >= self.least_values
        return self.alarmed
