"""Tail functions against 50-digit values."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from engine.signals.options_math.mills_ratio import mean_excess, mills_ratio, normal_distribution


def exact_mills(z: float) -> mpmath.mpf:
    return mpmath.sqrt(mpmath.pi / 2) * mpmath.exp(mpmath.mpf(z) ** 2 / 2) * mpmath.erfc(mpmath.mpf(z) / mpmath.sqrt(2))


@pytest.fixture(autouse=True)
def fifty_digits() -> object:
    with mpmath.workdps(50):
        yield


def test_mills_ratio_and_mean_excess_keep_all_digits() -> None:
    z = np.concatenate([np.linspace(-0.5, 10.0, 200), np.linspace(10.0, 45.0, 60)])
    ratio, excess = mills_ratio(z), mean_excess(z)
    for point, first, second in zip(z.tolist(), ratio.tolist(), excess.tolist(), strict=True):
        truth = exact_mills(point)
        assert abs(first / truth - 1) < 2e-15
        assert abs(second / (1 / truth - mpmath.mpf(point)) - 1) < 2e-15


def test_mills_ratio_left_of_zero_and_beyond_every_double() -> None:
    for point in (-0.7, -3.0, -20.0, -36.0):
        assert abs(float(mills_ratio(np.array([point]))[0]) / exact_mills(point) - 1) < 1e-13
    assert mills_ratio(np.array([1e200]))[0] == pytest.approx(1e-200)
    assert np.isinf(mills_ratio(np.array([-50.0]))[0])


def test_distribution_has_relative_accuracy_in_both_tails() -> None:
    z = np.linspace(-30.0, 9.0, 157)
    for point, value in zip(z.tolist(), normal_distribution(z).tolist(), strict=True):
        assert abs(value / mpmath.ncdf(mpmath.mpf(point)) - 1) < 2e-16 * (3 + point * point)
