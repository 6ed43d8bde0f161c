"""Many small nonlinear least-squares problems at once, by the Levenberg-Marquardt method, in plain numpy.

One call solves a batch: several starting points of one problem, several problems of one shape, or both. Steps solve
(J'J + lambda D) step = -J'r with D the largest diagonal of J'J seen so far (Moré 1978), and lambda follows the ratio of
actual to predicted reduction (Nielsen 1999). Each element has its own lambda and stops on its own, so that its path
does not depend on its neighbours. No randomness: equal input gives equal output.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.signals.options_math.black76 import FloatArray

IndexArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]

# (parameters [active, p], element [active]) -> residuals [active, rows], Jacobian [active, rows, p]. `element` says
# which elements of the batch are asked for, since those that have settled are left out.
ResidualModel = Callable[[FloatArray, IndexArray], tuple[FloatArray, FloatArray]]

_FIRST_DAMPING = 1e-2
_LEAST_DAMPING = 1e-12
_MOST_DAMPING = 1e10
_LEAST_SCALE = 1e-12
_ACCEPTED_RATIO = 1e-4


@dataclass(frozen=True, slots=True)
class LeastSquaresBatch:
    """`parameters` [batch, p]; `cost` [batch] is the sum of squared residuals, infinite where the model is not finite
    even at the start; `converged` False where the iterations ran out or the start was not finite."""

    parameters: FloatArray
    cost: FloatArray
    converged: BoolArray
    iterations: int


@np.errstate(all="ignore")
def levenberg_marquardt(
    model: ResidualModel,
    start: FloatArray,
    iterations: int = 60,
    cost_tolerance: float = 1e-10,
    step_tolerance: float = 1e-9,
) -> LeastSquaresBatch:
    """Minimise the sum of squared residuals of every element of `start` [batch, p].

    An element has converged when a step promises or brings less than `cost_tolerance` of its cost, or is shorter than
    `step_tolerance` of its parameters. The cost never rises; a point where the model is not finite is never accepted.
    """
    best = np.array(start, dtype=np.float64)
    batch, size = best.shape
    active: IndexArray = np.arange(batch)
    residual, jacobian = model(best, active)
    cost = _cost(residual)
    converged = np.zeros(batch, dtype=bool)
    active = active[np.isfinite(cost)]
    at = best[active]
    now = cost[active]
    gradient, curvature = _normal_equations(residual[active], jacobian[active])
    damping, growth = np.full(active.size, _FIRST_DAMPING), np.full(active.size, 2.0)
    scale: FloatArray = np.zeros((active.size, size))
    diagonal = np.arange(size)
    iteration = 0
    while active.size and iteration < iterations:
        iteration += 1
        scale = np.maximum(scale, curvature[:, diagonal, diagonal])
        weighted = damping[:, None] * np.maximum(scale, _LEAST_SCALE)
        damped = curvature.copy()
        damped[:, diagonal, diagonal] += weighted
        step = -np.linalg.solve(damped, gradient[..., None])[..., 0]
        trial = at + step
        residual, jacobian = model(trial, active)
        then = _cost(residual)
        promised = ((weighted * step - gradient) * step).sum(axis=1)
        gain = now - then
        ratio = gain / promised
        better = (ratio > _ACCEPTED_RATIO) & np.isfinite(then)
        short = np.abs(step).max(axis=1) <= step_tolerance * (step_tolerance + np.abs(at).max(axis=1))
        little = cost_tolerance * (now + cost_tolerance)
        settled = short | (promised <= little) | (better & (gain <= little))
        at = np.where(better[:, None], trial, at)
        now = np.where(better, then, now)
        new_gradient, new_curvature = _normal_equations(residual, jacobian)
        gradient = np.where(better[:, None], new_gradient, gradient)
        curvature = np.where(better[:, None, None], new_curvature, curvature)
        shrink = np.maximum(1.0 / 9.0, 1.0 - (2.0 * np.minimum(ratio, 1.0) - 1.0) ** 3)
        damping = np.where(better, np.maximum(damping * shrink, _LEAST_DAMPING), damping * growth)
        growth = np.where(better, 2.0, 2.0 * growth)
        settled |= damping > _MOST_DAMPING
        if settled.any():
            best[active[settled]], cost[active[settled]] = at[settled], now[settled]
            converged[active[settled]] = True
            keep = ~settled
            active, at, now, gradient, curvature = active[keep], at[keep], now[keep], gradient[keep], curvature[keep]
            damping, growth, scale = damping[keep], growth[keep], scale[keep]
    best[active], cost[active] = at, now
    return LeastSquaresBatch(best, cost, converged, iteration)


def _cost(residual: FloatArray) -> FloatArray:
    total = np.einsum("ij,ij->i", residual, residual)
    result: FloatArray = np.where(np.isfinite(total), total, np.inf)
    return result


def _normal_equations(residual: FloatArray, jacobian: FloatArray) -> tuple[FloatArray, FloatArray]:
    transposed = jacobian.transpose(0, 2, 1)
    return (transposed @ residual[..., None])[..., 0], transposed @ jacobian
