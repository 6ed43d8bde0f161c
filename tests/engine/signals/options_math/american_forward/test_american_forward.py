"""Forwards of American options: what parity of the raw prices gets wrong, de-Americanised pairs get right."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.signals.options_math.american_forward import infer_american_forward
from engine.signals.options_math.exercise_value import ExerciseSpot
from engine.signals.options_math.forward import infer_forward
from tests.engine.signals.options_math.american_quotes import quotes

STRIKES = [float(strike) for strike in np.arange(60.0, 101.0, 2.0)]


@settings(max_examples=25, deadline=None)
@given(st.floats(74.0, 86.0), st.floats(0.02, 2.0), st.floats(0.0, 0.1), st.floats(0.15, 0.8))
def test_options_on_a_future(forward: float, years: float, rate: float, volatility: float) -> None:
    chain = quotes(forward, STRIKES, years, american=True, rate=rate, volatility=volatility)
    found = infer_american_forward(chain, years, rate)
    assert found is not None and found.carry == 0.0
    assert found.forward == pytest.approx(forward, abs=0.02)
    assert abs(found.forward - forward) <= 3.0 * found.forward_error


@pytest.mark.parametrize(("rate", "dividend"), [(0.05, 0.01), (0.01, 0.04), (0.08, 0.0)])
def test_options_on_a_spot_give_forward_and_carry(rate: float, dividend: float) -> None:
    carry, years, spot = rate - dividend, 1.5, 80.0
    forward = spot * math.exp(carry * years)
    chain = quotes(forward, STRIKES, years, american=True, rate=rate, carry=carry)
    found = infer_american_forward(chain, years, rate, spot=ExerciseSpot(spot, spot))
    assert found is not None
    assert found.forward == pytest.approx(forward, abs=0.03) and found.carry == pytest.approx(carry, abs=3e-4)
    raw = infer_forward(chain)
    assert raw is not None and abs(raw.forward - forward) > 10.0 * abs(found.forward - forward)


def test_a_wrong_rate_is_allowed_for() -> None:
    chain = quotes(84.0, STRIKES, 1.0, american=True, rate=0.06)
    found = infer_american_forward(chain, 1.0, 0.03, 0.03)
    assert found is not None and abs(found.forward - 84.0) <= 3.0 * found.forward_error


@pytest.mark.parametrize("assumed", [0.02, 0.04, 0.06])
def test_calls_on_something_that_pays_little_tell_the_discount_at_any_assumed_rate(assumed: float) -> None:
    forward = 80.0 * math.exp(0.035)
    chain = quotes(forward, STRIKES, 1.0, american=True, rate=0.04, carry=0.035, half=0.02)
    found = infer_american_forward(chain, 1.0, assumed, spot=ExerciseSpot(80.0, 80.0))
    assert found is not None and found.discount_error < 0.01
    assert found.discount == pytest.approx(math.exp(-0.04), abs=2.0 * found.discount_error + 0.002)


def test_too_few_pairs_or_none_that_may_wait() -> None:
    chain = quotes(80.0, STRIKES, 0.2, american=True, rate=0.03)
    assert infer_american_forward(chain[:2], 0.2, 0.03) is None
    assert infer_american_forward([quote for quote in chain if quote.is_call], 0.2, 0.03) is None
    dead = quotes(80.0, [30.0, 40.0, 160.0, 180.0], 0.2, american=True, rate=0.05)
    dead = [dataclasses.replace(quote, bid=max(quote.bid, 0.001)) for quote in dead]
    assert infer_american_forward(dead, 0.2, 0.05) is None


def test_order_does_not_matter() -> None:
    chain = quotes(80.0, STRIKES, 0.5, american=True, rate=0.05)
    assert infer_american_forward(chain, 0.5, 0.05) == infer_american_forward(chain[::-1], 0.5, 0.05)
