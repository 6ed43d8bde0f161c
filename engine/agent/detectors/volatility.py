"""Has the market changed to a louder regime? A filter that knows that volatility also wanders by itself.

`engine.sandbox.statistics.volatility_filter` weighs a jump of volatility against its natural wandering, with the spread
of log volatility measured in training and the persistence `volatility_persistence`. Its evidence in nats above
`volatility_evidence_h` decides. A plain CUSUM of log size (`volatility_cusum_k`, `volatility_cusum_h`) informs.

>>> (math.log(0.05) - LOG_SIZE_MEAN) / LOG_SIZE_SD < -1.9   # the smallest size that is counted
True
"""

from __future__ import annotations

import math
from typing import Any, Final

from engine.agent.detectors.base import BarContext, Detector, Reading
from engine.agent.detectors.run_length import evidence_run_length
from engine.agent.reference import ChampionReference
from engine.agent.wording import moment, once_in
from engine.kernel.config_models import ObserverConfig
from engine.sandbox.statistics.volatility_filter import LARGEST_RETURN, VolatilityFilter

LOG_SIZE_MEAN: Final = -0.78  # mean and sd of log |t5 return| at unit variance
LOG_SIZE_SD: Final = 1.13


class Volatility(Detector):
    """Filtered evidence of a volatility jump."""

    name = "volatility"

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        super().__init__(reference, config)
        self.filter = VolatilityFilter(
            reference.training_volatility, reference.log_volatility_sd, config.volatility_persistence
        )
        self._cusum = 0.0
        self._cusum_since = 0
        self._since = 0

    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Filter one return."""
        ts = context.observation.ts
        if self._since == 0:
            self._since = self._cusum_since = ts
        value = context.observation.realised_return
        if math.isfinite(value):
            size = min(abs(value) / self.reference.training_volatility, LARGEST_RETURN)
            self.filter.add(value)
            step = (math.log(max(size, 0.05)) - LOG_SIZE_MEAN) / LOG_SIZE_SD
            self._cusum = max(0.0, self._cusum + step - self.config.volatility_cusum_k)
            if self._cusum == 0.0:
                self._cusum_since = ts
        evidence = self.filter.evidence()
        if evidence <= 1.0:
            self._since = ts
        h = self.config.volatility_evidence_h
        unprepared = self.reference.volatility_mode == "training"
        return (
            Reading(
                self.name,
                "market",
                max(0.0, evidence),
                h,
                evidence > h,
                "CRITICAL" if unprepared else "INFO",
                self._since,
                unprepared,
                (("multiple", self.filter.multiple() if evidence > h else 1.0),),
            ),
            Reading(
                self.name,
                "market/size",
                self._cusum,
                self.config.volatility_cusum_h,
                self._cusum > self.config.volatility_cusum_h,
                "INFO",
                self._cusum_since,
            ),
        )

    def describe(self, reading: Reading) -> str:
        """How loud the market is."""
        if reading.subject != "market":
            return (
                f"Price moves are larger than in training since {moment(reading.since_ts)}: size CUSUM "
                f"{reading.value:.1f}, limit {reading.threshold:.1f}."
            )
        return (
            f"Volatility jumped to about {dict(reading.information)['multiple']:.1f} times training since "
            f"{moment(reading.since_ts)}: evidence {reading.value:.1f} nats, limit {reading.threshold:.1f} nats "
            f"({once_in(self.false_alarm_bars())})."
        )

    def false_alarm_bars(self) -> float:
        """The Shiryaev-Roberts bound."""
        return evidence_run_length(self.config.volatility_evidence_h)

    def state(self) -> dict[str, Any]:
        """Filter weights."""
        return {
            **self.filter.state(),
            "cusum": self._cusum,
            "cusum_since": self._cusum_since,
            "since": self._since,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self.filter.restore(state)
        self._cusum, self._cusum_since, self._since = state["cusum"], state["cusum_since"], state["since"]
