"""The surface: each cell says how it is known, shape is read where deltas are, expiries do not touch each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm

from engine.signals.options_math.black76 import greeks
from engine.signals.options_math.quoted_intervals import QuotedIntervals
from engine.signals.options_math.surface import (
    CellQuality,
    ExpirySlice,
    delta_strikes,
    fit_slice,
    smile_shape,
    volatility_surface,
)
from engine.signals.options_math.svi import Svi
from tests.engine.signals.options_math.quoted_chains import any_intervals, otm_intervals, quoted_around
from tests.engine.signals.options_math.simulated_truths import FORWARD, truth

HOGS = Svi(0.002, 0.06, -0.4, 0.03, 0.08)
YEARS = 60 / 365


def tight_slice(svi: Svi = HOGS, years: float = YEARS, forward: float = 80.0) -> ExpirySlice:
    found = fit_slice(quoted_around(svi.distribution, np.arange(0.8, 1.2, 0.0125), 2e-5), forward, years)
    assert found is not None
    return found


def test_shape_against_an_independent_root_finder_and_black_deltas() -> None:
    def volatility(k: float) -> float:
        return math.sqrt(float(HOGS.total_variance(np.array(k))[0]) / YEARS)

    def delta_off(k: float, target: float, is_call: bool) -> float:
        return float(greeks(1.0, math.exp(k), YEARS, volatility(k), is_call).delta) - target

    call = brentq(delta_off, 0.0, 0.5, args=(0.25, True), xtol=1e-14)
    put = brentq(delta_off, -0.5, 0.0, args=(-0.25, False), xtol=1e-14)
    shape = smile_shape(HOGS, YEARS)
    assert shape.atm_volatility == pytest.approx(volatility(0.0), rel=1e-12)
    assert shape.risk_reversal == pytest.approx(volatility(call) - volatility(put), rel=1e-9)
    butterfly = 0.5 * (volatility(call) + volatility(put)) - volatility(0.0)
    assert shape.butterfly == pytest.approx(butterfly, rel=1e-9)
    assert shape.risk_reversal < 0.0 < shape.butterfly


@settings(max_examples=100, deadline=None)
@given(
    least=st.floats(1e-3, 0.05), b=st.floats(0.005, 0.1), rho=st.floats(-0.9, 0.9), m=st.floats(-0.1, 0.1),
    s=st.floats(0.1, 0.5), delta=st.floats(0.02, 0.98),
)  # fmt: skip
def test_delta_strikes_have_their_delta(least: float, b: float, rho: float, m: float, s: float, delta: float) -> None:
    svi = Svi(least - b * s * math.sqrt(1.0 - rho * rho), b, rho, m, s)
    k = delta_strikes(svi, np.array([float(norm.ppf(delta))]))
    root = np.sqrt(svi.total_variance(k)[0])
    assert float(norm.cdf(-k / root + 0.5 * root)[0]) == pytest.approx(delta, abs=1e-9)


def test_cells_know_how_they_are_known() -> None:
    strikes = np.array([0.80, 0.85, 0.90, 0.9875, 1.0, 1.0125, 1.025, 1.0375, 1.10, 1.15])
    found = fit_slice(quoted_around(HOGS.distribution, strikes, 2e-5), 80.0, YEARS)
    assert found is not None and found.fitted.name == "svi"
    asked = 80.0 * np.array([1.0, 0.98, 0.95, 0.70, 0.2, 1.15, 1.3])
    expected = [CellQuality.QUOTED, CellQuality.QUOTED, CellQuality.INTERPOLATED, CellQuality.EXTRAPOLATED,
                CellQuality.NONE, CellQuality.QUOTED, CellQuality.EXTRAPOLATED]  # fmt: skip
    assert found.quality(asked).tolist() == expected
    assert found.quality(np.array([-1.0, 0.0, np.nan])).tolist() == [CellQuality.NONE] * 3
    assert np.isnan(found.volatility(np.array([-1.0, 0.0, np.nan]))).all()


def test_the_grid_repeats_the_slices_and_leaves_holes() -> None:
    near, far = tight_slice(), tight_slice(Svi(0.01, 0.05, -0.1, 0.0, 0.2), 0.5, 84.0)
    strikes = np.arange(60.0, 101.0, 2.0)
    surface = volatility_surface([far, None, near], [0.5, 0.3, YEARS], [84.0, 82.0, 80.0], strikes)
    assert surface.years.tolist() == [YEARS, 0.3, 0.5] and surface.forward.tolist() == [80.0, 82.0, 84.0]
    assert np.isnan(surface.volatility[1]).all() and not surface.quality[1].any()
    assert np.isnan(surface.atm_volatility[1])
    np.testing.assert_array_equal(surface.volatility[0], near.volatility(strikes))
    np.testing.assert_array_equal(surface.volatility[2], far.volatility(strikes))
    assert surface.term_spread[0] == 0.0 and math.isnan(surface.term_spread[1])
    assert surface.term_spread[2] == pytest.approx(far.shape.atm_volatility - near.shape.atm_volatility)
    assert surface.risk_reversal[2] == far.shape.risk_reversal
    assert surface.butterfly_error[0] == near.error.butterfly


def test_order_of_the_expiries_does_not_matter() -> None:
    near, far = tight_slice(), tight_slice(Svi(0.01, 0.05, -0.1, 0.0, 0.2), 0.5, 84.0)
    strikes = np.arange(60.0, 101.0, 2.0)
    one = volatility_surface([near, far], [YEARS, 0.5], [80.0, 84.0], strikes)
    other = volatility_surface([far, near], [0.5, YEARS], [84.0, 80.0], strikes)
    assert one.volatility.tobytes() == other.volatility.tobytes()
    assert one.atm_volatility.tobytes() == other.atm_volatility.tobytes()


def test_falling_total_variance_is_left_as_quoted() -> None:
    """A later expiry with less total variance is no arbitrage where the underlyings differ."""
    calm = Svi(0.0005, 0.02, 0.0, 0.0, 0.08)
    surface = volatility_surface(
        [tight_slice(), tight_slice(calm, 0.4, 90.0)], [YEARS, 0.4], [80.0, 90.0], np.arange(70.0, 100.0)
    )
    total = surface.atm_volatility**2 * surface.years
    assert total[1] < total[0]
    assert surface.atm_volatility[1] == pytest.approx(math.sqrt(0.0021 / 0.4), rel=0.01)


def test_few_strikes_fall_back_to_sabr_and_fewer_to_nothing() -> None:
    four = quoted_around(HOGS.distribution, np.array([0.93, 0.97, 1.0, 1.05]), 1e-4)
    found = fit_slice(four, 80.0, YEARS)
    assert found is not None and found.fitted.name == "sabr"
    assert found.shape.atm_volatility == pytest.approx(smile_shape(HOGS, YEARS).atm_volatility, rel=0.05)
    assert fit_slice(quoted_around(HOGS.distribution, np.array([0.97, 1.0]), 1e-4), 80.0, YEARS) is None
    assert fit_slice(four, 80.0, 0.0) is None
    assert fit_slice(four, math.nan, YEARS) is None


def test_errors_say_about_how_far_the_shape_scatters() -> None:
    judged = truth("fat left")
    slices = [fit_slice(otm_intervals(judged.chain(seed), FORWARD), FORWARD, judged.years) for seed in range(20)]
    for name in ("atm_volatility", "risk_reversal"):
        values = np.array([getattr(item.shape, name) for item in slices if item is not None])
        said = np.median([getattr(item.error, name) for item in slices if item is not None])
        assert values.size == 20
        assert 0.4 * np.std(values) < said < 3.0 * np.std(values)


def test_errors_grow_with_the_width_of_the_quotes() -> None:
    strikes = np.arange(0.8, 1.2, 0.0125)
    found = [fit_slice(quoted_around(HOGS.distribution, strikes, half), 80.0, YEARS) for half in (5e-5, 2e-4, 8e-4)]
    errors = [item.error.atm_volatility for item in found if item is not None]
    assert len(errors) == 3 and errors == sorted(errors)


@settings(max_examples=20, deadline=None)
@given(intervals=any_intervals(), factor=st.sampled_from([0.01, 1.0, 100.0]))
def test_sound_on_any_quotes_in_any_unit(intervals: QuotedIntervals, factor: float) -> None:
    plain, scaled = fit_slice(intervals, 80.0, YEARS), fit_slice(intervals, 80.0 * factor, YEARS)
    assert (plain is None) == (scaled is None)
    if plain is None or scaled is None:
        return
    strikes = np.linspace(40.0, 160.0, 61)
    np.testing.assert_allclose(scaled.volatility(strikes * factor), plain.volatility(strikes), rtol=1e-9)
    surface = volatility_surface([plain], [YEARS], [80.0], strikes)
    known = surface.quality[0] > CellQuality.NONE
    assert np.all(surface.volatility[0][known] > 0.0) and np.isnan(surface.volatility[0][~known]).all()
