"""American prices against QuantLib's high-precision engine, an own binomial tree, limits and no-arbitrage."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
import QuantLib as ql
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.special import ndtr

from engine.signals.options_math import black76
from engine.signals.options_math.american import american_price
from engine.signals.options_math.status_codes import OptionStatus

F = 80.0
# Differences of two prices, each good to this many cents.
ACCURACY = 2e-5
Sample = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def options(n: int, seed: int) -> Sample:
    """strike, years, volatility, is_call, rate over the whole stated range."""
    rng = np.random.default_rng(seed)
    years = np.exp(rng.uniform(np.log(1 / 365), np.log(2.0), n))
    volatility = np.exp(rng.uniform(np.log(0.05), np.log(1.5), n))
    return F * rng.uniform(0.5, 1.5, n), years, volatility, rng.random(n) < 0.5, rng.uniform(0.0, 0.1, n)


def corners() -> Sample:
    table = [
        (k, t, v, c, r)
        for k in (40.0, 79.0, 88.0, 120.0)
        for t in (1 / 365, 0.25, 2.0)
        for v in (0.05, 0.25, 1.5)
        for c in (True, False)
        for r in (1e-4, 0.03, 0.1)
    ]
    return tuple(np.array(column) for column in zip(*table, strict=True))  # type: ignore[return-value]


def quantlib(spot: float, strike: float, years: float, volatility: float, is_call: bool, rate: float, yield_: float,
             scheme: object) -> float:  # fmt: skip
    """QuantLib's own collocation over one year, to which the option is scaled."""
    today, day = ql.Date(1, 1, 2024), ql.Actual365Fixed()
    ql.Settings.instance().evaluationDate = today
    curves = [ql.YieldTermStructureHandle(ql.FlatForward(today, x * years, day)) for x in (yield_, rate)]
    flat = ql.BlackConstantVol(today, ql.NullCalendar(), volatility * np.sqrt(years), day)
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(spot)), *curves, ql.BlackVolTermStructureHandle(flat)
    )
    payoff = ql.PlainVanillaPayoff(ql.Option.Call if is_call else ql.Option.Put, strike)
    option = ql.VanillaOption(payoff, ql.AmericanExercise(today, today + 365))
    option.setPricingEngine(ql.QdFpAmericanEngine(process, scheme))
    return float(option.NPV())


def tree_puts(
    strike: np.ndarray, years: np.ndarray, volatility: np.ndarray, rate: np.ndarray, steps: int
) -> np.ndarray:
    """Binomial tree whose last step is Black's formula (Broadie and Detemple 1996)."""
    dt = years / steps
    up = np.exp(volatility * np.sqrt(dt))
    probability, discount = (1.0 - 1.0 / up) / (up - 1.0 / up), np.exp(-rate * dt)
    price = F * up ** (2.0 * np.arange(steps)[:, None] - (steps - 1))
    d1 = np.log(price / strike) / (volatility * np.sqrt(dt)) + 0.5 * volatility * np.sqrt(dt)
    held = discount * (strike * ndtr(volatility * np.sqrt(dt) - d1) - price * ndtr(-d1))
    value = np.maximum(held, strike - price)
    for _ in range(steps - 1):
        price = price[1:] / up
        value = np.maximum(discount * (probability * value[1:] + (1.0 - probability) * value[:-1]), strike - price)
    return value[0]


@pytest.mark.parametrize("sample", [options(150, 1), corners()], ids=["random", "corners"])
def test_against_quantlib_high_precision(sample: Sample) -> None:
    strike, years, volatility, is_call, rate = sample
    found, status = american_price(F, strike, years, volatility, is_call, rate)
    assert np.all(status == OptionStatus.OK)
    scheme = ql.QdFpAmericanEngine.highPrecisionScheme()
    rows = zip(strike.tolist(), years.tolist(), volatility.tolist(), is_call.tolist(), rate.tolist(), strict=True)
    exact = np.array([quantlib(F, k, t, v, c, r, r, scheme) for k, t, v, c, r in rows])
    assert np.max(np.abs(found - exact)) < ACCURACY


def test_against_an_extrapolated_tree() -> None:
    strike, years, volatility, _, rate = options(30, 2)
    found, _ = american_price(F, strike, years, volatility, False, rate)
    fine, coarse = (tree_puts(strike, years, volatility, rate, steps) for steps in (2000, 1000))
    assert np.max(np.abs(found - (2.0 * fine - coarse))) < 1e-4


