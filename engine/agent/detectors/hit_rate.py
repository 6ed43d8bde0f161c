"""Share of forecasts with the right sign over a rolling window, against training.

Idea: under an intact edge hits are Bernoulli with the training hit rate p; the shortfall is judged in standard errors
`sqrt(p (1 - p) / n)`. Four of them are told: the window is looked at every bar, and four keeps that rare.

>>> round(hit_shortfall(hits=110, count=250, expected=0.6), 2)
5.16

Source: Wald test of a binomial share.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any, Final

from engine.agent.detectors.base import BarContext, Detector, Reading
from engine.agent.reference import ChampionReference
from engine.agent.wording import moment
from engine.kernel.config_models import ObserverConfig

ERRORS_NEEDED: Final = 4.0


def hit_shortfall(hits: int, count: int, expected: float) -> float:
    """Standard errors by which the hit rate is below `expected`."""
    return (expected - hits / count) / math.sqrt(expected * (1.0 - expected) / count)


class HitRate(Detector):
    """Rolling hit rate."""

    name = "hit_rate"

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        super().__init__(reference, config)
        self._window: deque[tuple[int, int]] = deque(maxlen=self.config.calibration_window_bars)
        self._hits = 0

    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Count one forecast."""
        seen = context.observation
        if seen.scored and seen.expected_return != 0.0 and seen.realised_return != 0.0:
            if len(self._window) == self._window.maxlen:
                self._hits -= self._window[0][1]
            hit = int((seen.expected_return > 0.0) == (seen.realised_return > 0.0))
            self._window.append((seen.ts, hit))
            self._hits += hit
        count = len(self._window)
        expected = min(max(self.reference.training_hit_rate, 0.5), 0.95)
        if count < 50:
            return (Reading(self.name, "champion", 0.0, ERRORS_NEEDED, False, "INFO", seen.ts),)
        value = hit_shortfall(self._hits, count, expected)
        return (
            Reading(
                self.name,
                "champion",
                value,
                ERRORS_NEEDED,
                value > ERRORS_NEEDED and self.reference.has_edge,
                "INFO",
                self._window[0][0],
                False,
                (("hit_rate", self._hits / count), ("expected", expected)),
            ),
        )

    def describe(self, reading: Reading) -> str:
        """The hit rate now and in training."""
        facts = dict(reading.information)
        return (
            f"Only {100 * facts['hit_rate']:.0f} % of forecasts had the right sign since {moment(reading.since_ts)}, "
            f"training {100 * facts['expected']:.0f} %: {reading.value:.1f} standard errors short, limit "
            f"{reading.threshold:.0f}."
        )

    def state(self) -> dict[str, Any]:
        """The window of hits."""
        return {"window": [list(item) for item in self._window]}

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._window = deque(((int(ts), int(hit)) for ts, hit in state["window"]), self._window.maxlen)
        self._hits = sum(hit for _, hit in self._window)
