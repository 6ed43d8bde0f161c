"""Premiums of a fitted density, to hold against the quotes that it was fitted to.

European options are worth their discounted expectation. An American option is worth what an American option with the
same volatility is worth that gives the density's European price: the density says nothing of the path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.density import ImpliedDensity
from engine.signals.options_math.exercise_value import ON_FUTURE, ExerciseSpot
from engine.signals.options_math.implied_volatility import implied_volatility
from engine.signals.options_math.quoted_intervals import BoolArray
from engine.signals.options_math.status_codes import OptionStatus

# Of the forward: what the density itself counts as no violation (density.py).
_TOLERANCE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Repricing:
    """Present values `premium` [n] by the density, and whether each lies `inside` [n] bid and ask."""

    premium: FloatArray
    inside: BoolArray


def reprice(density: ImpliedDensity, quotes: Sequence[CleanQuote], spot: ExerciseSpot = ON_FUTURE) -> Repricing:
    """Premiums of quotes of the density's own expiry, under the terms it was fitted with, never below what exercise at
    `spot` is worth; no bid counts as 0."""
    strike = np.array([quote.strike for quote in quotes], dtype=np.float64)
    is_call = np.array([quote.is_call for quote in quotes], dtype=bool)
    bid = np.array([quote.bid for quote in quotes], dtype=np.float64)
    ask = np.array([quote.ask for quote in quotes], dtype=np.float64)
    value = premiums(density, strike, is_call)
    if spot.now > 0.0:
        value = np.maximum(value, np.where(is_call, spot.now - strike, strike - spot.after))
    slack = _TOLERANCE * density.forward
    return Repricing(value, (value >= bid - slack) & (value <= ask + slack))


def premiums(density: ImpliedDensity, strike: FloatArray, is_call: BoolArray) -> FloatArray:
    """Present values of options [n] on the density."""
    terms, forward = density.terms, density.forward
    discount = float(np.exp(-terms.rate * terms.years))
    x = strike / forward
    outside_is_call = strike >= forward
    distribution = density.distribution
    outside = forward * np.where(outside_is_call, distribution.call_prices(x), distribution.put_prices(x))
    inside = np.where(is_call, forward - strike, strike - forward)
    european: FloatArray = discount * (outside + np.where(is_call == outside_is_call, 0.0, inside))
    if terms.style == "european":
        return european
    from engine.signals.options_math.american import american_price

    volatility, found = implied_volatility(outside, forward, strike, terms.years, outside_is_call)
    american, status = american_price(forward, strike, terms.years, volatility, is_call, terms.rate, terms.carry)
    spot = forward * float(np.exp(-terms.carry * terms.years))
    exercised = np.maximum(np.where(is_call, spot - strike, strike - spot), 0.0)
    known = (found == OptionStatus.OK) & (status == OptionStatus.OK)
    # Where the density gives no volatility, the option outside the money is worth nothing that can be told from 0.
    result: FloatArray = np.where(known, american, np.maximum(european, exercised))
    return result
