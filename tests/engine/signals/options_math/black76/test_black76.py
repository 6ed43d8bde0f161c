"""Black-76 against 60-digit arithmetic at the same doubles, published figures, identities and finite differences."""

from __future__ import annotations

import itertools
import warnings

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.signals.options_math.black76 import Greeks, greeks, log_moneyness, price
from engine.signals.options_math.status_codes import OptionStatus

# Name, expiries, volatilities, standard deviations from the money, allowed relative error.
REGIONS = [
    ("ordinary", (3 / 365, 2.0), (0.05, 1.5), (-8.0, 8.0), 1e-13),
    ("near the money", (1 / 365, 2.0), (0.01, 8.0), (-1e-3, 1e-3), 1e-13),
    ("one day, 1 %", (1 / 365, 1 / 364), (0.01, 0.0101), (-20.0, 20.0), 1e-12),
    ("800 %", (1 / 365, 2.0), (4.0, 8.0), (-20.0, 20.0), 1e-12),
    ("far", (1 / 365, 2.0), (0.01, 8.0), (-36.0, 36.0), 1e-12),
]
CASES = [(80.0, 78.0, 0.3, 0.25, 0.04), (80.0, 100.0, 1.5, 0.4, 0.02), (90.0, 60.0, 0.1, 0.6, 0.0)]


def sixty_digits(forward: float, strike: float, years: float, volatility: float, is_call: bool, rate: float):
    """Every greek and the sum of the absolute terms of its formula."""
    f, k, t, v, r = (mpmath.mpf(x) for x in (forward, strike, years, volatility, rate))
    th = 1 if is_call else -1

    def cdf(z):
        return mpmath.erfc(-z / mpmath.sqrt(2)) / 2

    s, x = v * mpmath.sqrt(t), mpmath.log(f / k)
    d1, d2, discount = x / s + s / 2, x / s - s / 2, mpmath.exp(-r * t)
    density, size = mpmath.exp(-d1 * d1 / 2) / mpmath.sqrt(2 * mpmath.pi), abs(x / s) + s / 2
    value = discount * th * (f * cdf(th * d1) - k * cdf(th * d2))
    delta, gamma = discount * th * cdf(th * d1), discount * density / (f * s)
    vega, decay = discount * f * density * mpmath.sqrt(t), discount * f * density * v / (2 * mpmath.sqrt(t))
    return {
        "price": (value, value),
        "delta": (delta, abs(delta)),
        "gamma": (gamma, gamma),
        "vega_per_vol": (vega, vega),
        "theta_per_year": (-decay + r * value, decay + abs(r * value)),
        "rho": (-t * value, t * value),
        "vanna": (-discount * density * d2 / v, discount * density * size / v),
        "volga": (vega * d1 * d2 / v, vega * size * size / v),
        "charm_per_year": (
            r * delta + discount * density * (x / (2 * s * t) - s / (4 * t)),
            abs(r * delta) + discount * density * (abs(x) / (2 * s * t) + s / (4 * t)),
        ),
        "speed": (-gamma / f * (d1 / s + 1), gamma / f * (size / s + 1)),
        "color": (gamma * (r + (1 - d1 * d2) / (2 * t)), gamma * (abs(r) + (1 + size * size) / (2 * t))),
    }


@pytest.mark.parametrize("region", REGIONS, ids=[region[0] for region in REGIONS])
def test_all_greeks_against_sixty_digits(region: tuple) -> None:
    _, expiries, volatilities, distances, allowed = region
    rng = np.random.default_rng(3)
    n = 120
    years = np.exp(rng.uniform(*np.log(expiries), n))
    volatility = np.exp(rng.uniform(*np.log(volatilities), n))
    strike = 80.0 * np.exp(rng.uniform(*distances, n) * volatility * np.sqrt(years))
    is_call, rate = rng.random(n) < 0.5, rng.uniform(-0.02, 0.1, n)
    found = greeks(80.0, strike, years, volatility, is_call, rate)
    assert np.all(found.status == OptionStatus.OK)
    rows = zip(strike.tolist(), years.tolist(), volatility.tolist(), is_call.tolist(), rate.tolist(), strict=True)
    with mpmath.workdps(60):
        for i, row in enumerate(rows):
            for name, (exact, terms) in sixty_digits(80.0, *row).items():
                if terms > mpmath.mpf(10) ** -300:
                    assert abs(float(getattr(found, name)[i]) - exact) <= allowed * terms, (name, row)


def test_extreme_numbers_reach_their_limits_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = greeks([80.0, 80.0, 80.0, 1e300, 1e-300], [80.0, 80.0, 90.0, 1e-300, 1e300], 1.0,
                       [1e-300, 1e200, 1e-3, 0.2, 0.2], True, 0.05)  # fmt: skip
    assert np.all(found.status == OptionStatus.OK)
    for name in ("price", "delta", "gamma", "vega_per_vol", "theta_per_year", "vanna", "volga", "charm_per_year",
                 "speed", "color"):  # fmt: skip
        assert np.all(np.isfinite(getattr(found, name))), name
    assert found.price[1] == pytest.approx(80.0 * np.exp(-0.05))
    assert found.price[2] == 0.0 and found.price[4] == 0.0


