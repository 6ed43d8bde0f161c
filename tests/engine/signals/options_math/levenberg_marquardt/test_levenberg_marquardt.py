"""The batched least squares against scipy's, and the independence of the elements of a batch."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from engine.signals.options_math.levenberg_marquardt import levenberg_marquardt

TIME = np.linspace(0.0, 3.0, 20)


def rosenbrock(x: np.ndarray, element: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    residual = np.stack([10.0 * (x[:, 1] - x[:, 0] ** 2), 1.0 - x[:, 0]], axis=1)
    jacobian = np.zeros((x.shape[0], 2, 2))
    jacobian[:, 0, 0], jacobian[:, 0, 1], jacobian[:, 1, 0] = -20.0 * x[:, 0], 10.0, -1.0
    return residual, jacobian


class Decay:
    """Two exponentials through noisy points; element i of the batch has its own points."""

    def __init__(self, points: np.ndarray) -> None:
        self.points = points

    def __call__(self, x: np.ndarray, element: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        first, second = np.exp(-x[:, 1:2] * TIME), np.exp(-x[:, 3:4] * TIME)
        residual = x[:, :1] * first + x[:, 2:3] * second - self.points[element]
        columns = [first, -x[:, :1] * TIME * first, second, -x[:, 2:3] * TIME * second]
        return residual, np.stack(columns, axis=-1)


def decays(count: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    return 2.0 * np.exp(-0.4 * TIME) + np.exp(-3.0 * TIME) + 0.02 * rng.standard_normal((count, TIME.size))


def test_finds_the_minimum_of_a_curved_valley() -> None:
    start = np.array([[-1.2, 1.0], [3.0, -2.0], [0.0, 0.0]])
    found = levenberg_marquardt(rosenbrock, start, iterations=200)
    assert found.converged.all()
    np.testing.assert_allclose(found.parameters, 1.0, rtol=1e-6)


def test_agrees_with_scipy_on_noisy_data() -> None:
    points = decays(6)
    model = Decay(points)
    start = np.tile([1.5, 0.3, 1.5, 2.0], (6, 1))
    found = levenberg_marquardt(model, start, iterations=200)
    assert found.converged.all()
    for row in range(6):
        one = np.array([row])
        oracle = least_squares(
            lambda x, one=one: model(x[None, :], one)[0][0], start[row],
            jac=lambda x, one=one: model(x[None, :], one)[1][0], method="lm", xtol=1e-14, ftol=1e-14,
        )  # fmt: skip
        assert found.cost[row] == pytest.approx(2.0 * oracle.cost, rel=1e-9)
        np.testing.assert_allclose(found.parameters[row], oracle.x, rtol=1e-3)


def test_agrees_with_scipy_on_a_hinge() -> None:
    """A kink as the quoted intervals have it: free inside [-1, 1] of each target, and a pull to the middle."""
    target = np.array([0.0, 0.5, 3.0])

    def model(x: np.ndarray, element: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        off = x - target
        outside = off - np.clip(off, -1.0, 1.0)
        residual = np.concatenate([off, 5.0 * outside], axis=1)
        slope = np.concatenate([np.ones_like(off), 5.0 * (outside != 0.0)], axis=1)
        return residual, slope[..., None]

    found = levenberg_marquardt(model, np.array([[-4.0], [9.0]]))
    oracle = least_squares(lambda x: model(x[None, :], np.zeros(1, dtype=int))[0][0], [0.0], xtol=1e-14, ftol=1e-14)
    np.testing.assert_allclose(found.parameters[:, 0], oracle.x[0], atol=1e-6)


def test_an_element_does_not_depend_on_its_neighbours() -> None:
    points = decays(5)
    start = np.tile([1.5, 0.3, 1.5, 2.0], (5, 1))
    together = levenberg_marquardt(Decay(points), start)
    for row in range(5):
        alone = levenberg_marquardt(Decay(points[row : row + 1]), start[row : row + 1])
        assert alone.parameters[0].tobytes() == together.parameters[row].tobytes()


def test_never_worse_than_the_start_and_never_outside_the_finite() -> None:
    def model(x: np.ndarray, element: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.log(x), (1.0 / x)[..., None]

    start = np.array([[5.0], [0.01], [-1.0]])
    found = levenberg_marquardt(model, start)
    np.testing.assert_allclose(found.parameters[:2, 0], 1.0, rtol=1e-6)
    assert not found.converged[2] and np.isinf(found.cost[2]) and found.parameters[2, 0] == -1.0


def test_a_parameter_without_influence_stays_where_it_is() -> None:
    def model(x: np.ndarray, element: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        jacobian = np.zeros((x.shape[0], 1, 2))
        jacobian[:, 0, 0] = 2.0 * x[:, 0]
        return x[:, :1] ** 2 - 4.0, jacobian

    found = levenberg_marquardt(model, np.array([[1.0, 7.0]]))
    np.testing.assert_allclose(found.parameters[0], [2.0, 7.0])


def test_says_when_the_iterations_run_out() -> None:
    found = levenberg_marquardt(rosenbrock, np.array([[-1.2, 1.0]]), iterations=3)
    assert not found.converged[0] and found.iterations == 3
    assert found.cost[0] < 24.2
