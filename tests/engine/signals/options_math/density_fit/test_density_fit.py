"""The smooth density inside the quotes, and the tilt that gives it its mean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.signals.options_math.density_fit import fit_weights, posterior_weights, tilt_to_mean_one
from engine.signals.options_math.european_intervals import OptionTerms, european_intervals
from engine.signals.options_math.family_posterior import family_posterior
from engine.signals.options_math.lognormal_kernels import fine_kernels
from tests.engine.signals.options_math.simulated_truths import FORWARD, truth


@settings(max_examples=60, deadline=None)
@given(deviation=st.floats(0.005, 2.5), seed=st.integers(0, 10_000))
def test_the_tilt_gives_any_weights_mean_one(deviation: float, seed: int) -> None:
    family = fine_kernels(deviation, -7.0, 6.0)
    rng = np.random.default_rng(seed)
    weight = rng.random(family.centre.size) * np.exp(-np.abs(family.centre) / deviation)
    tilted = tilt_to_mean_one(weight, family)
    assert np.all(tilted >= 0.0)
    assert tilted.sum() == pytest.approx(1.0, abs=1e-12)
    assert float(tilted @ family.means) == pytest.approx(1.0, abs=1e-9)


def test_kernels_carry_the_posterior_without_blurring_it() -> None:
    known = truth("heston")
    quotes = sorted(known.chain(1), key=lambda quote: (quote.strike, quote.is_call))
    intervals = european_intervals(quotes, OptionTerms(FORWARD, known.years))
    posterior = family_posterior(intervals, 0.14)
    family = fine_kernels(0.14, -7.0, 6.0)
    weight = posterior_weights(posterior, family, np.array([-2.0, 2.0]))
    grid = np.linspace(-0.5, 0.4, 91)
    mean = posterior.weight @ posterior.cdf(grid)
    assert np.max(np.abs(family.cdf(np.exp(grid)) @ weight - mean)) < 1e-3


def test_the_fit_moves_a_wrong_prior_into_every_interval() -> None:
    known = truth("bimodal")
    quotes = sorted(known.chain(2), key=lambda quote: (quote.strike, quote.is_call))
    intervals = european_intervals(quotes, OptionTerms(FORWARD, known.years))
    family = fine_kernels(0.12, -7.0, 6.0)
    prior = tilt_to_mean_one(np.exp(-0.5 * (family.centre / 0.12) ** 2), family)
    payoff = np.where(
        intervals.is_call[:, None], family.call_prices(intervals.strike), family.put_prices(intervals.strike)
    )
    assert np.any(payoff @ prior > intervals.high), "a lognormal does not price two modes"
    fitted = fit_weights(intervals, family, prior)
    assert fitted.converged
    assert fitted.violation.max() < 1e-6
