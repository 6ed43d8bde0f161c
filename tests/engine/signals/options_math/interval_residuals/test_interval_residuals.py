"""Distances from quoted intervals in half widths, and their derivatives."""

from __future__ import annotations

import numpy as np
import pytest

from engine.signals.options_math.interval_residuals import interval_residuals
from engine.signals.options_math.quoted_intervals import QuotedIntervals

QUOTES = QuotedIntervals(
    strike=np.array([0.9, 1.0, 1.1]),
    is_call=np.array([False, True, True]),
    low=np.array([0.010, 0.030, 0.0]),
    high=np.array([0.014, 0.040, 0.008]),
    middle=np.array([0.012, 0.035, 0.004]),
    two_sided=np.array([True, True, False]),
)
RESIDUALS = interval_residuals(QUOTES, np.stack([QUOTES.middle, QUOTES.middle + 0.001]))
OWN = np.zeros(1, dtype=np.intp)


def rows(price: list[float], draw: np.ndarray = OWN) -> np.ndarray:
    return RESIDUALS.rows(np.array([price]), np.zeros((1, 3, 1)), draw)[0][0]


def test_the_middles_cost_nothing_and_one_sided_quotes_do_not_pull() -> None:
    np.testing.assert_allclose(rows([0.012, 0.035, 0.0]), 0.0, atol=1e-12)
    np.testing.assert_allclose(rows([0.012, 0.035, 0.0079]), 0.0, atol=1e-12)


def test_inside_only_the_middle_pulls() -> None:
    np.testing.assert_allclose(rows([0.013, 0.0325, 0.004]), [0.5, -0.5, 0.0, 0.0, 0.0, 0.0], atol=1e-12)


def test_leaving_an_interval_costs_extra_for_every_quote() -> None:
    found = rows([0.016, 0.025, 0.012])
    np.testing.assert_allclose(found[:3], [2.0, -2.0, 0.0], atol=1e-12)
    assert found[3] > 2.0 and found[4] < -2.0 and found[5] > 2.0
    np.testing.assert_allclose(RESIDUALS.outside(np.array([0.016, 0.025, 0.012])), [1.0, -1.0, 1.0])


def test_draws_have_their_own_middles() -> None:
    np.testing.assert_allclose(rows([0.013, 0.036, 0.0], np.array([1])), 0.0, atol=1e-12)


def test_scores() -> None:
    price = np.array([0.013, 0.0425, 0.004])
    assert RESIDUALS.misfit(price) == pytest.approx(0.5 / np.sqrt(3.0))
    assert RESIDUALS.centring(price, np.array(0)) == pytest.approx(np.sqrt((0.5**2 + 1.5**2) / 2.0))


def test_jacobian_is_the_derivative() -> None:
    rng = np.random.default_rng(0)
    base, direction = np.array([0.0161, 0.0334, 0.0091]), rng.standard_normal(3) * 1e-3

    def at(step: float) -> np.ndarray:
        return RESIDUALS.rows((base + step * direction)[None, :], np.zeros((1, 3, 1)), OWN)[0][0]

    _, jacobian = RESIDUALS.rows(base[None, :], direction[None, :, None], OWN)
    np.testing.assert_allclose(jacobian[0, :, 0], (at(1e-4) - at(-1e-4)) / 2e-4, rtol=1e-6)


def test_a_locked_quote_does_not_silence_the_others() -> None:
    locked = QuotedIntervals(
        QUOTES.strike, QUOTES.is_call, np.array([0.012, 0.030, 0.0]), np.array([0.012, 0.040, 0.008]), QUOTES.middle,
        QUOTES.two_sided,
    )  # fmt: skip
    assert interval_residuals(locked, locked.middle[None, :]).half[0] == pytest.approx(0.0004)
