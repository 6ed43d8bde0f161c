"""A small dense convex quadratic program with hard and elastic inequalities, by a primal-dual interior point method.

minimise 1/2 x'Qx + c'x + m't  subject to  E x = e,  G x + t >= h,  t >= 0. A row whose violation cost m is infinite is
hard (t = 0). With a large finite m the penalty is exact: t is 0 wherever the inequalities can be met, and otherwise the
total of m't is the least possible. So the program always has a solution as long as the hard part has one. Mehrotra's
predictor-corrector (1992), dense linear algebra, no randomness: equal input gives equal output.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.signals.options_math.black76 import FloatArray

_ITERATIONS = 80
_STEP_SHARE = 0.99
_HARD = 1e30


@dataclass(frozen=True, slots=True)
class QuadraticSolution:
    """`x` satisfies the equalities to rounding; `gap` is the mean complementarity left, relative to the objective's
    size; `converged` False means that the last iterate is not to be trusted."""

    x: FloatArray
    converged: bool
    iterations: int
    gap: float


@np.errstate(all="ignore")
def solve_quadratic_program(
    quadratic: FloatArray,
    linear: FloatArray,
    equality: FloatArray,
    equality_value: FloatArray,
    inequality: FloatArray,
    inequality_value: FloatArray,
    violation_cost: FloatArray,
    start: FloatArray,
    tolerance: float = 1e-9,
) -> QuadraticSolution:
    """Solve the program from `start`, which need not be feasible."""
    n = quadratic.shape[0]
    cost = np.minimum(violation_cost, _HARD)
    elastic = np.isfinite(violation_cost)
    x, multiplier = start.copy(), np.zeros(equality.shape[0])
    distance = inequality @ x - inequality_value
    slack = np.maximum(distance, 0.1)
    spill = np.where(elastic, np.maximum(-distance, 0.0) + 0.1, 0.0)
    dual = np.where(elastic, np.minimum(1.0, 0.5 * cost), 1.0)
    scale = 1.0 + float(np.abs(linear).max())
    pairs = slack.size + int(elastic.sum())
    kkt = np.zeros((n + multiplier.size, n + multiplier.size))
    kkt[:n, n:] = -equality.T
    kkt[n:, :n] = equality
    gap = np.inf
    for iteration in range(1, _ITERATIONS + 1):
        rest = cost - dual
        residual_dual = quadratic @ x + linear - equality.T @ multiplier - inequality.T @ dual
        residual_equality = equality @ x - equality_value
        residual_rows = inequality @ x + spill - slack - inequality_value
        product = float(slack @ dual + spill[elastic] @ rest[elastic]) / pairs
        gap = product / scale
        infeasible = max(float(np.abs(residual_equality).max()), float(np.abs(residual_rows).max()))
        if gap < tolerance and infeasible < tolerance and float(np.abs(residual_dual).max()) < 1e-6 * scale:
            return QuadraticSolution(_onto_equalities(x, equality, equality_value), True, iteration, gap)
        weight = 1.0 / (slack / dual + spill / rest)
        kkt[:n, :n] = quadratic + (inequality.T * weight) @ inequality
        step_x = step_multiplier = step_slack = step_spill = step_dual = np.zeros(0)
        length, aim, second_slack, second_spill = 0.0, 0.0, 0.0 * slack, 0.0 * spill
        for correct in (False, True):
            # Newton on s z = aim and t (m - z) = aim, condensed to x and the multipliers of the equalities.
            force_slack = slack * dual + second_slack - aim
            force_spill = np.where(elastic, spill * rest + second_spill - aim, 0.0)
            pull = weight * (residual_rows - force_spill / rest + force_slack / dual)
            right = np.concatenate([-residual_dual - inequality.T @ pull, -residual_equality])
            solution = _solve(kkt, right)
            if solution is None:
                return QuadraticSolution(x, False, iteration, float(gap))
            step_x, step_multiplier = solution[:n], solution[n:]
            step_dual = -pull - weight * (inequality @ step_x)
            step_slack = -(force_slack + slack * step_dual) / dual
            step_spill = np.where(elastic, (spill * step_dual - force_spill) / rest, 0.0)
            length = min(
                _longest(slack, step_slack),
                _longest(dual, step_dual),
                _longest(spill[elastic], step_spill[elastic]),
                _longest(rest[elastic], -step_dual[elastic]),
            )
            if not correct:
                ahead = float(
                    (slack + length * step_slack) @ (dual + length * step_dual)
                    + (spill + length * step_spill)[elastic] @ (rest - length * step_dual)[elastic]
                )
                aim = product * (max(ahead, 0.0) / pairs / product) ** 3
                second_slack, second_spill = step_slack * step_dual, -step_spill * step_dual
        length = min(1.0, _STEP_SHARE * length)
        if not np.isfinite(length):
            return QuadraticSolution(x, False, iteration, float(gap))
        x = x + length * step_x
        multiplier = multiplier + length * step_multiplier
        slack, spill = slack + length * step_slack, spill + length * step_spill
        dual = dual + length * step_dual
    return QuadraticSolution(x, False, _ITERATIONS, float(gap))


def _solve(kkt: FloatArray, right: FloatArray) -> FloatArray | None:
    try:
        solution = np.asarray(np.linalg.solve(kkt, right), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None
    return solution if bool(np.isfinite(solution).all()) else None


def _longest(value: FloatArray, step: FloatArray) -> float:
    """The longest step, at most 1 / share, that keeps all values non-negative."""
    falling = step < 0.0
    if not falling.any():
        return 1.0 / _STEP_SHARE
    return min(1.0 / _STEP_SHARE, float((-value[falling] / step[falling]).min()))


def _onto_equalities(x: FloatArray, equality: FloatArray, value: FloatArray) -> FloatArray:
    """The nearest point, in relative terms, that satisfies the equalities to rounding."""
    metric = equality * x * x
    correction: FloatArray = metric.T @ np.linalg.solve(metric @ equality.T, value - equality @ x)
    return x + correction
