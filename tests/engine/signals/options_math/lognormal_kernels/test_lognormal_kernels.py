"""Mixtures of kernels: prices and CDF are the integrals of the density, moments are closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from engine.signals.options_math.lognormal_kernels import KernelMixture, fine_kernels


def test_prices_cdf_and_moments_are_integrals_of_the_density() -> None:
    family = fine_kernels(0.12, -6.0, 6.0)
    weight = np.exp(-0.5 * ((family.centre + 0.03) / 0.1) ** 2) * (1.0 + np.sin(9.0 * family.centre))
    weight /= weight.sum()
    mixture = KernelMixture(family, weight)
    log_price = np.linspace(-3.0, 3.0, 60_001)
    x = np.exp(log_price)
    density = mixture.pdf(x) * x
    strike = np.array([0.85, 1.0, 1.2])
    puts = [np.trapezoid(density * np.maximum(level - x, 0.0), log_price) for level in strike]
    calls = [np.trapezoid(density * np.maximum(x - level, 0.0), log_price) for level in strike]
    np.testing.assert_allclose(mixture.put_prices(strike), puts, atol=1e-8)
    np.testing.assert_allclose(mixture.call_prices(strike), calls, atol=1e-8)
    below = [np.trapezoid(density[: int(np.searchsorted(x, k)) + 1], log_price[: int(np.searchsorted(x, k)) + 1])
             for k in strike]  # fmt: skip
    np.testing.assert_allclose(mixture.cdf(strike), below, atol=2e-4)
    mean, variance, skew, kurtosis = family.log_moments(weight)
    shift = log_price - np.trapezoid(density * log_price, log_price)
    moments = [np.trapezoid(density * shift**order, log_price) for order in (2, 3, 4)]
    assert mean == pytest.approx(np.trapezoid(density * log_price, log_price), abs=1e-9)
    assert variance == pytest.approx(moments[0], rel=1e-8)
    assert skew == pytest.approx(moments[1] / moments[0] ** 1.5, abs=1e-7)
    assert kurtosis == pytest.approx(moments[2] / moments[0] ** 2 - 3.0, abs=1e-6)
