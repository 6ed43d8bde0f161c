"""The interior point method against scipy, and its exact penalty."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from engine.signals.options_math.quadratic_program import solve_quadratic_program


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((8, 8))
    quadratic, linear = root.T @ root + 0.1 * np.eye(8), rng.standard_normal(8)
    equality = np.ones((1, 8))
    rows, bound = np.eye(8), np.zeros(8)
    found = solve_quadratic_program(
        quadratic, linear, equality, np.ones(1), rows, bound, np.full(8, np.inf), np.full(8, 0.125), 1e-11
    )
    oracle = minimize(
        lambda x: 0.5 * x @ quadratic @ x + linear @ x, np.full(8, 0.125), jac=lambda x: quadratic @ x + linear,
        bounds=[(0, None)] * 8, constraints=[{"type": "eq", "fun": lambda x: x.sum() - 1.0}], method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    assert found.converged and found.x.min() >= -1e-9
    assert found.x.sum() == pytest.approx(1.0, abs=1e-12)
    assert 0.5 * found.x @ quadratic @ found.x + linear @ found.x == pytest.approx(oracle.fun, abs=1e-7)


def test_impossible_rows_are_violated_least() -> None:
    # x in [0, 1] with sum 1 over two variables; wanted: both at least 0.7 and 0.6: 0.3 too much in total.
    rows = np.vstack([np.eye(2), np.eye(2)])
    bound = np.array([0.7, 0.6, 0.0, 0.0])
    cost = np.array([1e4, 1e4, np.inf, np.inf])
    found = solve_quadratic_program(
        np.eye(2), np.zeros(2), np.ones((1, 2)), np.ones(1), rows, bound, cost, np.full(2, 0.5)
    )
    least = linprog([0, 0, 1, 1], A_ub=[[-1, 0, -1, 0], [0, -1, 0, -1]], b_ub=[-0.7, -0.6], A_eq=[[1, 1, 0, 0]],
                    b_eq=[1], bounds=(0, None)).fun  # fmt: skip
    assert found.converged
    assert np.maximum(bound[:2] - found.x, 0.0).sum() == pytest.approx(least, abs=1e-6)


def test_possible_rows_are_met() -> None:
    rows = np.vstack([np.eye(2), np.eye(2)])
    bound = np.array([0.7, 0.2, 0.0, 0.0])
    cost = np.array([1e4, 1e4, np.inf, np.inf])
    found = solve_quadratic_program(
        np.eye(2), np.zeros(2), np.ones((1, 2)), np.ones(1), rows, bound, cost, np.full(2, 0.5)
    )
    assert found.converged and found.x == pytest.approx([0.7, 0.3], abs=1e-6)
