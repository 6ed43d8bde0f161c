"""Inversion to the accuracy of the price; every failure has a name; nothing raises or warns."""

from __future__ import annotations

import math
import warnings

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import ndtr

from engine.signals.options_math.black76 import price
from engine.signals.options_math.implied_volatility import (
    implied_volatility,
    implied_volatility_interval,
    resolved_implied_volatility,
)
from engine.signals.options_math.status_codes import OptionStatus


def ordinary_options(n: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(5)
    years, volatility = rng.uniform(3 / 365, 1.0, n), rng.uniform(0.12, 0.8, n)
    strike = 80.0 * np.exp(rng.uniform(-3, 3, n) * volatility * np.sqrt(years))
    return strike, years, volatility


def test_round_trip_of_out_of_the_money_options() -> None:
    strike, years, volatility = ordinary_options(20_000)
    value, _ = price(80.0, strike, years, volatility, strike > 80.0, 0.03)
    answer, status = implied_volatility(value, 80.0, strike, years, strike > 80.0, np.exp(-0.03 * years))
    assert np.all(status == OptionStatus.OK)
    assert np.max(np.abs(answer / volatility - 1.0)) <= 1e-12


def test_round_trip_of_in_the_money_options() -> None:
    strike, years, volatility = ordinary_options(20_000)
    value, _ = price(80.0, strike, years, volatility, strike < 80.0)
    answer, status = implied_volatility(value, 80.0, strike, years, strike < 80.0)
    assert np.all(status == OptionStatus.OK)
    assert np.max(np.abs(answer / volatility - 1.0)) <= 1e-10


def exact_price(forward, strike, years, volatility, is_call, discount):
    """Price and vega in the working precision of mpmath."""
    forward, strike, years, volatility, discount = map(mpmath.mpf, (forward, strike, years, volatility, discount))
    sign, s = (1 if is_call else -1), volatility * mpmath.sqrt(years)
    d1 = mpmath.log(forward / strike) / s + s / 2

    def cdf(z):
        return mpmath.erfc(-z / mpmath.sqrt(2)) / 2

    density = mpmath.exp(-d1 * d1 / 2) / mpmath.sqrt(2 * mpmath.pi)
    value = discount * sign * (forward * cdf(sign * d1) - strike * cdf(sign * (d1 - s)))
    return value, discount * forward * density * mpmath.sqrt(years)


# Name, scale of the forward, expiries, volatilities, standard deviations from the money.
REGIONS = [
    ("ordinary", 80.0, (3 / 365, 1.0), (0.12, 0.8), (-3.0, 3.0)),
    ("wide", 80.0, (1 / 365, 2.0), (0.05, 1.5), (-8.0, 8.0)),
    ("ln(F/K) of near numbers", 80.0, (1 / 365, 2.0), (0.01, 8.0), (-1e-8, 1e-8)),
    ("one day, 1 %", 80.0, (1 / 365, 1 / 364), (0.01, 0.0101), (-20.0, 20.0)),
    ("800 %", 80.0, (1 / 365, 4.0), (4.0, 10.0), (-3.0, 3.0)),
    ("prices down to 1e-300", 80.0, (1 / 365, 2.0), (0.01, 8.0), (-36.0, 36.0)),
    ("huge numbers", 1e250, (1 / 365, 2.0), (0.05, 1.5), (-6.0, 6.0)),
    ("tiny numbers", 1e-200, (1 / 365, 2.0), (0.05, 1.5), (-6.0, 6.0)),
    ("hardly any volatility", 80.0, (1 / 365, 2.0), (1e-8, 1e-3), (-20.0, 20.0)),
]


@pytest.mark.parametrize("region", REGIONS, ids=[region[0] for region in REGIONS])
def test_against_sixty_digit_inversion_of_the_rounded_price(region: tuple) -> None:
    _, forward, expiries, volatilities, distances = region
    rng = np.random.default_rng(5)
    n = 100
    years = np.exp(rng.uniform(*np.log(expiries), n))
    volatility = np.exp(rng.uniform(*np.log(volatilities), n))
    strike = forward * np.exp(rng.uniform(*distances, n) * volatility * np.sqrt(years))
    is_call, discount = rng.random(n) < 0.5, np.exp(-0.05 * years)
    with mpmath.workdps(80):
        terms = list(zip(strike.tolist(), years.tolist(), is_call.tolist(), discount.tolist(), strict=True))
        prices = np.array([float(exact_price(forward, k, t, v, c, d)[0])
                           for (k, t, c, d), v in zip(terms, volatility.tolist(), strict=True)])  # fmt: skip
        found = resolved_implied_volatility(prices, forward, strike, years, is_call, discount)
        out_of_the_money = is_call == (strike >= forward)
        upper = np.where(out_of_the_money, np.minimum(strike, forward), np.maximum(strike, forward)) * discount
        # Every out-of-the-money price that is not rounded to zero or to its upper bound has a volatility.
        assert np.all(found.status[out_of_the_money & (prices > 0) & (prices < (1 - 1e-9) * upper)] == OptionStatus.OK)
        assert set(found.status.tolist()) <= {OptionStatus.OK, OptionStatus.AT_INTRINSIC, OptionStatus.NOT_INVERTIBLE,
                                              OptionStatus.ABOVE_MAX, OptionStatus.ZERO_PRICE}  # fmt: skip
        for i in np.flatnonzero(found.status == OptionStatus.OK).tolist():
            (k, t, c, d), target = terms[i], mpmath.mpf(float(prices[i]))
            root = mpmath.mpf(float(found.volatility[i]))
            for _ in range(3):
                value, vega = exact_price(forward, k, t, root, c, d)
                root -= (value - target) / vega
            rounding = float(found.rounding[i])
            assert abs(float(found.volatility[i]) / root - 1) <= 2e-14, terms[i]
            # Half a unit in the last place lies between the price put in and its double: `rounding` is honest.
            assert abs(volatility[i] - root) <= 1.01 * rounding + 1e-15 * root, terms[i]


def test_what_a_double_cannot_say_is_said() -> None:
    strike = np.array([80.0, 60.0, 40.0, 20.0, 10.0])
    value, _ = price(80.0, strike, 0.25, 0.3, True)
    found = resolved_implied_volatility(value, 80.0, strike, 0.25, True)
    answered = found.status == OptionStatus.OK
    assert answered.tolist() == [True, True, True, False, False]
    assert np.all(np.abs(found.volatility[answered] - 0.3) <= 8.0 * found.rounding[answered] + 1e-15)
    assert np.all(np.diff(found.rounding[answered]) > 0)
    assert set(found.status[~answered].tolist()) <= {OptionStatus.AT_INTRINSIC, OptionStatus.NOT_INVERTIBLE}


def test_a_price_next_to_its_bound_is_not_inverted() -> None:
    prices = np.nextafter(80.0, 0.0) * np.array([1.0, 0.999, 0.5])
    found = resolved_implied_volatility(prices, 80.0, 80.0, 1.0, True)
    assert found.status.tolist() == [OptionStatus.NOT_INVERTIBLE, OptionStatus.OK, OptionStatus.OK]


@pytest.mark.parametrize(
    ("strike", "years", "volatility"),
    [(80.0, 1 / 365, 0.05), (80.0001, 0.1, 0.01), (100.0, 0.1, 0.05), (400.0, 1.0, 0.2), (20.0, 2.0, 0.15),
     (80.0, 2.0, 3.0), (200.0, 2.0, 4.0)],
)  # fmt: skip
def test_hard_cases(strike: float, years: float, volatility: float) -> None:
    value, _ = price(80.0, strike, years, volatility, strike >= 80.0)
    answer, status = implied_volatility(value, 80.0, strike, years, strike >= 80.0)
    assert status == OptionStatus.OK
    assert float(answer) == pytest.approx(volatility, rel=1e-9)


@given(strike=st.floats(60, 110), years=st.floats(0.02, 2.0), volatility=st.floats(0.08, 1.2))
def test_agrees_with_brentq(strike: float, years: float, volatility: float) -> None:
    is_call = strike >= 80.0
    value = float(price(80.0, strike, years, volatility, is_call)[0])
    if value < 1e-9:
        return

    def gap(sigma: float) -> float:
        deviation = sigma * math.sqrt(years)
        d1 = math.log(80.0 / strike) / deviation + deviation / 2
        call = 80.0 * ndtr(d1) - strike * ndtr(d1 - deviation)
        return float(call if is_call else call - 80.0 + strike) - value

    oracle = brentq(gap, 1e-3, 5.0, xtol=1e-14, rtol=1e-14)
    assert float(implied_volatility(value, 80.0, strike, years, is_call)[0]) == pytest.approx(oracle, rel=1e-6)


def test_every_failure_has_its_name_and_nothing_warns() -> None:
    cases = [
        (5.0, 80.0, 80.0, 0.5, True, OptionStatus.OK),
        (9.0, 90.0, 80.0, 0.5, True, OptionStatus.BELOW_INTRINSIC),
        (10.0, 90.0, 80.0, 0.5, True, OptionStatus.AT_INTRINSIC),
        (95.0, 90.0, 80.0, 0.5, True, OptionStatus.ABOVE_MAX),
        (0.0, 80.0, 80.0, 0.5, True, OptionStatus.ZERO_PRICE),
        (5.0, 80.0, 80.0, 0.0, True, OptionStatus.EXPIRED),
        (math.nan, 80.0, 80.0, 0.5, True, OptionStatus.INVALID_INPUT),
        (-1.0, 80.0, 80.0, 0.5, True, OptionStatus.INVALID_INPUT),
        (5.0, math.inf, 80.0, 0.5, True, OptionStatus.INVALID_INPUT),
        (5.0, 80.0, 0.0, 0.5, False, OptionStatus.INVALID_INPUT),
    ]
    columns = [np.array(column) for column in zip(*cases, strict=True)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer, status = implied_volatility(*columns[:5])
    assert status.tolist() == columns[5].tolist()
    assert np.isfinite(answer).tolist() == [code == OptionStatus.OK for code in columns[5]]


@given(
    bad=st.lists(st.sampled_from([math.nan, math.inf, -math.inf, -3.0, 0.0, 1e300, 1e-300, 79.0, 81.0]), max_size=8),
    position=st.integers(0, 8),
)
def test_one_bad_element_never_changes_another(bad: list[float], position: int) -> None:
    place = min(position, len(bad))
    prices = np.array([*bad[:place], 2.5, *bad[place:]])
    alone, _ = implied_volatility(np.array([2.5]), 80.0, 82.0, 0.3, True)
    together, status = implied_volatility(prices, 80.0, 82.0, 0.3, True)
    assert together[place] == alone[0]
    assert np.array_equal(np.isnan(together), status != OptionStatus.OK)


def test_interval_of_a_quote_and_worth_of_a_tick() -> None:
    found = implied_volatility_interval([2.0, 0.0], [2.2, 0.1], 80.0, [80.0, 110.0], 0.25, True, tick=0.025)
    assert found.bid[0] < found.mid[0] < found.ask[0]
    assert found.bid_status.tolist() == [OptionStatus.OK, OptionStatus.ZERO_PRICE]
    assert found.volatility_per_tick[0] == pytest.approx(0.025 / (80.0 * 0.5 * 0.3989), rel=1e-2)


def test_the_least_prices_have_a_volatility() -> None:
    prices = np.array([5e-324, 1e-310, 1e-300, 2e-269, 2.6e-7])
    values, status = implied_volatility(prices, 80.0, 400.0, 0.5, True)
    assert np.all(status[1:] == OptionStatus.OK)
    assert np.all(np.diff(values[1:]) > 0)


@given(scale=st.sampled_from([2.0**-30, 0.5, 4.0, 2.0**40]), strike=st.floats(60, 110), value=st.floats(1e-6, 30))
def test_a_change_of_unit_changes_nothing(scale: float, strike: float, value: float) -> None:
    one = resolved_implied_volatility(value, 80.0, strike, 0.4, True, 0.97)
    other = resolved_implied_volatility(scale * value, scale * 80.0, scale * strike, 0.4, True, 0.97)
    assert one.status == other.status
    assert float(other.volatility) == pytest.approx(float(one.volatility), rel=1e-13, nan_ok=True)


@given(strike=st.floats(60, 110), years=st.floats(0.02, 2.0), volatility=st.floats(0.08, 1.2))
def test_call_and_put_agree_within_what_their_prices_resolve(strike: float, years: float, volatility: float) -> None:
    value, _ = price(80.0, strike, years, volatility, [True, False])
    found = resolved_implied_volatility(value, 80.0, strike, years, [True, False])
    if np.all(found.status == OptionStatus.OK):
        assert abs(found.volatility[0] - found.volatility[1]) <= 8.0 * found.rounding.sum() + 1e-14


def test_broadcasting_keeps_the_shape() -> None:
    values, status = implied_volatility(np.full((3, 1), 2.5), 80.0, np.array([80.0, 82.0]), 0.3, True)
    assert values.shape == status.shape == (3, 2)
    assert implied_volatility(2.5, 80.0, 82.0, 0.3, True)[0].shape == ()
