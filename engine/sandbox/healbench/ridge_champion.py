"""The champion of the benchmark: Bayes ridge on standardised features, and Kelly sizing.

With y / sigma = w.z + noise, prior w_i ~ N(0, rho^2 / D) and noise of about unit variance, the posterior mean is ridge
with penalty D / rho^2: w = (Z'Z + D / rho^2 I)^-1 Z'y. Features are standardised by the bars that train the model;
returns have mean 0, so there is no intercept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.kernel.errors import CalculationError
from engine.sandbox.healbench.heal_world import CORRELATION, FloatArray, HealWorld

POSITION_CAP: Final = 1.5
OVERFIT_BARS: Final = 200


@dataclass(frozen=True, slots=True, eq=False)
class RidgeChampion:
    """Forecast of a bar's return: `weights . (x - mean) / scale`; arrays [D]. `return_sd` is the standard deviation of
    the returns it was trained on (its sigma)."""

    mean: FloatArray
    scale: FloatArray
    weights: FloatArray
    return_sd: float

    def standardised(self, x: FloatArray) -> FloatArray:
        """Features on the model's scale, shape of x."""
        z: FloatArray = (x - self.mean) / self.scale
        return z

    def forecast(self, x: FloatArray) -> FloatArray:
        """Forecast of the return for feature rows x[..., D]."""
        expected: FloatArray = self.standardised(x) @ self.weights
        return expected


def ridge_weights(z: FloatArray, y: FloatArray, penalty: float) -> FloatArray:
    """(Z'Z + penalty I)^-1 Z'y for z[n, D], y[n]; penalty 0 is least squares and needs n > D.

    >>> ridge_weights(np.array([[1.0], [-1.0]]), np.array([2.0, -2.0]), 2.0).tolist()
    [1.0]
    """
    gram: FloatArray = z.T @ z + penalty * np.eye(z.shape[1])
    return np.asarray(np.linalg.solve(gram, z.T @ y), dtype=np.float64)


def fit_ridge(x: FloatArray, y: FloatArray, penalty: float) -> RidgeChampion:
    """Fit on bars x[n, D], y[n]. CalculationError where a feature does not vary."""
    mean, scale = x.mean(axis=0), x.std(axis=0)
    if not (scale > 1e-9 * np.maximum(1.0, np.abs(mean))).all():
        raise CalculationError("a champion needs features that vary on its training bars")
    return RidgeChampion(mean, scale, ridge_weights((x - mean) / scale, y, penalty), float(y.std()))


def bayes_penalty(features: int) -> float:
    """D / rho^2."""
    return features / CORRELATION**2


def bayes_champion(x: FloatArray, y: FloatArray) -> RidgeChampion:
    """Bayes ridge on the training bars x[n, D], y[n] of any market; bars with a missing feature are left out.
    CalculationError where fewer than two bars a feature remain."""
    whole = np.isfinite(x).all(axis=1)
    if int(whole.sum()) < 2 * x.shape[1]:
        raise CalculationError(
            f"{int(whole.sum())} training bars without a missing value cannot teach {x.shape[1]} weights"
        )
    return fit_ridge(x[whole], y[whole], bayes_penalty(x.shape[1]))


def train_champion(world: HealWorld) -> RidgeChampion:
    """The champion that every agent begins with: Bayes ridge on the training bars or, in the overfit family, least
    squares on the last 200 of them."""
    x, y = world.x[: world.train_bars], world.y[: world.train_bars]
    if world.family == "overfit":
        return fit_ridge(x[-OVERFIT_BARS:], y[-OVERFIT_BARS:], 0.0)
    return bayes_champion(x, y)


def kelly_position(forecast: FloatArray, sigma: FloatArray | float) -> FloatArray:
    """forecast / sigma^2 held to +-1.5."""
    position: FloatArray = np.clip(forecast / np.square(sigma), -POSITION_CAP, POSITION_CAP)
    return position
