"""A density gives back the premiums that it was fitted to, European and American."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from engine.signals.options_math.american import american_price
from engine.signals.options_math.black76 import price
from engine.signals.options_math.density import implied_density
from engine.signals.options_math.european_intervals import OptionTerms
from engine.signals.options_math.repricing import premiums, reprice
from tests.engine.signals.options_math.american_quotes import quotes

STRIKES = [float(strike) for strike in np.arange(64.0, 101.0, 2.0)]
YEARS, RATE = 0.4, 0.04


@pytest.mark.parametrize("carry", [0.0, 0.03])
@pytest.mark.parametrize("style", ["european", "american"])
def test_premiums_of_a_lognormal_density_are_those_of_the_model(style: str, carry: float) -> None:
    american = style == "american"
    chain = quotes(80.0, STRIKES, YEARS, american=american, rate=RATE, carry=carry, half=0.02)
    terms = OptionTerms(80.0, YEARS, RATE, 0.0, "american" if american else "european", 0.01, carry)
    density = implied_density(chain, terms)
    assert density is not None
    strike, is_call = np.repeat(STRIKES, 2), np.tile([True, False], len(STRIKES))
    found = premiums(density, strike, is_call)
    if american:
        exact = american_price(80.0, strike, YEARS, 0.3, is_call, RATE, carry)[0]
    else:
        exact = price(80.0, strike, YEARS, 0.3, is_call, RATE)[0]
    assert np.abs(found - exact).max() < 0.021
    repriced = reprice(density, chain)
    assert repriced.inside.all() and repriced.premium.shape == (len(chain),)


def test_a_quote_that_no_density_holds_is_outside() -> None:
    chain = quotes(80.0, STRIKES, YEARS, american=False, rate=RATE, half=0.02)
    bad = len(chain) // 2
    moved = [*chain]
    moved[bad] = dataclasses.replace(chain[bad], bid=chain[bad].bid + 2.0, ask=chain[bad].ask + 2.0)
    density = implied_density(moved, OptionTerms(80.0, YEARS, RATE, 0.0, "european", 0.01))
    assert density is not None
    inside = reprice(density, moved).inside
    assert not inside[bad] and inside.sum() >= len(chain) - 4


def test_american_options_far_inside_are_worth_exercise() -> None:
    chain = quotes(80.0, STRIKES, YEARS, american=True, rate=RATE, half=0.02)
    density = implied_density(chain, OptionTerms(80.0, YEARS, RATE, 0.0, "american", 0.01))
    assert density is not None
    found = premiums(density, np.array([1.0, 2000.0]), np.array([True, False]))
    assert found == pytest.approx([79.0, 1920.0], abs=1e-3)
    assert all(math.isfinite(value) for value in found.tolist())
