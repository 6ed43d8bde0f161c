"""Page-Hinkley test on the champion's score, in standardised units.

Idea: the mean is updated with the value first; `sum = alpha * sum + (x - mean - delta)` is compared with its minimum
(and likewise downwards); a gap above `threshold` after `least_values` values alarms, and the test starts anew at the
value after the alarm. The threshold is in the unit of x, so x must be standardised: with the often copied defaults
(.005, 50) the test alarms about every 1,400 bars on pure noise. Parameters `page_hinkley_delta`,
`page_hinkley_threshold`.

>>> test = PageHinkleyTest(delta=0.005, threshold=50.0)
>>> import random
>>> rng = random.Random(12345)
>>> stream = rng.choices([0, 1], k=1000) + rng.choices(range(4, 8), k=1000)
>>> next(index for index, value in enumerate(stream) if test.update(value))
1006

Paper: E. S. Page, Biometrika 1954; Mouss et al., Test of Page-Hinkley, ASCC 2004.
"""

from __future__ import annotations

import math
from typing import Any, Final

from engine.agent.detectors.base import BarContext, Detector, Reading
from engine.agent.reference import ChampionReference
from engine.agent.wording import moment
from engine.kernel.config_models import ObserverConfig

FADING: Final = 0.9999
LARGEST_SCORE: Final = 6.0


class PageHinkleyTest:
    """The two-sided test. `update` returns True at an alarm; `gap_down` and `gap_up` are the statistics."""

    def __init__(self, delta: float, threshold: float, least_values: int = 30) -> None:
        self.delta = delta
        self.threshold = threshold
        self.least_values = least_values
        self.clear()

    def clear(self) -> None:
        """Start anew."""
        self.count = 0
        self.mean = 0.0
        self.sum_up = self.sum_down = 0.0
        self.least_up = self.most_down = 0.0
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
        """Add one value."""
        if self.alarmed:
            self.clear()
        self.count += 1
        self.mean += (value - self.mean) / self.count
        self.sum_up = FADING * self.sum_up + value - self.mean - self.delta
        self.sum_down = FADING * self.sum_down + value - self.mean + self.delta
        self.least_up = min(self.least_up, self.sum_up)
        self.most_down = max(self.most_down, self.sum_down)
        self.alarmed = self.count >= self.least_values and max(self.gap_up, self.gap_down) > self.threshold
        return self.alarmed


class PageHinkley(Detector):
    """Page-Hinkley on the martingale score; informs only."""

    name = "page_hinkley"

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        super().__init__(reference, config)
        self._test = PageHinkleyTest(self.config.page_hinkley_delta, self.config.page_hinkley_threshold)
        self._since = 0

    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Add one score."""
        ts = context.observation.ts
        if math.isfinite(context.residual):
            score = max(-LARGEST_SCORE, min(LARGEST_SCORE, context.forecast * context.residual))
            self._test.update(score)
        if self._test.gap_down <= 0.0 or self._since == 0:
            self._since = ts
        value, limit = max(0.0, self._test.gap_down), self._test.threshold
        breached = self._test.alarmed and value > limit and self.reference.has_edge
        return (Reading(self.name, "champion", value, limit, breached, "INFO", self._since),)

    def describe(self, reading: Reading) -> str:
        """The gap and its limit."""
        return (
            f"The champion's score has fallen since {moment(reading.since_ts)}: Page-Hinkley gap "
            f"{reading.value:.0f} sd, limit {reading.threshold:.0f} sd."
        )

    def state(self) -> dict[str, Any]:
        """Sums of the test."""
        return {**vars(self._test), "since": self._since}

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._since = state["since"]
        for name in vars(self._test):
            setattr(self._test, name, state[name])
