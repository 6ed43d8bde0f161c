"""Round trips through the American price, limits, and a name for every failure."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.signals.options_math import black76
from engine.signals.options_math.american import american_price
from engine.signals.options_math.de_americanise import european_equivalent
from engine.signals.options_math.implied_volatility import implied_volatility
from engine.signals.options_math.status_codes import OptionStatus

F = 80.0


def options(n: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(4)
    years = np.exp(rng.uniform(np.log(1 / 365), np.log(2.0), n))
    volatility, rate = rng.uniform(0.05, 1.5, n), rng.uniform(0.0, 0.1, n)
    strike = np.clip(F * np.exp(rng.uniform(-2.5, 2.5, n) * volatility * np.sqrt(years)), 40.0, 120.0)
    return strike, years, volatility, rng.random(n) < 0.5, rate


@pytest.mark.parametrize("tick", [0.0, 0.025])
def test_round_trip(tick: float) -> None:
    strike, years, volatility, is_call, rate = options(1500)
    value, _ = american_price(F, strike, years, volatility, is_call, rate)
    found = european_equivalent(value, F, strike, years, is_call, rate, tick=tick)
    exact, _ = black76.price(F, strike, years, volatility, is_call, rate)
    intrinsic = np.where(is_call, F - strike, strike - F)
    exercised = (intrinsic > 0) & (value <= intrinsic + 0.5 * tick)
    near = (intrinsic > 0) & (value <= intrinsic + 0.5 * tick + 1e-12)
    assert np.all(found.status[exercised] == OptionStatus.EXERCISE_REGION)
    assert np.all(found.status[~near & (value > 0)] == OptionStatus.OK)
    answered = found.status == OptionStatus.OK
    assert np.max(np.abs(found.european_price - exact)[answered]) < 1e-4
    assert np.max(np.abs(found.volatility / volatility - 1.0)[answered & (value - intrinsic > 0.0125)]) < 1e-4


def test_round_trip_with_a_carry() -> None:
    strike, years, _, is_call, _ = options(100)
    volatility = np.linspace(0.15, 0.8, 100)
    value, status = american_price(F, strike, years, volatility, is_call, 0.05, 0.02)
    found = european_equivalent(value, F, strike, years, is_call, 0.05, 0.02, tick=0.025)
    exact, _ = black76.price(F, strike, years, volatility, is_call, 0.05)
    answered = found.status == OptionStatus.OK
    assert np.all(
        (found.status == OptionStatus.EXERCISE_REGION) | answered | (value == 0) | (status != OptionStatus.OK)
    )
    assert answered.sum() > 70
    assert np.max(np.abs(found.european_price - exact)[answered]) < 1e-4


@settings(max_examples=60)
@given(strike=st.floats(65, 95), years=st.floats(0.01, 2.0), volatility=st.floats(0.1, 0.8), is_call=st.booleans(),
       rate=st.floats(0.0, 0.1), bump=st.floats(0.001, 1.0))  # fmt: skip
def test_a_higher_price_means_a_higher_volatility_below_the_european_one(
    strike: float, years: float, volatility: float, is_call: bool, rate: float, bump: float
) -> None:
    value = float(american_price(F, strike, years, volatility, is_call, rate)[0])
    found = european_equivalent([value, value + bump], F, strike, years, is_call, rate, tick=0.025)
    if np.all(found.status == OptionStatus.OK):
        assert found.volatility[1] > found.volatility[0]
        assert np.all(found.european_price <= np.array([value, value + bump]) + 1e-9)
        naive, _ = implied_volatility([value, value + bump], F, strike, years, is_call, np.exp(-rate * years))
        assert np.all(~(found.volatility > naive * (1.0 + 1e-7)))


def test_without_a_rate_nothing_changes() -> None:
    strike, years, volatility, is_call, _ = options(300)
    value, _ = black76.price(F, strike, years, volatility, is_call)
    found = european_equivalent(value, F, strike, years, is_call)
    answered = found.status == OptionStatus.OK
    assert answered.sum() > 200
    assert found.european_price[answered] == pytest.approx(value[answered], abs=1e-9)


def test_every_failure_has_its_name_and_nothing_warns() -> None:
    ok, bad = OptionStatus.OK, OptionStatus.INVALID_INPUT
    cases = [
        (10.3, 90.0, 80.0, 0.5, True, ok),
        (10.012, 90.0, 80.0, 0.5, True, OptionStatus.EXERCISE_REGION),
        (9.99, 90.0, 80.0, 0.5, True, OptionStatus.EXERCISE_REGION),
        (9.9, 90.0, 80.0, 0.5, True, OptionStatus.BELOW_INTRINSIC),
        (90.0, 90.0, 80.0, 0.5, True, OptionStatus.ABOVE_MAX),
        (89.9, 90.0, 80.0, 0.5, True, ok),
        (79.9, 90.0, 80.0, 0.5, False, ok),
        (80.0, 90.0, 80.0, 0.5, False, OptionStatus.ABOVE_MAX),
        (0.0125, 90.0, 60.0, 0.1, False, ok),
        (0.0, 90.0, 60.0, 0.1, False, OptionStatus.ZERO_PRICE),
        (3.0, 90.0, 88.0, 0.0, True, OptionStatus.EXPIRED),
        (-1.0, 90.0, 88.0, 0.5, True, bad),
        (np.nan, 90.0, 88.0, 0.5, True, bad),
        (3.0, np.inf, 88.0, 0.5, True, bad),
        (3.0, 90.0, -1.0, 0.5, True, bad),
    ]
    columns = [np.array(column) for column in zip(*cases, strict=True)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = european_equivalent(*columns[:5], 0.05, tick=0.025)
    assert found.status.tolist() == columns[5].tolist()
    assert np.array_equal(np.isfinite(found.volatility), found.status == ok)
    assert np.array_equal(np.isfinite(found.european_price), found.status == ok)


def test_bad_rows_change_no_other() -> None:
    prices = np.array([2.0, np.nan, 2.5, -1.0, 95.0, 3.0])
    together = european_equivalent(prices, F, 82.0, 0.6, True, 0.05)
    alone = european_equivalent(prices[[0, 2, 5]], F, 82.0, 0.6, True, 0.05)
    assert together.volatility[[0, 2, 5]] == pytest.approx(alone.volatility, rel=1e-12)
