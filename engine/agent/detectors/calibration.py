"""Does the return spread the champion states hold? Share of returns inside its stated 80 % band.

Idea: with stated mean m and sd s, a calibrated champion sees a share c of returns within `m +- 1.2816 s`; c is 0.80 for
normal and about 0.84 for heavy-tailed noise, so the band is two-sided around 0.82 and judged in standard errors (four),
after a tolerance of 0.04. Too few inside = risk is understated, which is what sizing must know.

>>> round(coverage_error(inside=150, count=250), 2)
7.41

Paper: Gneiting, Balabdaoui, Raftery, Probabilistic forecasts, calibration and sharpness, JRSS B 2007.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any, Final

from engine.agent.detectors.base import BarContext, Detector, Reading
from engine.agent.reference import ChampionReference
from engine.agent.wording import moment
from engine.kernel.config_models import ObserverConfig

BAND: Final = 1.2816
EXPECTED: Final = 0.82
TOLERANCE: Final = 0.04
ERRORS_NEEDED: Final = 4.0


def coverage_error(inside: int, count: int) -> float:
    """Standard errors by which coverage misses `EXPECTED +- TOLERANCE`; at least 0."""
    miss = max(0.0, abs(inside / count - EXPECTED) - TOLERANCE)
    return miss / math.sqrt(EXPECTED * (1.0 - EXPECTED) / count)


class Calibration(Detector):
    """Rolling coverage of the stated band."""

    name = "calibration"

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        super().__init__(reference, config)
        self._window: deque[tuple[int, int]] = deque(maxlen=self.config.calibration_window_bars)
        self._inside = 0

    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Check one return against its band."""
        seen = context.observation
        if seen.scored and seen.return_sd > 0.0:
            if len(self._window) == self._window.maxlen:
                self._inside -= self._window[0][1]
            inside = int(abs(seen.realised_return - seen.expected_return) <= BAND * seen.return_sd)
            self._window.append((seen.ts, inside))
            self._inside += inside
        count = len(self._window)
        if count < 60:
            return (Reading(self.name, "champion", 0.0, ERRORS_NEEDED, False, "INFO", seen.ts),)
        value = coverage_error(self._inside, count)
        return (
            Reading(
                self.name,
                "champion",
                value,
                ERRORS_NEEDED,
                value > ERRORS_NEEDED,
                "INFO",
                self._window[0][0],
                False,
                (("coverage", self._inside / count),),
            ),
        )

    def describe(self, reading: Reading) -> str:
        """Coverage now and as stated."""
        return (
            f"{100 * dict(reading.information)['coverage']:.0f} % of returns fell inside the champion's "
            f"stated 80 % band since {moment(reading.since_ts)}: {reading.value:.1f} standard errors "
            f"off, limit {reading.threshold:.0f}."
        )

    def state(self) -> dict[str, Any]:
        """The window of flags."""
        return {"window": [list(item) for item in self._window]}

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._window = deque(((int(ts), int(flag)) for ts, flag in state["window"]), self._window.maxlen)
        self._inside = sum(flag for _, flag in self._window)
