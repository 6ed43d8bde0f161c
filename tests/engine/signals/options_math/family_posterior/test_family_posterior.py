"""The posterior over families: fixed bytes, weights that add up, and the truth inside it as often as it says."""

from __future__ import annotations

import numpy as np
import pytest

from engine.signals.options_math.european_intervals import OptionTerms, european_intervals
from engine.signals.options_math.families.lognormal import LognormalFamily
from engine.signals.options_math.family_posterior import FamilyPosterior, family_posterior
from engine.signals.options_math.quoted_intervals import QuotedIntervals
from tests.engine.signals.options_math.simulated_truths import FORWARD, truth

DEVIATION = 0.0878


def intervals_of(name: str, seed: int) -> QuotedIntervals:
    quotes = sorted(truth(name).chain(seed), key=lambda quote: (quote.strike, quote.is_call))
    return european_intervals(quotes, OptionTerms(FORWARD, truth(name).years))


def posterior_of(name: str, seed: int) -> FamilyPosterior:
    return family_posterior(intervals_of(name, seed), DEVIATION)


def test_weights_add_up_and_equal_input_gives_equal_bytes() -> None:
    first, again = posterior_of("heston", 1), posterior_of("heston", 1)
    assert first.weight.sum() == pytest.approx(1.0)
    assert sum(first.shares.values()) == pytest.approx(1.0)
    assert first.weight.tobytes() == again.weight.tobytes()
    grid = np.linspace(-0.3, 0.3, 11)
    assert first.cdf(grid).tobytes() == again.cdf(grid).tobytes()
    assert first.cdf(grid).shape == first.log_density(grid).shape == (first.weight.size, 11)


def test_the_posterior_of_one_family_is_that_of_direct_integration() -> None:
    """One parameter: the posterior can be integrated on a grid, which importance sampling must match."""
    intervals = intervals_of("lognormal 9", 3)
    posterior = family_posterior(intervals, DEVIATION, (LognormalFamily(),))
    theta = np.linspace(-1.0, 1.0, 20_001)
    price = LognormalFamily().prices(theta[:, None], DEVIATION, intervals.strike, intervals.is_call)
    half = np.maximum(intervals.half_width, 0.1 * np.median(intervals.half_width))
    centred = np.where(intervals.two_sided, (price - intervals.middle) / half, 0.0)
    outside = np.maximum(np.maximum(intervals.low - price, price - intervals.high), 0.0) / half
    log_density = -0.5 * np.sum((centred / 0.8) ** 2 + (8.0 * outside) ** 2, axis=1) - 0.5 * (theta / 0.5) ** 2
    density = np.exp(log_density - log_density.max())
    mean = np.trapezoid(density * theta, theta) / np.trapezoid(density, theta)
    spread = np.sqrt(np.trapezoid(density * (theta - mean) ** 2, theta) / np.trapezoid(density, theta))
    drawn = posterior.draws[0].parameters[:, 0]
    estimate = float(posterior.weight @ drawn)
    assert estimate == pytest.approx(mean, abs=0.1 * spread)
    assert np.sqrt(posterior.weight @ (drawn - estimate) ** 2) == pytest.approx(spread, rel=0.1)


def test_no_single_draw_speaks_for_all() -> None:
    for name in ("skewed", "svi", "fat left 9"):
        weight = posterior_of(name, 2).weight
        assert 1.0 / np.sum(weight**2) > 15.0, name


def test_families_that_need_more_parameters_lose_where_they_are_not_needed() -> None:
    shares = [posterior_of("lognormal", seed).shares["lognormal"] for seed in range(6)]
    assert np.median(shares) > 0.7
    assert all(posterior_of("bimodal", seed).shares["two lognormals"] > 0.95 for seed in range(3))
