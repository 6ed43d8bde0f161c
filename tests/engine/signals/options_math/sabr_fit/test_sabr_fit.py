"""SABR fits: three strikes are enough, near the truth on noisy thin chains, honest about negative density."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from engine.signals.options_math.price_distribution import FittedFamily
from engine.signals.options_math.quoted_deviations import quoted_deviations
from engine.signals.options_math.quoted_intervals import QuotedIntervals
from engine.signals.options_math.sabr import Sabr
from engine.signals.options_math.sabr_fit import fit_sabr, fit_sabr_batch
from tests.engine.signals.options_math.quoted_chains import any_intervals, otm_intervals, quoted_around
from tests.engine.signals.options_math.simulated_truths import FORWARD, truth

PRICES = np.linspace(25.0, 180.0, 1551)
YEARS = 0.2


def smile_of(fitted: FittedFamily | None, years: float = YEARS) -> Sabr:
    assert fitted is not None and fitted.name == "sabr"
    return Sabr(**fitted.parameters, years=years)


@settings(max_examples=40, deadline=None)
@given(intervals=any_intervals())
def test_the_flag_tells_the_truth_on_any_quotes(intervals: QuotedIntervals) -> None:
    fitted, quoted = fit_sabr(intervals, YEARS), quoted_deviations(intervals)
    if fitted is None or quoted is None:
        return
    assert np.isfinite(fitted.misfit)
    x = np.exp(quoted.at_the_money * np.linspace(-8.0, 8.0, 4_001))
    if fitted.arbitrage_free:
        assert fitted.distribution.pdf(x).min() >= -1e-4


@pytest.mark.parametrize(
    ("name", "bar"),
    [("lognormal", 0.008), ("fat left", 0.012), ("skewed", 0.011), ("two scales", 0.012), ("heston", 0.008),
     ("svi", 0.014), ("lognormal 9", 0.023), ("fat left 9", 0.022), ("heston 9", 0.018)],
)  # fmt: skip
def test_near_the_truth_on_noisy_chains(name: str, bar: float) -> None:
    judged, distances = truth(name), []
    for seed in range(20):
        intervals = otm_intervals(judged.chain(seed), FORWARD)
        fitted = fit_sabr(intervals, judged.years)
        if fitted is None:
            assert np.unique(intervals.strike[intervals.two_sided]).size < 3
            continue
        assert fitted.arbitrage_free and fitted.misfit < 0.05
        distances.append(float(np.max(np.abs(fitted.distribution.cdf(PRICES / FORWARD) - judged.cdf(PRICES)))))
    assert len(distances) >= 10
    assert float(np.median(distances)) <= bar


@pytest.mark.parametrize("beta", [1.0, 0.5])
def test_exact_quotes_give_the_parameters_back(beta: float) -> None:
    sabr = Sabr(0.25, beta, -0.35, 1.4, YEARS)
    fitted = fit_sabr(quoted_around(sabr.distribution, np.arange(0.75, 1.3, 0.0125), 1e-6), YEARS, beta)
    assert fitted is not None and fitted.arbitrage_free
    assert fitted.parameters == pytest.approx({"alpha": 0.25, "beta": beta, "rho": -0.35, "nu": 1.4}, rel=2e-3)


def test_three_strikes_are_enough_and_two_are_none() -> None:
    sabr = Sabr(0.25, 1.0, -0.35, 1.4, YEARS)
    three = quoted_around(sabr.distribution, np.array([0.93, 1.0, 1.06]), 1e-4)
    assert fit_sabr(three, YEARS) is not None
    two = quoted_around(sabr.distribution, np.array([0.95, 1.0]), 1e-4)
    assert fit_sabr(two, YEARS) is None
    assert fit_sabr(three, 0.0) is None


def test_years_scale_the_parameters_and_not_the_smile() -> None:
    intervals = otm_intervals(truth("fat left").chain(2), FORWARD)
    short, long = fit_sabr(intervals, 0.1), fit_sabr(intervals, 0.4)
    assert short is not None and long is not None
    x = np.linspace(0.6, 1.5, 50)
    np.testing.assert_allclose(short.distribution.cdf(x), long.distribution.cdf(x), rtol=1e-9, atol=1e-12)
    assert short.parameters["alpha"] == pytest.approx(2.0 * long.parameters["alpha"])


def test_same_input_same_bytes_in_batches_too() -> None:
    intervals = otm_intervals(truth("skewed").chain(5), FORWARD)
    assert fit_sabr(intervals, YEARS) == fit_sabr(intervals, YEARS)
    rng = np.random.default_rng(1)
    middles = intervals.low + (intervals.high - intervals.low) * rng.random((5, intervals.strike.size))
    batch = fit_sabr_batch(intervals, YEARS, middles)
    assert batch == fit_sabr_batch(intervals, YEARS, middles)
    assert all(fitted is not None for fitted in batch)
    moved = QuotedIntervals(intervals.strike, intervals.is_call, intervals.low, intervals.high, middles[2],
                            intervals.two_sided)  # fmt: skip
    x = np.linspace(0.6, 1.5, 100)
    np.testing.assert_allclose(
        smile_of(batch[2]).distribution.cdf(x), smile_of(fit_sabr(moved, YEARS)).distribution.cdf(x), atol=5e-3
    )