@pytest.mark.parametrize(("years", "rate", "volatility"), [(4.0, 0.1, 0.3), (1.0, 0.4, 0.2), (2.0, 0.05, 3.0)])
def test_beyond_the_stated_range_it_still_holds(years: float, rate: float, volatility: float) -> None:
    scheme = ql.QdFpAmericanEngine.highPrecisionScheme()
    for strike in (60.0, 80.0, 110.0):
        found, _ = american_price(F, strike, years, volatility, False, rate)
        exact = quantlib(F, strike, years, volatility, False, rate, rate, scheme)
        assert float(found) == pytest.approx(exact, abs=5e-5)


def test_spot_options_with_a_carry_against_quantlib() -> None:
    rng = np.random.default_rng(6)
    strike, years, _, is_call, rate = options(80, 6)
    volatility, yield_ = rng.uniform(0.15, 0.8, 80), rng.uniform(0.0, 0.1, 80)
    rate += 0.005
    forward = F * np.exp((rate - yield_) * years)
    found, status = american_price(forward, strike, years, volatility, is_call, rate, rate - yield_)
    assert np.all(status == OptionStatus.OK)
    scheme = ql.QdFpAmericanEngine.highPrecisionScheme()
    rows = zip(strike, years, volatility, is_call, rate, yield_, strict=True)
    exact = np.array([quantlib(F, *(x.item() for x in row), scheme) for row in rows])
    assert np.max(np.abs(found - exact)) < 5e-5


def test_in_the_exercise_region_the_price_is_intrinsic_to_the_last_digit() -> None:
    strike = np.array([100.0, 110.0, 50.0])
    found, status = american_price(F, strike, 1.0, 0.1, [False, False, True], 0.08)
    assert found.tolist() == [20.0, 30.0, 30.0]
    assert np.all(status == OptionStatus.OK)


def test_where_early_exercise_cannot_pay_the_price_is_european_to_the_last_digit() -> None:
    strike, years, volatility, is_call, _ = options(200, 3)
    for rate in (0.0, -0.02):
        found, _ = american_price(F, strike, years, volatility, is_call, rate)
        assert np.array_equal(found, black76.price(F, strike, years, volatility, is_call, rate)[0])
    # A call on spot without a dividend, and a put that earns nothing by being exercised.
    call, _ = american_price(F, strike, years, volatility, True, 0.05, 0.05)
    assert np.array_equal(call, black76.price(F, strike, years, volatility, True, 0.05)[0])
    put, _ = american_price(F, strike, years, volatility, False, 0.0, -0.03)
    assert np.array_equal(put, black76.price(F, strike, years, volatility, False, 0.0)[0])


