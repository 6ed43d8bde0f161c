"""Greeks of American options on futures against QuantLib's reference engine, limits and identities."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import QuantLib as ql
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.signals.options_math.american import american_price
from engine.signals.options_math.american_greeks import american_greeks
from engine.signals.options_math.black76 import Greeks, greeks
from engine.signals.options_math.status_codes import OptionStatus

NAMES = [name for name in Greeks.__slots__ if name not in ("price", "status")]
DAY = 1.0 / 365.0


def quantlib(forward: float, strike: float, days: int, vol: float, is_call: bool, rate: float) -> float:
    today = ql.Date(2, 1, 2024)
    ql.Settings.instance().evaluationDate = today
    counter = ql.Actual365Fixed()
    curve = ql.YieldTermStructureHandle(ql.FlatForward(today, rate, counter))
    level = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), vol, counter))
    process = ql.BlackScholesMertonProcess(ql.QuoteHandle(ql.SimpleQuote(forward)), curve, curve, level)
    payoff = ql.PlainVanillaPayoff(ql.Option.Call if is_call else ql.Option.Put, strike)
    option = ql.VanillaOption(payoff, ql.AmericanExercise(today, today + days))
    option.setPricingEngine(ql.QdFpAmericanEngine(process, ql.QdFpAmericanEngine.highPrecisionScheme()))
    return option.NPV()


def fourth_order(function: Callable[[float], float], at: float, step: float) -> tuple[float, float]:
    """First and second derivative by central differences over five points."""
    values = [function(at + shift * step) for shift in (-2, -1, 0, 1, 2)]
    first = (values[0] - 8 * values[1] + 8 * values[3] - values[4]) / (12 * step)
    second = (-values[0] + 16 * values[1] - 30 * values[2] + 16 * values[3] - values[4]) / (12 * step**2)
    return first, second


CASES = [
    (80.0, strike, days, vol, is_call, rate)
    for strike, days, vol in ((70, 60, 0.3), (78, 365, 0.25), (80, 700, 0.5), (85, 120, 0.2), (100, 365, 0.4))
    for is_call in (True, False)
    for rate in (0.02, 0.09)
]


@pytest.mark.parametrize(("forward", "strike", "days", "vol", "is_call", "rate"), CASES)
def test_greeks_are_the_differences_of_reference_prices(
    forward: float, strike: float, days: int, vol: float, is_call: bool, rate: float
) -> None:
    found = american_greeks(forward, strike, days * DAY, vol, is_call, rate)
    assert found.status == OptionStatus.OK
    assert abs(abs(found.delta) - 1.0) > 1e-6, "the case lies in the exercise region"
    step = 0.01 * forward
    delta, gamma = fourth_order(lambda x: quantlib(x, strike, days, vol, is_call, rate), forward, step)
    vega, volga = fourth_order(lambda x: quantlib(forward, strike, days, x, is_call, rate), vol, 0.02 * vol)
    rho, _ = fourth_order(lambda x: quantlib(forward, strike, days, vol, is_call, x), rate, 0.001)
    later, _ = fourth_order(lambda x: quantlib(forward, strike, round(x), vol, is_call, rate), days, 1)
    expected = {"delta": delta, "gamma": gamma, "vega_per_vol": vega, "volga": volga, "rho": rho,
                "theta_per_year": -later / DAY}  # fmt: skip
    scale = {"delta": 1.0, "gamma": 0.02, "vega_per_vol": 20.0, "volga": 20.0, "rho": 20.0, "theta_per_year": 5.0}
    loose = {"gamma": 1e-4, "volga": 2e-4}
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, abs=loose.get(name, 2e-5) * scale[name]), name


@pytest.mark.parametrize(("forward", "strike", "days", "vol", "is_call", "rate"), CASES)
def test_the_third_and_mixed_derivatives_are_those_of_delta_gamma_and_vega(
    forward: float, strike: float, days: int, vol: float, is_call: bool, rate: float
) -> None:
    def at(future: float = forward, years: float = days * DAY, sigma: float = vol) -> Greeks:
        return american_greeks(future, strike, years, sigma, is_call, rate)

    found = at()
    assert found.speed == pytest.approx(fourth_order(lambda x: float(at(x).gamma), forward, 0.2)[0], abs=2e-7)
    assert found.vanna == pytest.approx(fourth_order(lambda x: float(at(x).vega_per_vol), forward, 0.2)[0], abs=2e-4)
    day = 0.5 * DAY
    assert found.charm_per_year == pytest.approx(
        -fourth_order(lambda x: float(at(years=x).delta), days * DAY, day)[0], abs=1e-4
    )
    assert found.color == pytest.approx(-fourth_order(lambda x: float(at(years=x).gamma), days * DAY, day)[0], abs=1e-4)


numbers = st.fixed_dictionaries(
    {
        "strike": st.floats(40.0, 160.0),
        "years": st.floats(DAY, 2.0),
        "volatility": st.floats(0.05, 1.5),
        "is_call": st.booleans(),
        "rate": st.floats(0.0, 0.1),
    }
)


@settings(max_examples=150, deadline=None)
@given(numbers)
def test_every_option_has_all_greeks_within_their_bounds(option: dict[str, float]) -> None:
    found = american_greeks(80.0, **option)
    price, status = american_price(80.0, **option)
    assert (found.price, found.status) == (price, status) and status == OptionStatus.OK
    values = {name: float(getattr(found, name)) for name in NAMES}
    assert all(np.isfinite(list(values.values()))), values
    assert -1e-6 <= (values["delta"] if option["is_call"] else -values["delta"]) <= 1.0 + 1e-6
    assert values["gamma"] >= -1e-6 and values["vega_per_vol"] >= -1e-3
    assert values["rho"] <= 1e-2 and values["theta_per_year"] <= 1e-3


@settings(max_examples=50, deadline=None)
@given(numbers)
def test_without_a_rate_they_are_the_european_ones(option: dict[str, float]) -> None:
    for rate in (0.0, -0.02):
        found, european = (calculate(80.0, **{**option, "rate": rate}) for calculate in (american_greeks, greeks))
        for name in NAMES:
            np.testing.assert_allclose(getattr(found, name), getattr(european, name), rtol=1e-12, atol=1e-300)


def test_where_exercise_is_best_only_delta_is_left() -> None:
    found = american_greeks([80.0, 80.0], [20.0, 200.0], 0.5, 0.2, [True, False], 0.08)
    np.testing.assert_array_equal(found.price, [60.0, 120.0])
    np.testing.assert_array_equal(found.delta, [1.0, -1.0])
    assert all((getattr(found, name) == 0.0).all() for name in NAMES if name != "delta")


def test_a_bad_element_is_alone_and_the_batch_changes_nothing() -> None:
    strike = np.array([[70.0, np.nan, 85.0], [80.0, -3.0, 90.0]])
    years = np.array([[0.5, 0.5, 0.5], [0.0, 0.5, 0.5]])
    found = american_greeks(80.0, strike, years, 0.3, True, 0.05)
    expected = [[OptionStatus.OK, OptionStatus.INVALID_INPUT, OptionStatus.OK],
                [OptionStatus.EXPIRED, OptionStatus.INVALID_INPUT, OptionStatus.OK]]  # fmt: skip
    np.testing.assert_array_equal(found.status, expected)
    for name in NAMES:
        values = getattr(found, name)
        np.testing.assert_array_equal(np.isnan(values), found.status != OptionStatus.OK)
        for place in ((0, 0), (0, 2), (1, 2)):
            alone = american_greeks(80.0, strike[place], years[place], 0.3, True, 0.05)
            assert getattr(alone, name) == pytest.approx(values[place], rel=1e-9, abs=1e-12)


ABSURD = [1e-320, 1e-300, 1e-150, 1.0, 1e150, 1e300, 1e308]


@pytest.mark.parametrize("is_call", [True, False])
def test_a_status_of_ok_means_finite_numbers(is_call: bool) -> None:
    forward, strike, years, volatility, rate = np.array(
        list(itertools.product(ABSURD, ABSURD, [0.5], [1e-300, 0.3, 9.0], [-1.0, 0.04]))
    ).T
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = american_greeks(forward, strike, years, volatility, is_call, rate)
        american_greeks(1e300, 1.0, 0.5, 0.3, is_call, 0.04)
    good = found.status == OptionStatus.OK
    assert good.any() and not good.all()
    for name in ("price", *NAMES):
        np.testing.assert_array_equal(np.isfinite(getattr(found, name)), good)


def test_an_option_has_the_same_last_digit_in_every_company() -> None:
    draw, count = np.random.default_rng(1), 300
    options = (
        draw.uniform(50, 120, count), draw.uniform(50, 120, count), draw.uniform(0.01, 2, count),
        draw.uniform(0.05, 1.5, count), draw.random(count) < 0.5, draw.uniform(0.001, 0.3, count),
    )  # fmt: skip
    whole = american_greeks(*options)
    for size in (1, 2, 3, 7, 9, 127):
        for chosen in (draw.choice(count, size, replace=False) for _ in range(3)):
            found = american_greeks(*(item[chosen] for item in options))
            for name in NAMES:
                np.testing.assert_array_equal(getattr(found, name), getattr(whole, name)[chosen], err_msg=name)
