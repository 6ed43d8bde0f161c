"""SABR against QuantLib (Hagan's form) and 40-digit arithmetic (both forms)."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import QuantLib
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.signals.options_math.sabr import Sabr, SabrFormula, sabr_volatility
from engine.signals.options_math.status_codes import OptionStatus


def exact(k: mpmath.mpf, sabr: Sabr, formula: SabrFormula) -> mpmath.mpf:
    """Total variance in the working precision; k must not be 0."""
    a, b, r, n, t = (mpmath.mpf(item) for item in (sabr.alpha, sabr.beta, sabr.rho, sabr.nu, sabr.years))
    c, strike = 1 - b, mpmath.exp(k)
    if formula == "hagan":
        zeta = n / a * strike ** (c / 2) * -k
        leading = a / (strike ** (c / 2) * (1 + (c * k) ** 2 / 24 + (c * k) ** 4 / 1920)) * zeta
    else:
        zeta = n / a * ((1 - strike**c) / c if c else -k)
        leading = -n * k
    x = mpmath.log((mpmath.sqrt(1 - 2 * r * zeta + zeta**2) + zeta - r) / (1 - r))
    first = c**2 * a**2 / (24 * strike**c) + r * b * n * a / (4 * strike ** (c / 2)) + (2 - 3 * r**2) * n**2 / 24
    return t * (leading / x * (1 + first * t)) ** 2


@settings(max_examples=300, deadline=None)
@given(
    forward=st.floats(0.03, 150.0), k=st.floats(-1.2, 1.2).filter(lambda k: abs(k) > 1e-3), years=st.floats(0.01, 3.0),
    level=st.floats(0.05, 0.9), beta=st.sampled_from([0.0, 0.3, 0.5, 0.6, 1.0]), rho=st.floats(-0.95, 0.95),
    nu=st.floats(0.05, 1.5),
)  # fmt: skip
def test_hagans_form_is_quantlibs(
    forward: float, k: float, years: float, level: float, beta: float, rho: float, nu: float
) -> None:
    strike, alpha = forward * float(np.exp(k)), level * forward ** (1.0 - beta)
    oracle = QuantLib.sabrVolatility(strike, forward, years, alpha, beta, nu, rho)
    found, status = sabr_volatility(strike, forward, years, alpha, beta, rho, nu, formula="hagan")
    if oracle <= 0.0:
        assert status == OptionStatus.INVALID_INPUT and np.isnan(found)
    else:
        assert float(found) == pytest.approx(oracle, rel=1e-10)


@pytest.mark.parametrize(("strike", "expected"), [(0.03, 1.16725837321531), (0.09, 0.930289384251337)])
def test_quantlibs_own_check_values(strike: float, expected: float) -> None:
    found, _ = sabr_volatility(strike, 0.039, 1.0, 0.3, 0.6, 0.01, 0.02, formula="hagan")
    assert float(found) == pytest.approx(expected, rel=1e-12)


def test_vectors_are_quantlibs_near_the_money_too() -> None:
    strikes = 80.0 * np.exp(np.array([-0.3, -1e-2, -1e-5, 0.0, 1e-5, 1e-2, 0.3]))
    found, status = sabr_volatility(strikes, 80.0, 0.2, 2.3, 0.5, -0.3, 1.1, formula="hagan")
    assert np.all(status == OptionStatus.OK)
    oracle = [QuantLib.sabrVolatility(float(strike), 80.0, 0.2, 2.3, 0.5, 1.1, -0.3) for strike in strikes]
    np.testing.assert_allclose(found, oracle, rtol=1e-10)


@settings(max_examples=60, deadline=None)
@given(
    k=st.one_of(st.floats(1e-9, 0.03), st.floats(0.03, 1.5)), sign=st.sampled_from([-1.0, 1.0]),
    sabr=st.builds(Sabr, st.floats(0.05, 0.8), st.sampled_from([0.0, 0.5, 0.9, 1.0]), st.floats(-0.9, 0.9),
                   st.floats(0.05, 2.5), st.floats(0.02, 1.0), st.sampled_from(["hagan", "obloj"])),
)  # fmt: skip
def test_total_variance_and_its_derivatives_in_forty_digits(k: float, sign: float, sabr: Sabr) -> None:
    with mpmath.workdps(40):
        where = mpmath.mpf(sign * k)
        oracle = [exact(where, sabr, sabr.formula)]
        oracle += [mpmath.diff(lambda x: exact(x, sabr, sabr.formula), where, order, h=1e-12) for order in (1, 2)]
    found = sabr.total_variance(np.array(sign * k))
    scale = abs(float(oracle[0]))
    for order, tolerance in enumerate((1e-12, 1e-10, 1e-7)):
        assert float(found[order]) == pytest.approx(float(oracle[order]), rel=tolerance, abs=tolerance * scale)


def test_the_forms_agree_at_beta_one_and_differ_elsewhere() -> None:
    k = np.linspace(-0.5, 0.5, 21)
    for beta, same in ((1.0, True), (0.4, False)):
        hagan = Sabr(0.3, beta, -0.4, 1.2, 0.5, "hagan").total_variance(k)
        obloj = Sabr(0.3, beta, -0.4, 1.2, 0.5, "obloj").total_variance(k)
        assert np.allclose(hagan, obloj, rtol=1e-12) == same


def test_in_units_of_the_forward_nothing_changes() -> None:
    strikes = np.linspace(60.0, 110.0, 11)
    cents, _ = sabr_volatility(strikes, 80.0, 0.3, 2.1, 0.5, -0.2, 0.9)
    relative = Sabr(2.1 * 80.0**-0.5, 0.5, -0.2, 0.9, 0.3).volatility(np.log(strikes / 80.0))
    np.testing.assert_allclose(cents, relative, rtol=1e-13)


def test_density_is_the_derivative_of_the_cdf() -> None:
    distribution = Sabr(0.25, 1.0, -0.3, 0.9, 0.3).distribution
    x, h = np.linspace(0.7, 1.4, 15), 1e-5
    slope = (distribution.cdf(x + h) - distribution.cdf(x - h)) / (2.0 * h)
    np.testing.assert_allclose(distribution.pdf(x), slope, rtol=1e-6)


def test_one_bad_element_changes_no_other() -> None:
    strike = np.array([80.0, -1.0, np.nan, 85.0, 80.0])
    years = np.array([0.2, 0.2, 0.2, 0.2, 0.0])
    found, status = sabr_volatility(strike, 80.0, years, 0.3, 1.0, -0.2, 0.8)
    expected = [OptionStatus.OK, OptionStatus.INVALID_INPUT, OptionStatus.INVALID_INPUT, OptionStatus.OK,
                OptionStatus.EXPIRED]  # fmt: skip
    assert status.tolist() == expected
    alone, _ = sabr_volatility(85.0, 80.0, 0.2, 0.3, 1.0, -0.2, 0.8)
    assert found[3] == alone and np.isnan(found[[1, 2, 4]]).all()


@pytest.mark.parametrize(
    "bad", [{"alpha": 0.0}, {"beta": 1.1}, {"beta": -0.1}, {"rho": 1.0}, {"nu": -0.1}, {"forward": 0.0}]
)
def test_parameters_outside_the_model_have_a_status(bad: dict[str, float]) -> None:
    inputs = {"strike": 80.0, "forward": 80.0, "years": 0.2, "alpha": 0.3, "beta": 1.0, "rho": 0.0, "nu": 0.5} | bad
    found, status = sabr_volatility(**inputs)
    assert status == OptionStatus.INVALID_INPUT and np.isnan(found)


def test_without_volatility_of_volatility_it_is_the_backbone() -> None:
    found, status = sabr_volatility(np.array([70.0, 80.0, 95.0]), 80.0, 0.3, 0.3, 1.0, 0.0, 0.0)
    assert np.all(status == OptionStatus.OK)
    np.testing.assert_allclose(found, 0.3, rtol=1e-14)
