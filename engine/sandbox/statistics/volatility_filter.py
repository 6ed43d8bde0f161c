"""Volatility of the next bar, filtered: it wanders by itself, and now and then it jumps.

Idea: log volatility is an AR(1) around a known level on a grid of 31 points; returns are Student t given the level.
Beside this normal filter run copies in which volatility was multiplied by 2, 2.5, 3.2 or 4.5 at some unknown past bar;
their likelihoods relative to the normal filter's add up as a Shiryaev-Roberts sum. Only *filtered* probabilities are
used, never smoothed ones.

>>> calm = VolatilityFilter(level=1.0, log_sd=0.2, persistence=0.98)
>>> for _ in range(30):
...     calm.add(4.0)
>>> calm.evidence() > 10.0, round(calm.volatility(500.0), 1) > 2.0
(True, True)

Papers: Hamilton, A new approach to the economic analysis of nonstationary time series, Econometrica 1989 (filter);
Pollak, Optimal detection of a change in distribution, Ann. Stat. 1985 (sums).
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
GRID_POINTS: Final = 31
MULTIPLES: Final = (2.0, 2.5, 3.2, 4.5)
TAIL: Final = 6.5  # of whole returns: forecastable part included, tails are a little lighter than the noise's
LARGEST_RETURN: Final = 20.0  # in levels; the t density keeps wild bars in bounds, this keeps numbers sane
SUM_CEILING: Final = 1e7  # surer than this of a jump is no use, and would be slow to forget


class VolatilityFilter:
    """`level` is the usual volatility per bar, `log_sd` the spread of log volatility around it and `persistence` its
    AR(1) coefficient per bar."""

    def __init__(self, level: float, log_sd: float, persistence: float) -> None:
        self.level = level
        grid, self._transition, stationary = _grid(log_sd, persistence)
        self._normal = stationary
        self._jumped, self._jumped_sum = np.zeros((len(MULTIPLES), GRID_POINTS)), 0.0
        self._told: tuple[float, float] | None = None  # the last answer of `volatility`, valid until the next return
        self._levels = grid[None, :] + np.log((1.0, *MULTIPLES))[:, None]
        variances = np.exp(self._levels) ** 2
        self._variance, self._jumped_variance = variances[0], variances[1:]
        self._inverse_square = 1.0 / ((TAIL - 2.0) * variances)

    def add(self, realised_return: float) -> None:
        """Filter one return (any sign, finite)."""
        self._told = None
        size = min(abs(realised_return) / self.level, LARGEST_RETURN)
        likelihood = self._likelihood(size)
        prior = self._normal.dot(self._transition)
        joint = prior * likelihood[0]
        total = float(np.add.reduce(joint))
        self._normal = joint / total
        jumped = self._jumped.dot(self._transition)
        jumped += prior
        jumped *= likelihood[1:]
        jumped /= total
        self._jumped = np.minimum(jumped, SUM_CEILING, out=jumped)
        self._jumped_sum = float(np.add.reduce(jumped, axis=None))

    def _likelihood(self, size: float) -> FloatArray:
        """The t density of each level, (1 + s^2 q)^(-(TAIL + 1) / 2) / scale."""
        density = size * size * self._inverse_square
        np.log1p(density, out=density)
        density *= -0.5 * (TAIL + 1.0)
        density -= self._levels
        return np.exp(density, out=density)

    def evidence(self) -> float:
        """Log of the mean Shiryaev-Roberts sum over the multiples: nats for a jump at some past bar."""
        return math.log(max(self._jumped_sum / len(MULTIPLES), 1e-300))

    def multiple(self) -> float:
        """Present volatility over the level, given that it jumped."""
        weights = self._jumped + 1e-300
        return float(math.exp(float((weights * self._levels[1:]).sum() / weights.sum())))

    def volatility(self, hazard_bars: float) -> float:
        """Volatility of the next bar: root of the mean variance, with one jump per `hazard_bars` bars expected, so that
        it follows a jump before it is certain."""
        if self._told is not None and self._told[0] == hazard_bars:
            return self._told[1]
        share = 1.0 / (len(MULTIPLES) * hazard_bars)
        mass = float(np.add.reduce(self._normal)) + share * self._jumped_sum
        spread = float(np.add.reduce(self._jumped * self._jumped_variance, axis=None))
        mean = float(self._normal.dot(self._variance)) + share * spread
        told = self.level * math.sqrt(mean / mass)
        self._told = (hazard_bars, told)
        return told

    def continue_from(self, former: VolatilityFilter) -> None:
        """Take over what another filter of the same usual level knows of the present."""
        if former.level == self.level and np.array_equal(former._levels, self._levels):
            self._normal, self._jumped, self._told = former._normal, former._jumped, None
            self._jumped_sum = former._jumped_sum

    def forget_jumps(self) -> None:
        """Begin the search for a jump anew; what is known of the present level stays."""
        self._jumped, self._jumped_sum = np.zeros_like(self._jumped), 0.0
        self._told = None

    def state(self) -> dict[str, Any]:
        """Weights as plain JSON."""
        return {"normal": self._normal.tolist(), "jumped": self._jumped.tolist()}

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._normal = np.array(state["normal"], dtype=np.float64)
        self._jumped = np.array(state["jumped"], dtype=np.float64)
        self._jumped_sum = float(np.add.reduce(self._jumped, axis=None))
        self._told = None


def filtered_volatilities(
    returns: FloatArray, *, level: float, log_sd: float, persistence: float, hazard_bars: float
) -> FloatArray:
    """Volatility known *before* each return, shape [n]."""
    running = VolatilityFilter(level, log_sd, persistence)
    found = np.empty(len(returns))
    for place, value in enumerate(returns.tolist()):
        found[place] = running.volatility(hazard_bars)
        running.add(value)
    return found


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
