"""Rolling Sharpe ratio of the account against the training Sharpe, judged by its standard error.

Idea: annualised Sharpe over `sharpe_window_bars` net returns (ddof 1). A fall is told when it passes both
`sharpe_decline_warning` and three standard errors, `sqrt((1 + S^2/2)/n)` per bar. The window is looked at every bar, so
three errors come by chance now and then: it warns from four and a half, and is critical when it is also below
`sharpe_critical` by three. Short windows on fast bars have errors of several Sharpe points: without standard errors
this alarm rings all day.

>>> round(sharpe_error(per_bar=0.05, count=250), 4)
0.0633

Paper: A. W. Lo, The statistics of Sharpe ratios, FAJ 2002, eq. 9.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any, Final

from engine.agent.detectors.base import AlertLevel, BarContext, Detector, Reading
from engine.agent.reference import ChampionReference
from engine.agent.wording import moment
from engine.kernel.config_models import ObserverConfig
from engine.sandbox.statistics.exact_window_moments import ExactWindowMoments

ERRORS_NEEDED: Final = 3.0
ALARM_ERRORS: Final = 4.5
LEAST_SHARE: Final = 0.4  # of the window, before anything is said


def sharpe_error(per_bar: float, count: int) -> float:
    """Standard error of a per-bar Sharpe ratio from `count` independent bars."""
    return math.sqrt((1.0 + 0.5 * per_bar * per_bar) / count)


class Sharpe(Detector):
    """Rolling Sharpe of net returns on bars with a position."""

    name = "sharpe"

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        super().__init__(reference, config)
        self._window: deque[tuple[int, float]] = deque(maxlen=self.config.sharpe_window_bars)
        self._moments = ExactWindowMoments(self.config.sharpe_window_bars)
        self._needed_count = LEAST_SHARE * self.config.sharpe_window_bars
        self._year = math.sqrt(self.reference.bars_per_year)

    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Add one net return."""
        seen = context.observation
        if math.isfinite(seen.net_return) and (seen.position_lots != 0 or seen.net_return != 0.0):
            self._window.append((seen.ts, seen.net_return))
            self._moments.add(seen.net_return)
        count = len(self._window)
        expected = self.reference.training_sharpe_per_bar
        if count < self._needed_count:
            return (Reading(self.name, "account", 0.0, 1.0, False, "INFO", seen.ts),)
        variance = self._moments.variance
        per_bar = self._moments.mean / math.sqrt(variance) if variance > 0.0 else 0.0
        error = sharpe_error(per_bar, count)
        year = self._year
        needed = max(self.config.sharpe_decline_warning / year, ERRORS_NEEDED * error)
        decline = expected - per_bar
        level: AlertLevel = "INFO"
        if decline > ALARM_ERRORS * error:
            critical = per_bar < self.config.sharpe_critical / year - ERRORS_NEEDED * error
            level = "CRITICAL" if critical else "WARNING"
        return (
            Reading(
                self.name,
                "account",
                decline * year,
                needed * year,
                decline > needed and self.reference.has_edge,
                level,
                self._window[0][0],
                False,
                (("sharpe", per_bar * year), ("expected", expected * year)),
            ),
        )

    def describe(self, reading: Reading) -> str:
        """The Sharpe ratio now and what was promised."""
        facts = dict(reading.information)
        return (
            f"Sharpe since {moment(reading.since_ts)} is {facts['sharpe']:.1f} a year, training "
            f"{facts['expected']:.1f}; the fall of {reading.value:.1f} passes the limit {reading.threshold:.1f} "
            "(three standard errors at least)."
        )

    def state(self) -> dict[str, Any]:
        """The window."""
        return {"window": [list(item) for item in self._window]}

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._window = deque(((int(ts), float(item)) for ts, item in state["window"]), self._window.maxlen)
        self._moments = ExactWindowMoments(self.config.sharpe_window_bars, (item for _, item in self._window))
