"""Which coefficients of a linear champion changed: a small Bayesian regression on its own contributions.

`y_t = sum_i m_i c_i x_{t-1,i} + noise` with prior m_i ~ N(1, 1): m stays 1 where the window knows nothing, goes to 0
where an input went dead and to -1 where its sign flipped. For other models the caller attributes to the whole champion.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.agent.observation import BarObservation


def input_multipliers(
    window: Sequence[BarObservation],
    coefficients: Sequence[float],
    feature_mean: Sequence[float],
    feature_sd: Sequence[float],
    residual_sd: float,
) -> tuple[float, ...]:
    """Posterior means of the multipliers; a bar counts where its return and the former bar's inputs are all known."""
    values = np.array([item.values for item in window], dtype=np.float64)
    returns = np.array([item.realised_return for item in window], dtype=np.float64)
    scored = np.array([item.scored for item in window])
    contributions = (values - np.asarray(feature_mean)) / np.asarray(feature_sd) * np.asarray(coefficients)
    x, y = contributions[:-1], returns[1:]
    known = scored[1:] & np.isfinite(x).all(axis=1) & np.isfinite(y)
    x, y = x[known] / residual_sd, y[known] / residual_sd
    width = len(coefficients)
    posterior = np.linalg.solve(x.T @ x + np.eye(width), x.T @ y + np.ones(width))
    return tuple(float(item) for item in posterior)
