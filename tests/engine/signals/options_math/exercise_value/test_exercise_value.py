"""What quotes tell of exercise at once: bounds of the spot, the spot behind deep puts, bids that hold no volatility."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.exercise_value import (
    ON_FUTURE,
    ExerciseSpot,
    carry_of,
    exercise_spot,
    one_sided_where_exercised,
    spot_bounds,
)
from tests.engine.signals.options_math.american_quotes import quotes

STRIKES = [float(strike) for strike in np.arange(60.0, 101.0, 2.0)]
YEARS = 0.04


def eve_of_dividend(spot: float, dividend: float, rate: float = 0.05) -> list[CleanQuote]:
    """Quotes on a share that pays tomorrow: calls are exercised now or run on, puts wait for the lower price."""
    after = spot - dividend
    forward = after * math.exp(rate * YEARS)
    run_on = quotes(forward, STRIKES, YEARS, american=True, rate=rate, carry=rate, volatility=0.2, half=0.0)
    told = [max(quote.mid, spot - quote.strike) if quote.is_call else quote.mid for quote in run_on]
    return [
        CleanQuote(quote.strike, quote.is_call, max(0.0, value - 0.03), value + 0.03, 1.0)
        for quote, value in zip(run_on, told, strict=True)
    ]


@settings(max_examples=25, deadline=None)
@given(st.floats(60.0, 100.0), st.floats(0.0, 0.1), st.floats(0.0, 0.1))
def test_the_spot_lies_within_what_exercise_allows(spot: float, rate: float, dividend: float) -> None:
    carry = rate - dividend
    chain = quotes(spot * math.exp(carry * 0.5), STRIKES, 0.5, american=True, rate=rate, carry=carry, half=0.01)
    low, high = spot_bounds(chain)
    assert low <= spot <= high
    assert spot_bounds([]) == (0.0, math.inf)


def test_a_dividend_just_ahead_shows_as_two_spots() -> None:
    chain = eve_of_dividend(80.0, 1.5)
    found = exercise_spot(chain, 80.0)
    assert found.now == pytest.approx(80.0, abs=0.04)
    assert found.after == pytest.approx(78.5, abs=0.05)
    without = exercise_spot(eve_of_dividend(80.0, 0.0), 80.0)
    assert without.now == pytest.approx(80.0, abs=0.04) and without.after == pytest.approx(80.0, abs=0.05)


def test_without_a_known_spot_the_puts_tell_both() -> None:
    found = exercise_spot(eve_of_dividend(80.0, 0.0), math.nan)
    assert found.now == found.after == pytest.approx(80.0, abs=0.05)
    calls = [quote for quote in eve_of_dividend(80.0, 0.0) if quote.is_call]
    assert math.isnan(exercise_spot(calls, math.nan).now)
    assert exercise_spot(calls, 80.0) == ExerciseSpot(80.0, 80.0)


def test_a_print_of_a_minute_later_is_moved_and_one_of_another_day_is_not_believed() -> None:
    chain = eve_of_dividend(80.0, 0.0)
    low, high = spot_bounds(chain)
    assert low < 80.0 < high < 80.3
    assert exercise_spot(chain, 80.3).now == high and exercise_spot(chain, 79.8).now == low
    split = exercise_spot(chain, 11.4)
    assert split.now == split.after == pytest.approx(80.0, abs=0.05)


def test_bids_at_or_below_exercise_say_nothing_of_waiting() -> None:
    chain = eve_of_dividend(80.0, 1.5)
    told = one_sided_where_exercised(chain, exercise_spot(chain, 80.0))
    silent = [quote for quote, before in zip(told, chain, strict=True) if quote.bid != before.bid]
    assert silent and all(quote.bid == 0.0 for quote in silent)
    assert all(quote.strike < 80.0 if quote.is_call else quote.strike > 80.0 for quote in silent)
    assert [quote.ask for quote in told] == [quote.ask for quote in chain]
    assert dataclasses.replace(silent[0], bid=1.0) not in told


def test_on_a_future_every_bid_stays() -> None:
    chain = quotes(80.0, STRIKES, 0.5, american=True, rate=0.05)
    assert one_sided_where_exercised(chain, ON_FUTURE) == chain


def test_the_carry_is_rate_less_yield() -> None:
    spot = ExerciseSpot(81.0, 80.0)
    assert carry_of(80.0 * math.exp(0.02), spot, 2.0, 0.05) == pytest.approx(0.01)
    assert carry_of(80.0 * math.exp(0.2), spot, 2.0, 0.05) == pytest.approx(0.1)
    assert carry_of(80.0 * math.exp(0.2), spot, 2.0, 0.001) == 0.001, "no yield below 0 where there is no interest"
    assert carry_of(80.0, ON_FUTURE, 2.0, 0.05) == 0.0
