"""Maximum a-posteriori fit of a logit by damped Newton steps: shared by the logistic model and Platt scaling."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError

_MAX_STEPS = 100
_MAX_HALVINGS = 40


def fit_logit(
    design: NDArray[np.float64],
    target: NDArray[np.float64],
    weight: NDArray[np.float64],
    *,
    penalty: float,
    prior: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Coefficients[d] that maximise weighted log likelihood minus penalty / 2 * |coefficients - prior|^2.

    `design[n, d]`, `target[n]` in [0, 1], `weight[n]` at least 0, `penalty` above 0 (which makes the maximum unique and
    finite). A Newton step is halved until the objective does not fall. Raises CalculationError without convergence.
    """

    def objective(coefficients: NDArray[np.float64]) -> float:
        logit = design @ coefficients
        likelihood = weight @ (target * logit - np.logaddexp(0.0, logit))
        return float(likelihood) - 0.5 * penalty * float(np.sum((coefficients - prior) ** 2))

    coefficients = prior.copy()
    reached = objective(coefficients)
    for _ in range(_MAX_STEPS):
        probability = 0.5 * (1.0 + np.tanh(0.5 * (design @ coefficients)))
        gradient = design.T @ (weight * (target - probability)) - penalty * (coefficients - prior)
        curvature = (design * (weight * probability * (1.0 - probability))[:, None]).T @ design
        move = np.linalg.solve(curvature + penalty * np.eye(design.shape[1]), gradient)
        if float(np.max(np.abs(move), initial=0.0)) < 1e-9 * (1.0 + float(np.max(np.abs(coefficients), initial=0.0))):
            return np.asarray(coefficients + move, dtype=np.float64)
        for _ in range(_MAX_HALVINGS):
            ahead = objective(coefficients + move)
            if ahead >= reached:
                break
            move = move / 2.0
        else:
            return coefficients
        coefficients, reached = coefficients + move, ahead
    raise CalculationError("a logistic fit did not converge; use a stronger prior (smaller ridge_prior_r2)")
