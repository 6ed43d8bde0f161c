"""Raw SVI against QuantLib, mpmath and calculus; jump wings there and back."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import QuantLib
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from engine.signals.options_math.svi import JumpWings, Svi, from_jump_wings, to_jump_wings

VOGT = Svi(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, s=0.4153)
HOGS = Svi(a=0.002, b=0.06, rho=-0.4, m=0.03, s=0.08)
WIDE = Svi(a=0.001, b=0.35, rho=-0.6, m=-0.05, s=0.2)
slices = st.builds(
    lambda least, b, rho, m, s: Svi(least - b * s * math.sqrt(1.0 - rho * rho), b, rho, m, s),
    st.floats(1e-4, 0.05), st.floats(0.01, 0.8), st.floats(-0.95, 0.95), st.floats(-0.4, 0.4), st.floats(0.02, 0.6),
)  # fmt: skip


@pytest.mark.parametrize("svi", [HOGS, WIDE])
@pytest.mark.parametrize("years", [0.02, 0.37, 2.0])
def test_volatilities_are_quantlibs(svi: Svi, years: float) -> None:
    """QuantLib takes a, b, sigma, rho, m, with a and b in total variance too."""
    section = QuantLib.SviSmileSection(years, 80.0, [svi.a, svi.b, svi.s, svi.rho, svi.m])
    strikes = np.linspace(40.0, 160.0, 49)
    oracle = [section.volatility(float(strike)) for strike in strikes]
    np.testing.assert_allclose(svi.volatility(np.log(strikes / 80.0), years), oracle, rtol=1e-12)


def test_prices_are_quantlibs() -> None:
    section = QuantLib.SviSmileSection(0.25, 80.0, [HOGS.a, HOGS.b, HOGS.s, HOGS.rho, HOGS.m])
    strikes = np.linspace(60.0, 105.0, 31)
    calls = [section.optionPrice(float(strike), QuantLib.Option.Call) / 80.0 for strike in strikes]
    np.testing.assert_allclose(HOGS.distribution.call_prices(strikes / 80.0), calls, atol=1e-14)


def test_derivatives_and_g_in_forty_digits() -> None:
    with mpmath.workdps(40):
        a, b, rho, m, s = (mpmath.mpf(item) for item in (VOGT.a, VOGT.b, VOGT.rho, VOGT.m, VOGT.s))

        def w(k: mpmath.mpf) -> mpmath.mpf:
            return a + b * (rho * (k - m) + mpmath.sqrt((k - m) ** 2 + s * s))

        for k in (-1.2, -0.3, 0.0, 0.3586, 0.879, 2.5):
            value, slope, bend = w(mpmath.mpf(k)), mpmath.diff(w, k), mpmath.diff(w, k, 2)
            g = (1 - k * slope / (2 * value)) ** 2 - slope**2 / 4 * (1 / value + mpmath.mpf(1) / 4) + bend / 2
            found = VOGT.total_variance(np.array(k))
            np.testing.assert_allclose([float(item) for item in found], [float(value), float(slope), float(bend)],
                                       rtol=1e-12)  # fmt: skip
            assert float(VOGT.g(np.array(k))) == pytest.approx(float(g), rel=1e-11)


@pytest.mark.parametrize("svi", [HOGS, WIDE])
def test_density_is_the_second_derivative_of_the_call(svi: Svi) -> None:
    with mpmath.workdps(40):

        def call(strike: mpmath.mpf) -> mpmath.mpf:
            k = mpmath.log(strike)
            root = mpmath.sqrt((k - mpmath.mpf(svi.m)) ** 2 + mpmath.mpf(svi.s) ** 2)
            deviation = mpmath.sqrt(mpmath.mpf(svi.a) + mpmath.mpf(svi.b) * (mpmath.mpf(svi.rho) * (k - svi.m) + root))
            d2 = -k / deviation - deviation / 2
            return mpmath.ncdf(d2 + deviation) - strike * mpmath.ncdf(d2)

        for strike in (0.6, 0.9, 1.0, 1.17, 1.6):
            x = np.array([strike])
            assert float(svi.distribution.call_prices(x)[0]) == pytest.approx(
                float(call(mpmath.mpf(strike))), rel=1e-12
            )
            assert svi.distribution.cdf(x)[0] == pytest.approx(float(1 + mpmath.diff(call, strike)), rel=1e-10)
            assert svi.distribution.pdf(x)[0] == pytest.approx(float(mpmath.diff(call, strike, 2)), rel=1e-10)


@pytest.mark.parametrize("svi", [HOGS, WIDE])
def test_mass_and_mean_are_one(svi: Svi) -> None:
    def density(y: float, power: float) -> float:
        x = math.exp(y)
        return float(svi.distribution.pdf(np.array([x]))[0]) * x ** (1.0 + power)

    for power in (0.0, 1.0):
        ends = [-90.0, -10.0, -1.0, 0.0, 1.0, 10.0, 90.0]
        total = sum(quad(density, *ends[i : i + 2], (power,), limit=400)[0] for i in range(6))
        assert total == pytest.approx(1.0, abs=1e-7)


def test_jump_wings_of_the_vogt_slice() -> None:
    """Gatheral and Jacquier (2014), section 5.1."""
    wings = to_jump_wings(VOGT, 1.0)
    expected = (0.01742625, -0.1752111, 0.6997381, 1.316798, 0.01162490)
    np.testing.assert_allclose((wings.v, wings.psi, wings.p, wings.c, wings.v_least), expected, rtol=1e-6)


@settings(max_examples=200, deadline=None)
@given(svi=slices, years=st.floats(0.01, 3.0))
def test_jump_wings_there_and_back(svi: Svi, years: float) -> None:
    wings = to_jump_wings(svi, years)
    if abs(wings.psi) < 1e-2:
        return
    back = from_jump_wings(wings, years)
    k = np.linspace(-1.0, 1.0, 21)
    np.testing.assert_allclose(back.total_variance(k)[0], svi.total_variance(k)[0], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    "wings",
    [
        JumpWings(-0.02, -0.1, 0.6, 0.4, 0.01),
        JumpWings(0.04, -0.4, 0.6, 0.4, 0.01),
        JumpWings(0.04, -0.1, 0.6, 0.4, 0.05),
        JumpWings(0.04, 0.0, 0.5, 0.5, 0.04),
    ],
)
def test_wings_of_no_slice_are_refused(wings: JumpWings) -> None:
    with pytest.raises(ValueError):
        from_jump_wings(wings, 1.0)


def test_least_variance_and_conditions() -> None:
    k = np.linspace(-3.0, 3.0, 600_001)
    for svi in (VOGT, HOGS, WIDE):
        w = svi.total_variance(k)[0]
        assert svi.least_variance == pytest.approx(w.min(), rel=1e-7)
        assert svi.least_at == pytest.approx(k[np.argmin(w)], abs=1e-5)
        assert svi.well_formed
    assert not Svi(-0.1, 0.1, 0.0, 0.0, 0.1).well_formed
    assert not Svi(0.04, 1.5, 0.5, 0.0, 0.1).well_formed
    assert not Svi(0.04, 0.1, 1.0, 0.0, 0.1).well_formed
    assert not Svi(math.nan, 0.1, 0.0, 0.0, 0.1).well_formed
    with pytest.raises(ValueError):
        to_jump_wings(Svi(-0.1, 0.1, 0.0, 0.0, 0.1), 1.0)