def test_two_boundaries_are_not_priced_and_bad_rows_touch_no_other() -> None:
    rate = np.array([-0.02, 0.05, 0.05, 0.05, 0.05, np.nan, 0.05])
    carry = np.array([0.03, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    years = np.array([1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    volatility = np.array([0.2, 0.2, 0.2, 0.0, 0.2, 0.2, np.inf])
    forward = np.array([80.0, 80.0, 80.0, 80.0, -1.0, 80.0, 80.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, status = american_price(forward, 80.0, years, volatility, False, rate, carry)
    bad = OptionStatus.INVALID_INPUT
    assert status.tolist() == [bad, OptionStatus.OK, OptionStatus.EXPIRED, bad, bad, bad, bad]
    assert np.isfinite(found).tolist() == [code == OptionStatus.OK for code in status]
    assert found[1] == pytest.approx(float(american_price(80.0, 80.0, 1.0, 0.2, False, 0.05)[0]), rel=1e-14)


def test_numbers_far_outside_the_range_end_in_a_price_or_a_status_without_a_warning() -> None:
    numbers = [1e-12, 1e-3, 1.0, 1e3, 1e12]
    grid = np.meshgrid([1e-6, 1.0, 1e6], [1e-9, 0.01, 50.0], numbers, [1e-15, 1e-6, 0.5, 30.0], [True, False])
    strike, years, volatility, rate, call = (item.ravel() for item in grid)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, status = american_price(1.0, strike, years, volatility, call.astype(bool), rate)
    assert np.array_equal(np.isfinite(found), status == OptionStatus.OK)
    priced = status == OptionStatus.OK
    bound = np.where(call.astype(bool), 1.0, strike)
    assert np.all(found[priced] <= bound[priced] * (1.0 + 1e-3))


terms = {
    "strike": st.floats(40, 120),
    "years": st.floats(1 / 365, 2.0),
    "volatility": st.floats(0.05, 1.5),
    "is_call": st.booleans(),
    "rate": st.floats(0.0, 0.1),
}


@given(**terms)
@example(strike=107.0, years=0.125, volatility=0.125, is_call=False, rate=1e-11)
def test_bounds(strike: float, years: float, volatility: float, is_call: bool, rate: float) -> None:
    american = float(american_price(F, strike, years, volatility, is_call, rate)[0])
    european = float(black76.price(F, strike, years, volatility, is_call, rate)[0])
    assert american >= european
    assert american >= max(0.0, F - strike if is_call else strike - F)
    assert american <= european * np.exp(rate * years) + ACCURACY


@given(**terms, factor=st.floats(1.0, 1.5))
def test_rises_with_volatility_and_time(
    strike: float, years: float, volatility: float, is_call: bool, rate: float, factor: float
) -> None:
    one = float(american_price(F, strike, years, volatility, is_call, rate)[0])
    assert float(american_price(F, strike, years, volatility * factor, is_call, rate)[0]) >= one - ACCURACY
    assert float(american_price(F, strike, years * factor, volatility, is_call, rate)[0]) >= one - ACCURACY


@given(**terms, scale=st.sampled_from([1e-3, 0.5, 3.0, 1e4]))
def test_symmetry_and_scaling(
    strike: float, years: float, volatility: float, is_call: bool, rate: float, scale: float
) -> None:
    one = float(american_price(F, strike, years, volatility, is_call, rate)[0])
    mirrored = float(american_price(strike, F, years, volatility, not is_call, rate)[0])
    scaled = float(american_price(scale * F, scale * strike, years, volatility, is_call, rate)[0])
    assert mirrored == pytest.approx(one, abs=1e-10)
    assert scaled == pytest.approx(scale * one, rel=1e-10, abs=1e-10 * scale)


@given(**terms)
def test_parity_is_an_inequality(strike: float, years: float, volatility: float, is_call: bool, rate: float) -> None:
    del is_call
    call, put = american_price(F, strike, years, volatility, [True, False], rate)[0].tolist()
    discount = np.exp(-rate * years)
    assert discount * F - strike - 2 * ACCURACY <= call - put <= F - discount * strike + 2 * ACCURACY


def test_the_order_and_the_company_of_options_change_nothing() -> None:
    strike, years, volatility, is_call, rate = options(300, 8)
    together, _ = american_price(F, strike, years, volatility, is_call, rate)
    backwards, _ = american_price(F, strike[::-1], years[::-1], volatility[::-1], is_call[::-1], rate[::-1])
    assert together == pytest.approx(backwards[::-1], rel=1e-12, abs=1e-12)
    alone, _ = american_price(F, strike[7], years[7], volatility[7], is_call[7], rate[7])
    assert float(alone) == pytest.approx(together[7], rel=1e-12, abs=1e-12)


ABSURD = [1e-320, 1e-300, 1e-150, 1.0, 1e150, 1e300, 1e308]


@pytest.mark.parametrize("is_call", [True, False])
def test_a_status_of_ok_means_finite_numbers(is_call: bool) -> None:
    forward, strike, years, volatility, rate = np.array(
        list(itertools.product(ABSURD, ABSURD, [1e-300, 1.0], [1e-300, 0.3, 9.0], [-1.0, 0.04, -300.0]))
    ).T
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value, status = american_price(forward, strike, years, volatility, is_call, rate)
    np.testing.assert_array_equal(np.isfinite(value), status == OptionStatus.OK)
    assert not np.isinf(value).any() and (status == OptionStatus.OK).any()
    assert american_price(1e308, 1e308, 1.0, 9.0, is_call, -1.0)[1] == OptionStatus.INVALID_INPUT


def test_an_option_has_the_same_last_digit_in_every_company() -> None:
    draw, count = np.random.default_rng(1), 300
    options = (
        draw.uniform(50, 120, count), draw.uniform(50, 120, count), draw.uniform(0.01, 2, count),
        draw.uniform(0.05, 1.5, count), draw.random(count) < 0.5, draw.uniform(0.001, 0.3, count),
    )  # fmt: skip
    whole = american_price(*options)[0]
    for size in (1, 2, 3, 5, 7, 8, 9, 31, 127, 129):
        for chosen in (draw.choice(count, size, replace=False) for _ in range(6)):
            np.testing.assert_array_equal(american_price(*(item[chosen] for item in options))[0], whole[chosen])
