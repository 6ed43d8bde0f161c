"""Page-Hinkley test on the champion's score, in standardised units.

Idea: the test of `engine/sandbox/statistics/page_hinkley.py` on `z = forecast * residual`, both in standard deviations
and the product limited to +-6. Its threshold is in the unit of z: with the often copied defaults (.005, 50) the test
alarms about every 1,400 bars on pure noise, hence `page_hinkley_delta`, `page_hinkley_threshold`. It informs.

>>> PageHinkleyTest(delta=0.25, threshold=100.0).update(1.0)
False

Paper: E. S. Page, Biometrika 1954; Mouss et al., Test of Page-Hinkley, ASCC 2004.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any, Final

from engine.agent.detectors.base import BarContext, Detector, Reading
from engine.agent.reference import ChampionReference
from engine.agent.wording import moment
from engine.kernel.config_models import ObserverConfig
from engine.sandbox.statistics.page_hinkley import PageHinkleyTest

LARGEST_SCORE: Final = 6.0


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
        value, limit = self._test.gap_down, self._test.threshold
        if value <= 0.0 or self._since == 0:
            self._since = ts
        breached = self._test.alarmed and value > limit and self.reference.has_edge
        return (Reading(self.name, "champion", value, limit, breached, "INFO", self._since),)

    def describe(self, reading: Reading) -> str:
        """The gap and its limit."""
        return (
            f"The champion's score has fallen since {moment(reading.since_ts)}: Page-Hinkley gap "
            f"{reading.value:.0f} sd, limit {reading.threshold:.0f} sd."
        )

    def state(self) -> dict[str, Any]:
        """The test and the start of its gap."""
        return {"test": asdict(self._test), "since": self._since}

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._since = state["since"]
        self._test = PageHinkleyTest(**state["test"])
