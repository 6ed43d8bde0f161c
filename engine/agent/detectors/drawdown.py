"""Drawdown of the account since this champion began, against what a healthy champion's own noise makes likely.

Idea: a champion with Sharpe S and volatility s per bar has a running maximum drawdown that exceeds D at any given bar
with probability about `exp(-2 S D / s)`; the limit is the D where that is `drawdown_chance`. A drawdown beyond it is
not bad luck.

>>> round(drawdown_limit(sharpe_per_bar=0.1, volatility=0.001, chance=1e-4), 4)
0.0461

Paper: Magdon-Ismail, Atiya, Pratap, Abu-Mostafa, On the maximum drawdown of a Brownian motion, J. Appl. Prob. 2004.
"""

from __future__ import annotations

import math
from typing import Any, Final

from engine.agent.detectors.base import BarContext, Detector, Reading
from engine.agent.reference import ChampionReference
from engine.agent.wording import moment
from engine.kernel.config_models import ObserverConfig

HALF_LIFE_BARS: Final = 250.0


def drawdown_limit(sharpe_per_bar: float, volatility: float, chance: float) -> float:
    """Drawdown (share of peak, log units) that a healthy account shows with probability `chance` at a given bar."""
    return -math.log(chance) * volatility / (2.0 * max(sharpe_per_bar, 1e-3))


class Drawdown(Detector):
    """Drawdown of cumulated net returns."""

    name = "drawdown"

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        super().__init__(reference, config)
        self._level = self._peak = 0.0
        self._variance = 0.0
        self._count = 0
        self._since = 0

    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Cumulate one net return."""
        seen = context.observation
        if math.isfinite(seen.net_return):
            self._level += seen.net_return
            if seen.position_lots != 0 or seen.net_return != 0.0:
                self._count += 1
                weight = max(1.0 / self._count, 1.0 - 0.5 ** (1.0 / HALF_LIFE_BARS))
                self._variance += weight * (seen.net_return**2 - self._variance)
        if self._level >= self._peak or self._since == 0:
            self._peak, self._since = self._level, seen.ts
        drawdown = 1.0 - math.exp(self._level - self._peak)
        sharpe = 0.5 * self.reference.training_sharpe_per_bar  # costs and shrinkage halve what training promised
        limit = drawdown_limit(sharpe, math.sqrt(self._variance), self.config.drawdown_chance)
        breached = self._count > 50 and drawdown > limit > 0.0
        return (Reading(self.name, "account", drawdown, limit, breached, "WARNING", self._since),)

    def describe(self, reading: Reading) -> str:
        """How deep and how unlikely."""
        return (
            f"The account is {100 * reading.value:.2f} % below its peak of {moment(reading.since_ts)}; a healthy "
            f"champion stays above {100 * reading.threshold:.2f} % (chance {self.config.drawdown_chance:g} at any bar)."
        )

    def state(self) -> dict[str, Any]:
        """Level, peak and volatility."""
        return {
            "level": self._level,
            "peak": self._peak,
            "variance": self._variance,
            "count": self._count,
            "since": self._since,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._level, self._peak, self._variance = state["level"], state["peak"], state["variance"]
        self._count, self._since = state["count"], state["since"]
