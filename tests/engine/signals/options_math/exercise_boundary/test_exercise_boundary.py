"""Boundaries against their equation by adaptive quadrature, against limits, and against a finer scheme."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr

from engine.signals.options_math.exercise_boundary import (
    collocation_scheme,
    futures_start,
    log_ceiling,
    quadratic_start,
    refined_boundary,
)

RATE_TIME = np.array([1e-7, 1e-4, 0.01, 0.05, 0.2])
DEVIATION = np.array([0.003, 0.2, 0.1, 0.5, 2.0])


def boundary_of(nodes: int, quadrature: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    scheme = collocation_scheme(nodes, quadrature, 2 * quadrature)
    start = futures_start(RATE_TIME, DEVIATION, scheme)
    return refined_boundary(start, RATE_TIME, RATE_TIME, DEVIATION, scheme, steps)


def test_the_first_guess_is_near_and_three_steps_settle() -> None:
    scheme = collocation_scheme(8, 10, 24)
    start = futures_start(RATE_TIME, DEVIATION, scheme)
    settled, last = boundary_of(8, 10, 12)
    found, step = boundary_of(8, 10, 3)
    assert np.max(np.abs(start / settled - 1.0)) < 4e-3
    assert np.max(np.abs(found / settled - 1.0)) < 1e-4
    assert np.max(step) < 1e-3 and np.max(last) < 1e-7


def test_both_first_guesses_lead_to_one_boundary() -> None:
    scheme = collocation_scheme(10, 14, 36)
    start = quadratic_start(RATE_TIME, RATE_TIME, DEVIATION, scheme, 8)
    found, _ = refined_boundary(start, RATE_TIME, RATE_TIME, DEVIATION, scheme, 10)
    other, _ = boundary_of(10, 14, 10)
    assert np.max(np.abs(found / other - 1.0)) < 1e-6


def test_eight_nodes_against_twenty() -> None:
    coarse, fine = boundary_of(8, 10, 8)[0][-1], boundary_of(20, 32, 12)[0][-1]
    assert np.max(np.abs(coarse / fine - 1.0)) < 2e-4


def test_boundary_falls_with_time_from_the_strike_towards_the_perpetual_one() -> None:
    found, _ = boundary_of(12, 16, 8)
    assert np.all(np.diff(found, axis=0) < 0) and np.all(found < 0)
    root = -0.5 * (np.sqrt(1.0 + 8.0 * RATE_TIME / DEVIATION**2) - 1.0)
    assert np.all(found[-1] > np.log(root / (root - 1.0)))


def test_on_the_boundary_the_option_is_worth_its_intrinsic_value() -> None:
    """Value matching, K - B = p(B) + premium(B), which the solved equation (smooth pasting) does not contain."""
    rate, deviation = 0.05, 0.5
    scheme = collocation_scheme(20, 32, 64)
    one = np.array([rate])
    start = futures_start(one, np.array([deviation]), scheme)
    found, _ = refined_boundary(start, one, one, np.array([deviation]), scheme, 12)
    nodes = np.concatenate([[0.0], scheme.node])
    squares = np.concatenate([[0.0], found[:, 0] ** 2])
    fit = np.polynomial.chebyshev.Chebyshev.fit(nodes, squares, nodes.size - 1, domain=[0.0, 1.0])
    level = float(np.exp(found[-1, 0]))

    def flow(elapsed: float) -> float:
        ratio = np.log(level) + np.sqrt(max(float(fit(np.sqrt(1.0 - elapsed))), 0.0))
        spread = deviation * np.sqrt(elapsed)
        d1 = ratio / spread + 0.5 * spread
        return float(rate * np.exp(-rate * elapsed) * (ndtr(spread - d1) - level * ndtr(-d1)))

    premium = quad(flow, 0.0, 1.0, epsabs=1e-12, limit=200)[0]
    d1 = np.log(level) / deviation + 0.5 * deviation
    european = np.exp(-rate) * (ndtr(deviation - d1) - level * ndtr(-d1))
    # The distribution function inside the boundary equation is good to 5e-7, here times rate and yield.
    assert european + premium == pytest.approx(1.0 - level, abs=1e-7)


def test_ceiling_is_the_lesser_of_strike_and_rate_over_yield() -> None:
    found = log_ceiling(np.array([0.05, 0.05, 0.05]), np.array([0.1, 0.02, -0.03]), np.array([0.2, 0.2, 0.2]))
    assert found.tolist() == [np.log(0.5), 0.0, 0.0]
