"""A loss that came at once is told from one that came slowly; the number does not hang on units or on signs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import multivariate_normal

from engine.agent.break_or_fade import (
    BREAK_NATS,
    BREAK_SIZES,
    BREAK_SPREAD,
    FADE_LENGTHS,
    FADE_NATS,
    FADE_SIZES,
    FADE_SPREAD,
    bars_per_nat,
    break_against_fade,
)

FloatArray = NDArray[np.float64]
CORRELATION = 0.35


def market(multiplier: FloatArray, seed: int) -> tuple[FloatArray, FloatArray]:
    """Forecasts and returns of unit volatility, what a forecast is worth being `multiplier` of it bar by bar."""
    rng = np.random.default_rng(seed)
    forecasts = CORRELATION * rng.standard_normal(len(multiplier))
    noise = np.sqrt(1.0 - CORRELATION**2) * rng.standard_normal(len(multiplier))
    return forecasts, multiplier * forecasts + noise


def broken(bars_ago: int) -> FloatArray:
    return np.where(np.arange(600) < 600 - bars_ago, 1.0, -0.5)


def fading(bars_ago: int) -> FloatArray:
    return 1.0 - 0.75 * np.clip((np.arange(600) - 600 + bars_ago) / 400.0, 0.0, 1.0)


def nats(multiplier: FloatArray, seed: int) -> float:
    forecasts, returns = market(multiplier, seed)
    return break_against_fade(forecasts, returns, training_volatility=1.0, correlation=CORRELATION)


def test_breaks_and_fades_lie_on_their_own_sides() -> None:
    breaks = [nats(broken(60), seed) for seed in range(60)]
    fades = [nats(fading(350), seed) for seed in range(60)]
    assert np.median(breaks) > BREAK_NATS and np.median(fades) < FADE_NATS
    assert np.mean([value > 0.0 for value in breaks]) > 0.9
    assert np.mean([value < 0.0 for value in fades]) > 0.8


def test_it_is_the_ratio_of_mean_densities() -> None:
    """The same by full covariance matrices, on few bars and without a return that is cut."""
    forecasts, returns = market(broken(20)[-50:], 3)
    returns = np.clip(returns, -1.5, 1.5)
    volatility, scaled = 1.0, []
    for value in returns:
        scaled.append(value / volatility)
        volatility = np.sqrt(volatility**2 + 0.034 * (value**2 - volatility**2))
    missed, noise = np.array(scaled) - forecasts, 1.0 - CORRELATION**2
    ago, unit = 49 - np.arange(50), bars_per_nat(CORRELATION)

    def mean_density(shapes: list[FloatArray], sizes: tuple[float, ...], spread: float) -> float:
        found = []
        for shape in shapes:
            z = shape * forecasts
            for size in sizes:
                law = multivariate_normal(size * z, noise * np.eye(50) + spread**2 * np.outer(z, z))
                found.append(law.logpdf(missed))
        return float(np.logaddexp.reduce(found) - np.log(len(found)))

    breaks = [(ago < min(FADE_LENGTHS[0] * unit * part / 40, 50)).astype(float) for part in range(1, 41)]
    fades = [
        np.clip(started - ago / (share * unit), 0.0, 1.0)
        for share in FADE_LENGTHS
        for started in np.linspace(0.25, 1.25, 20)
    ]
    expected = mean_density(breaks, BREAK_SIZES, BREAK_SPREAD) - mean_density(fades, FADE_SIZES, FADE_SPREAD)
    found = break_against_fade(forecasts, returns, training_volatility=1.0, correlation=CORRELATION)
    assert found == pytest.approx(expected, abs=1e-8)


@given(seed=st.integers(0, 1000), unit=st.floats(1e-6, 1e4), flipped=st.booleans())
def test_neither_the_unit_of_returns_nor_their_sign_matters(seed: int, unit: float, flipped: bool) -> None:
    forecasts, returns = market(broken(40), seed)
    factor = -unit if flipped else unit
    one = break_against_fade(forecasts, returns, training_volatility=1.0, correlation=CORRELATION)
    other = break_against_fade(factor * forecasts, factor * returns, training_volatility=unit, correlation=CORRELATION)
    assert other == pytest.approx(one, abs=1e-6)


def test_without_bars_it_says_nothing() -> None:
    assert break_against_fade([], [], training_volatility=1.0, correlation=0.2) == 0.0


@pytest.mark.parametrize("correlation", [0.0, 0.01, 0.1, 0.6, 1.0])
def test_any_correlation_gives_a_number(correlation: float) -> None:
    forecasts, returns = market(broken(40), 1)
    assert np.isfinite(break_against_fade(forecasts, returns, training_volatility=1.0, correlation=correlation))
