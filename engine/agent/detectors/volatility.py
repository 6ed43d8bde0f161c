"""Has the market changed to a louder regime? A filter that knows that volatility also wanders by itself.

Idea: log volatility is an AR(1) with the persistence `volatility_persistence` and the spread measured in training, on a
grid of 31 levels; returns are Student t given the level. Beside this normal filter run copies in which volatility was
multiplied by 2, 2.5 or 3.2 at some unknown past bar; their likelihoods relative to the normal filter's add up as a
Shiryaev-Roberts sum. Its log above `volatility_evidence_h` decides: only *filtered* probabilities, never smoothed ones.
A plain CUSUM of log size (`volatility_cusum_k`, `volatility_cusum_h`) warns.

>>> GRID_POINTS, MULTIPLES
(31, (2.0, 2.5, 3.2))

Papers: Hamilton, A new approach to the economic analysis of nonstationary time series, Econometrica 1989 (filter);
Shiryaev-Roberts as in Pollak, Ann. Stat. 1985.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from engine.agent.detectors.base import BarContext, Detector, FloatArray, Reading
from engine.agent.detectors.run_length import evidence_run_length
from engine.agent.reference import ChampionReference
from engine.agent.wording import moment, once_in
from engine.kernel.config_models import ObserverConfig

GRID_POINTS: Final = 31
MULTIPLES: Final = (2.0, 2.5, 3.2)
TAIL: Final = 6.5  # of whole returns: forecastable part included, tails are a little lighter than the noise's
LARGEST_RETURN: Final = 8.0  # in training volatilities
LOG_SIZE_MEAN: Final = -0.78  # mean and sd of log |t5 return| at unit variance
LOG_SIZE_SD: Final = 1.13
SUM_CEILING: Final = 1e200


class Volatility(Detector):
    """Filtered evidence of a volatility jump."""

    name = "volatility"

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        super().__init__(reference, config)
        sd = self.reference.log_volatility_sd
        self._grid, self._transition, stationary = _grid(sd, self.config.volatility_persistence)
        self._normal = stationary
        self._jumped = np.zeros((len(MULTIPLES), GRID_POINTS))
        scales = np.exp(self._grid[None, :] + np.log((1.0, *MULTIPLES))[:, None])
        self._inverse_square = 1.0 / ((TAIL - 2.0) * scales**2)
        self._log_scale = np.log(scales)
        self._cusum = 0.0
        self._cusum_since = 0
        self._since = 0
        self._level = 0.0

    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Filter one return."""
        ts = context.observation.ts
        if self._since == 0:
            self._since = self._cusum_since = ts
        value = context.observation.realised_return
        if math.isfinite(value):
            size = min(abs(value) / self.reference.training_volatility, LARGEST_RETURN)
            self._filter(size)
            step = (math.log(max(size, 0.05)) - LOG_SIZE_MEAN) / LOG_SIZE_SD
            self._cusum = max(0.0, self._cusum + step - self.config.volatility_cusum_k)
            if self._cusum == 0.0:
                self._cusum_since = ts
        evidence = math.log(max(float(self._jumped.sum()) / len(MULTIPLES), 1e-300))
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
                (("multiple", self._multiple()),),
            ),
            Reading(
                self.name,
                "market/size",
                self._cusum,
                self.config.volatility_cusum_h,
                self._cusum > self.config.volatility_cusum_h,
                "WARNING",
                self._cusum_since,
            ),
        )

    def _filter(self, size: float) -> None:
        likelihood = np.exp(-0.5 * (TAIL + 1.0) * np.log1p(size * size * self._inverse_square) - self._log_scale)
        prior = self._normal @ self._transition
        jumped = self._jumped @ self._transition + prior
        joint = prior * likelihood[0]
        total = float(joint.sum())
        self._normal = joint / total
        self._jumped = np.minimum(jumped * likelihood[1:] / total, SUM_CEILING)

    def _multiple(self) -> float:
        weights = self._jumped + 1e-300
        levels = self._grid[None, :] + np.log(MULTIPLES)[:, None]
        return float(math.exp(float((weights * levels).sum() / weights.sum())))

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
            "normal": self._normal.tolist(),
            "jumped": self._jumped.tolist(),
            "cusum": self._cusum,
            "cusum_since": self._cusum_since,
            "since": self._since,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._normal = np.array(state["normal"], dtype=np.float64)
        self._jumped = np.array(state["jumped"], dtype=np.float64)
        self._cusum, self._cusum_since, self._since = state["cusum"], state["cusum_since"], state["since"]


def _grid(sd: float, persistence: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Levels of log volatility over training, transition matrix and stationary weights."""
    grid = np.linspace(-3.0 * sd, 3.0 * sd, GRID_POINTS)
    step_sd = sd * math.sqrt(1.0 - persistence**2)
    spacing = grid[1] - grid[0]
    width = max(step_sd, 0.6 * float(spacing))
    transition = np.exp(-0.5 * ((grid[None, :] - persistence * grid[:, None]) / width) ** 2)
    transition /= transition.sum(axis=1, keepdims=True)
    stationary = np.exp(-0.5 * (grid / sd) ** 2)
    return grid, transition, stationary / stationary.sum()
