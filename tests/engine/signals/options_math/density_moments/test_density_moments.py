"""Moments of densities with intervals, against an independent integration of the same density."""

from __future__ import annotations

import numpy as np
import pytest

from engine.signals.options_math.density import implied_density
from engine.signals.options_math.european_intervals import OptionTerms
from engine.signals.options_math.implied_moments import moments_of_distribution
from tests.engine.signals.options_math.simulated_truths import FORWARD, truth

NAMES = ("mean", "variance", "skewness", "excess_kurtosis")


@pytest.mark.parametrize("name", ["lognormal", "bimodal", "skewed"])
def test_values_and_shares_are_those_of_direct_integration(name: str) -> None:
    density = implied_density(truth(name).chain(1), OptionTerms(FORWARD, truth(name).years))
    assert density is not None
    low, high = (strike / FORWARD for strike in density.quoted_range)
    exact = moments_of_distribution(density.distribution, low, high)
    logs, prices = density.log_moments, density.price_moments
    for moment in NAMES:
        in_logs = getattr(exact.log_return, moment)
        assert getattr(logs, moment).value == pytest.approx(in_logs, rel=2e-3, abs=2e-3), moment
        assert getattr(logs, moment).share_outside == pytest.approx(
            getattr(exact.log_share_outside, moment), abs=0.03
        ), moment
        in_prices = getattr(exact.price.scaled(FORWARD), moment)
        assert getattr(prices, moment).value == pytest.approx(in_prices, rel=2e-3, abs=2e-3), moment


@pytest.mark.parametrize("name", ["fat left", "heston", "flat top", "three scales"])
def test_intervals_hold_their_value_and_the_true_moments_most_of_the_time(name: str) -> None:
    known = truth(name)
    log_grid = np.linspace(-3.0, 2.0, 20_001)
    mass = np.diff(known.cdf_on_grid)
    middle = 0.5 * (log_grid[1:] + log_grid[:-1])
    mean = float(mass @ middle)
    variance = float(mass @ (middle - mean) ** 2)
    exact = {
        "variance": variance,
        "skewness": float(mass @ (middle - mean) ** 3) / variance**1.5,
        "excess_kurtosis": float(mass @ (middle - mean) ** 4) / variance**2 - 3.0,
    }
    inside = dict.fromkeys(exact, 0)
    for seed in range(16):
        density = implied_density(known.chain(seed), OptionTerms(FORWARD, known.years))
        assert density is not None
        logs = density.log_moments
        for moment, value in exact.items():
            found = getattr(logs, moment)
            assert found.low < found.value < found.high
            inside[moment] += found.low <= value <= found.high
    assert min(inside.values()) >= 10, inside
