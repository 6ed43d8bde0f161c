"""What every parametric family must be: densities with mean 1, whose CDF and prices are their integrals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.signals.options_math.families.interface import DensityFamily
from engine.signals.options_math.families.registry import FAMILIES

DEVIATION = 0.11
LOG_PRICE = np.linspace(-3.2, 2.4, 89_601)  # trapezoids are then exact to 4e-7 for the narrowest slices drawn


def drawn(family: DensityFamily, seed: int) -> np.ndarray:
    """One admissible parameter vector [1, p] from the middle of the prior."""
    rng = np.random.default_rng(seed)
    while True:
        parameters = family.prior_mean + family.prior_deviation * rng.normal(0.0, 0.6, (1, family.prior_mean.size))
        if family.admissible(parameters, DEVIATION)[0]:
            return parameters


@pytest.mark.parametrize("family", FAMILIES, ids=lambda item: item.name)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
@example(seed=92)
@example(seed=835)
def test_density_cdf_and_prices_agree(family: DensityFamily, seed: int) -> None:
    parameters = drawn(family, seed)
    density = family.log_density(parameters, DEVIATION, LOG_PRICE)[0]
    cdf = family.cdf(parameters, DEVIATION, LOG_PRICE)[0]
    x = np.exp(LOG_PRICE)
    assert np.all(density >= 0.0)
    assert np.all(np.diff(cdf) >= -1e-12)
    step = LOG_PRICE[1] - LOG_PRICE[0]
    np.testing.assert_allclose(np.cumsum(density) * step - 0.5 * density * step, cdf - cdf[0], atol=2e-6)
    end = x[-1:]
    beyond = family.prices(parameters, DEVIATION, end, np.ones(1, dtype=bool))[0, 0] + end[0] * (1.0 - cdf[-1])
    assert np.trapezoid(density * x, LOG_PRICE) + beyond == pytest.approx(1.0, abs=1e-5)
    strike = np.array([0.8, 0.95, 1.0, 1.07, 1.2])
    calls = family.prices(parameters, DEVIATION, strike, np.ones(5, dtype=bool))[0]
    puts = family.prices(parameters, DEVIATION, strike, np.zeros(5, dtype=bool))[0]
    np.testing.assert_allclose(calls - puts, 1.0 - strike, atol=1e-12)
    integral = [np.trapezoid(density * np.maximum(level - x, 0.0), LOG_PRICE) for level in strike]
    np.testing.assert_allclose(puts, integral, atol=5e-6)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda item: item.name)
def test_rows_do_not_know_each_other_and_extremes_stay_numbers_or_nan(family: DensityFamily) -> None:
    parameters = np.concatenate([drawn(family, seed) for seed in range(4)])
    wild = np.concatenate([parameters, parameters + 400.0, parameters - 400.0])
    strike, call = np.array([0.9, 1.1]), np.array([False, True])
    with np.errstate(all="ignore"):
        together = family.prices(wild, DEVIATION, strike, call)
    np.testing.assert_array_equal(together[:4], family.prices(parameters, DEVIATION, strike, call))
    assert family.starts.shape[1] == family.prior_mean.size == family.prior_deviation.size
    assert family.penalties(parameters, DEVIATION).shape[0] == 4


def test_a_slice_with_butterfly_arbitrage_is_not_admissible() -> None:
    svi = next(family for family in FAMILIES if family.name == "svi")
    flat = np.array([[0.9, -3.0, 0.0, 0.0, 0.0]])
    # The arbitrageable example of Gatheral and Jacquier (2014): a, b, rho, m, s in total variance at scale 1.
    vogt = np.array([[-0.0410, np.log(0.1331), np.arctanh(0.3060), 0.3586, np.log(0.4153)]])
    assert svi.admissible(flat, DEVIATION)[0]
    assert not svi.admissible(vogt, 1.0)[0]
    assert np.any(svi.penalties(vogt, 1.0) < 0.0)
