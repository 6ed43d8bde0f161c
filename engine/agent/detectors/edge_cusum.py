"""Two-sided CUSUM on the champion's martingale scores: is the forecast still worth what it was?

Idea: `z = (prediction / its training sd) * (return - prediction) / volatility` has conditional mean 0 while the model
is right, whatever the autocorrelation of its inputs; a lost or flipped edge makes the mean negative. `C- = max(0, C-
- z - k)` alarms above `h` (`C+` likewise for an edge larger than claimed). Parameters `edge_cusum_k`, `edge_cusum_h`
are in standard deviations of the score; `false_alarm_bars()` gives the average run length of that pair. It informs; the
sharper `edge_evidence` decides.

>>> cusum = TabularCusum(k=0.25, h=21.0)
>>> for score in (0.1, -1.0, -1.2, -0.9):
...     cusum.add(score)
>>> cusum.high, round(cusum.low, 2)
(0.0, 2.35)

Paper: E. S. Page, Continuous inspection schemes, Biometrika 1954; Montgomery, Statistical Quality Control, ch. 9.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from engine.agent.detectors.base import BarContext, Detector, Reading
from engine.agent.reference import ChampionReference
from engine.agent.wording import moment, once_in
from engine.kernel.config_models import ObserverConfig
from engine.sandbox.statistics.cusum_run_length import one_sided_run_length
from engine.sandbox.statistics.tabular_cusum import TabularCusum

LARGEST_SCORE = 6.0


class EdgeCusum(Detector):
    """Tabular CUSUM of the score, both sides."""

    name = "edge_cusum"

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        super().__init__(reference, config)
        self._cusum = TabularCusum(self.config.edge_cusum_k, self.config.edge_cusum_h)
        self._low_since = self._high_since = 0

    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Score one bar; the sums go on after an alarm, so that it stays until the edge is back."""
        ts, cusum = context.observation.ts, self._cusum
        if self._low_since == 0:
            self._low_since = self._high_since = ts
        if math.isfinite(context.residual):
            cusum.add(max(-LARGEST_SCORE, min(LARGEST_SCORE, context.forecast * context.residual)))
            if cusum.low == 0.0:
                self._low_since = ts
            if cusum.high == 0.0:
                self._high_since = ts
        h, edge = cusum.h, self.reference.has_edge
        return (
            Reading(self.name, "champion", cusum.low, h, cusum.low > h and edge, "INFO", self._low_since),
            Reading(self.name, "upside", cusum.high, h, cusum.high > h and edge, "INFO", self._high_since),
        )

    def describe(self, reading: Reading) -> str:
        """The CUSUM's level and what it means."""
        worse = reading.subject == "champion"
        return (
            f"Forecasts have been {'worse' if worse else 'better'} than the champion claims since "
            f"{moment(reading.since_ts)}: score CUSUM {reading.value:.1f} sd, limit {reading.threshold:.1f} sd "
            f"({once_in(self.false_alarm_bars())})."
        )

    def false_alarm_bars(self) -> float:
        """Average run length of one side of the configured pair under independent normal scores."""
        return one_sided_run_length(self.config.edge_cusum_k, self.config.edge_cusum_h, 0.0)

    def state(self) -> dict[str, Any]:
        """Both sums and the times of their last zeros."""
        return {"cusum": asdict(self._cusum), "low_since": self._low_since, "high_since": self._high_since}

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._cusum = TabularCusum(**state["cusum"])
        self._low_since, self._high_since = state["low_since"], state["high_since"]
