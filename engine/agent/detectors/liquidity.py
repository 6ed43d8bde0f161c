"""Has the market become expensive to trade? EWMA chart of log spread and log volume against training.

Idea: `E = (1 - a) E + a * 0.5 * (spread score - volume score)` with both scores in training standard deviations,
winsorised at 6, a = 0.3. Above `liquidity_limit_sd` the market is in drought: wide spread, little volume or both. Where
training saw no spread or volume that varies, that part is silent, and the limit is a third higher for the other.

>>> LiquiditySmoothing
0.3

Paper: S. W. Roberts, Control chart tests based on geometric moving averages, Technometrics 1959.
"""

from __future__ import annotations

import math
from typing import Any, Final

from engine.agent.detectors.base import BarContext, Detector, Reading
from engine.agent.reference import ChampionReference
from engine.agent.wording import moment
from engine.kernel.config_models import ObserverConfig

LiquiditySmoothing: Final = 0.3
LARGEST_SCORE: Final = 6.0
ALONE_FACTOR: Final = 1.35  # volume alone (no quoted spread) also falls at rolls and before holidays


class Liquidity(Detector):
    """Smoothed tightness of the market."""

    name = "liquidity"

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        super().__init__(reference, config)
        self._level = 0.0
        self._since = 0

    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Smooth one bar."""
        seen = context.observation
        scores = [
            item
            for item in (
                _score(seen.spread, self.reference.log_spread, 1.0),
                _score(seen.volume, self.reference.log_volume, -1.0),
            )
            if item is not None
        ]
        if scores:
            strain = sum(scores) / len(scores)
            self._level += LiquiditySmoothing * (strain - self._level)
        if self._level <= 1.0 or self._since == 0:
            self._since = seen.ts
        h = self.config.liquidity_limit_sd * (1.0 if len(scores) > 1 else ALONE_FACTOR)
        return (Reading(self.name, "market", self._level, h, self._level > h, "CRITICAL", self._since, True),)

    @property
    def level(self) -> float:
        """Smoothed strain now, in training standard deviations."""
        return self._level

    def describe(self, reading: Reading) -> str:
        """How strained trading is."""
        return (
            f"The market is thin since {moment(reading.since_ts)}: spread and volume are {reading.value:.1f} sd worse "
            f"than in training, limit {reading.threshold:.1f} sd."
        )

    def state(self) -> dict[str, Any]:
        """Smoothed level and its start."""
        return {"level": self._level, "since": self._since}

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._level, self._since = state["level"], state["since"]


def _score(value: float, moments: tuple[float, float], sign: float) -> float | None:
    mean, sd = moments
    if sd <= 1e-6 or not math.isfinite(value) or value <= 0.0:
        return None
    return max(-LARGEST_SCORE, min(LARGEST_SCORE, sign * (math.log(value) - mean) / max(sd, 0.05)))
