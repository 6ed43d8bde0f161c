"""ADWIN2 on the champion's squared residuals: has the size of its errors changed?

Idea: an adaptive window (`engine/sandbox/statistics/adwin.py`) over `min(e^2, 9)` of the standardised residual drops
its old part where the two parts disagree; at most `adwin_delta` false alarms per check, one check every 32 bars. It
informs; on autocorrelated levels it would alarm on nothing.

>>> AdaptiveWindow(delta=0.002).clock
32

Paper: Bifet and Gavalda, Learning from time-changing data with adaptive windowing, SDM 2007.
"""

from __future__ import annotations

import math
from typing import Any

from engine.agent.detectors.base import BarContext, Detector, Reading
from engine.agent.reference import ChampionReference
from engine.agent.wording import moment
from engine.kernel.config_models import ObserverConfig
from engine.sandbox.statistics.adwin import AdaptiveWindow


class Adwin(Detector):
    """Adaptive window on the champion's squared residuals."""

    name = "adwin"

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        super().__init__(reference, config)
        self._window = AdaptiveWindow(self.config.adwin_delta)
        self._changed_ts = 0
        self._bars_left = 0
        self._before = 1.0

    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Add one squared residual; a change stays visible for one clock."""
        seen = context.observation
        if math.isfinite(context.residual):
            before = self._window.mean
            if self._window.update(min(context.residual**2, 9.0)):
                self._changed_ts, self._bars_left, self._before = seen.ts, self._window.clock, before
            elif self._bars_left:
                self._bars_left -= 1
        mean = self._window.mean
        return (
            Reading(
                self.name,
                "champion",
                abs(mean - self._before) if self._bars_left else 0.0,
                0.0,
                self._bars_left > 0,
                "INFO",
                self._changed_ts or seen.ts,
                False,
                (("mean", mean), ("before", self._before)),
            ),
        )

    def describe(self, reading: Reading) -> str:
        """Error before and after."""
        facts = dict(reading.information)
        return (
            f"The champion's squared forecast error changed at {moment(reading.since_ts)}: {facts['mean']:.2f} of its "
            f"variance now, {facts['before']:.2f} before (ADWIN, delta {self.config.adwin_delta:g})."
        )

    def state(self) -> dict[str, Any]:
        """The histogram and the last change."""
        return {
            **self._window.to_json(),
            "changed_ts": self._changed_ts,
            "bars_left": self._bars_left,
            "before": self._before,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._window.restore(state)
        self._changed_ts, self._bars_left, self._before = state["changed_ts"], state["bars_left"], state["before"]
