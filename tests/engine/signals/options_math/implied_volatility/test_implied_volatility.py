"""Inversion to the accuracy of the price; every failure has a name; nothing raises or warns."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import ndtr

from engine.signals.options_math.black76 import price
from engine.signals.options_math.implied_volatility import implied_volatility, implied_volatility_interval
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