def test_published_prices() -> None:
    haug, _ = price(19.0, 19.0, 0.75, 0.28, True, 0.10)
    hull, _ = price(20.0, 20.0, 4 / 12, 0.25, False, 0.09)
    assert float(haug) == pytest.approx(1.70105, abs=5e-6)
    assert float(hull) == pytest.approx(1.11664, abs=5e-6)


@given(strike=st.floats(40, 160), years=st.floats(0.01, 2), volatility=st.floats(0.05, 1.5), rate=st.floats(-0.02, 0.1))
def test_put_call_parity(strike: float, years: float, volatility: float, rate: float) -> None:
    call, _ = price(80.0, strike, years, volatility, True, rate)
    put, _ = price(80.0, strike, years, volatility, False, rate)
    assert float(call - put) == pytest.approx(np.exp(-rate * years) * (80.0 - strike), abs=1e-10)


@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_greeks_are_the_derivatives(case: tuple[float, ...], is_call: bool) -> None:
    names = ("forward", "strike", "years", "volatility", "rate")
    base = dict(zip(names, case, strict=True))
    values = greeks(**base, is_call=is_call)

    def shifted(of: str, name: str, step: float) -> float:
        up = getattr(greeks(**{**base, name: base[name] + step}, is_call=is_call), of)
        down = getattr(greeks(**{**base, name: base[name] - step}, is_call=is_call), of)
        return float(up - down) / (2 * step)

    expected = {
        "delta": shifted("price", "forward", 1e-4),
        "gamma": shifted("delta", "forward", 1e-4),
        "vega_per_vol": shifted("price", "volatility", 1e-6),
        "theta_per_year": -shifted("price", "years", 1e-6),
        "rho": shifted("price", "rate", 1e-6),
        "vanna": shifted("delta", "volatility", 1e-6),
        "volga": shifted("vega_per_vol", "volatility", 1e-6),
        "charm_per_year": -shifted("delta", "years", 1e-6),
        "speed": shifted("gamma", "forward", 1e-4),
        "color": -shifted("gamma", "years", 1e-6),
    }
    for name, value in expected.items():
        assert float(getattr(values, name)) == pytest.approx(value, rel=2e-6, abs=1e-8), name


def test_only_a_valid_contract_expires() -> None:
    _, status = price([80.0, -1.0, 80.0, np.inf], [80.0, 80.0, np.nan, 80.0], [0.0, 0.0, -1.0, 0.0], 0.2, True)
    assert status.tolist() == [OptionStatus.EXPIRED] + 3 * [OptionStatus.INVALID_INPUT]


def test_bad_elements_have_a_status_and_touch_no_other() -> None:
    forward = np.array([80.0, np.nan, -1.0, 80.0, 80.0])
    years = np.array([0.2, 0.2, 0.2, 0.0, 0.2])
    values, status = price(forward, 80.0, years, np.array([0.2, 0.2, 0.2, 0.2, 0.0]), True)
    wanted = [OptionStatus.OK, OptionStatus.INVALID_INPUT, OptionStatus.INVALID_INPUT, OptionStatus.EXPIRED,
              OptionStatus.INVALID_INPUT]  # fmt: skip
    assert status.tolist() == wanted
    assert np.isfinite(values).tolist() == [True, False, False, False, False]
    assert values[0] == price(80.0, 80.0, 0.2, 0.2, True)[0]


def test_log_moneyness_keeps_its_digits_near_the_money() -> None:
    strike = 80.0 * (1 + 2.0**-40)
    assert float(log_moneyness(80.0, strike)) == pytest.approx(-(2.0**-40), rel=1e-11)


ABSURD = [1e-320, 1e-300, 1e-150, 1.0, 1e150, 1e300, 1e308]


@pytest.mark.parametrize("is_call", [True, False])
def test_a_status_of_ok_means_finite_numbers(is_call: bool) -> None:
    forward, strike, years, volatility, rate = np.array(
        list(itertools.product(ABSURD, ABSURD, [1e-300, 1.0, 1e150], [1e-300, 9.0, 1e150], [-1.0, 1.0, -300.0]))
    ).T
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = greeks(forward, strike, years, volatility, is_call, rate)
        value, status = price(forward, strike, years, volatility, is_call, rate)
    good = found.status == OptionStatus.OK
    assert good.any() and (~good).any() and set(found.status[~good]) == {OptionStatus.INVALID_INPUT}
    for name in Greeks.__slots__:
        if name != "status":
            np.testing.assert_array_equal(np.isfinite(getattr(found, name)), good)
            assert np.isnan(getattr(found, name)[~good]).all()
    np.testing.assert_array_equal(np.isfinite(value), status == OptionStatus.OK)
    assert (~np.isfinite(value)).any() and not np.isinf(value).any()


def test_a_value_beyond_doubles_is_invalid_input() -> None:
    value, status = price([1e308, 80.0], [1e308, 80.0], 1.0, 9.0, True, -1.0)
    assert status.tolist() == [OptionStatus.INVALID_INPUT, OptionStatus.OK]
    assert np.isnan(value[0]) and value[1] == price(80.0, 80.0, 1.0, 9.0, True, -1.0)[0]
