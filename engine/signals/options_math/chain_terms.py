"""What the quotes of one chain must be read with: forward, rate and carry, each with its source and its error.

Forward, first that can be had: the listed future of the expiry; put-call parity of European options; pairs of American
options near the money, de-Americanised; calls and puts on one smile; the spot, give or take the rates that are thought
possible. Rate: as `chain_rate.py` says.

Whether American options are on a future or on something with a spot price is the caller's knowledge, because a chain
does not say it. On a future there is no carry; otherwise it follows from the forward and the spot. European options
need neither.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from engine.core.records import OptionChain
from engine.signals.options_math.american_forward import infer_american_forward
from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.chain_cleaning import CleanQuote, clean_chain
from engine.signals.options_math.chain_rate import (
    ChainRate,
    RateBounds,
    RateCurve,
    own_rate,
    rate_of_chain,
    rate_of_discount,
)
from engine.signals.options_math.european_intervals import OptionTerms
from engine.signals.options_math.exercise_value import ON_FUTURE, ExerciseSpot, carry_of, exercise_spot
from engine.signals.options_math.forward import ForwardEstimate, infer_forward
from engine.signals.options_math.implied_volatility import implied_volatility
from engine.signals.options_math.quoted_intervals import BoolArray
from engine.signals.options_math.smile_forward import forward_of_one_smile

ForwardSource = Literal["listed future", "parity", "american pairs", "one smile", "spot"]
_RATE_STEPS: Final = 4
# Of the discount factor.
_SAME_RATE: Final = 1e-5


@dataclass(frozen=True, slots=True)
class ChainTerms:
    """`forward` in price units and `rate` per year, each with error and source; `carry` per year; `spot` of American
    options on something with a spot price; `pairs` the strikes quoted as call and put that were used, 0 for other
    sources."""

    forward: float
    forward_error: float
    forward_source: ForwardSource
    rate: ChainRate
    carry: float
    spot: ExerciseSpot
    years: float
    pairs: int

    @property
    def discount(self) -> float:
        """Discount factor to expiry."""
        return math.exp(-self.rate.rate * self.years)

    @property
    def discount_error(self) -> float:
        """What the error of the rate makes of the discount factor."""
        return self.discount * self.rate.error * self.years

    def option_terms(self, style: Literal["european", "american"], tick: float = 0.0) -> OptionTerms:
        """As the density takes them, at this very rate: the forward was read from the quotes with it."""
        return OptionTerms(self.forward, self.years, self.rate.rate, 0.0, style, tick, self.carry)


def parity_estimate(chain: OptionChain) -> ForwardEstimate | None:
    """What the pairs of a European chain say by themselves; None for other styles and too few pairs."""
    return infer_forward(clean_chain(chain).quotes) if chain.style == "european" else None


def terms_of_chain(
    chain: OptionChain,
    years: float,
    bounds: RateBounds,
    *,
    curve: RateCurve | None = None,
    on_spot: bool = False,
    spot: float = math.nan,
    tick: float = 0.0,
) -> ChainTerms | None:
    """Terms of a chain with `years` to live; None for an unknown style and where its quotes give no forward.

    `curve` holds the rates of other chains of the moment; `on_spot` where exercise delivers something with a spot
    price, `spot`, NaN where it is not known.
    """
    quotes = clean_chain(chain).quotes
    if not (years > 0.0 and quotes):
        return None
    american = chain.style == "american"
    exercise = exercise_spot(quotes, spot) if american and on_spot else ON_FUTURE
    told = parity_estimate(chain)
    own = own_rate(told, years) if told is not None else None
    rate = rate_of_chain(own, curve, years, bounds)
    if chain.underlying_price > 0.0 and math.isfinite(chain.underlying_price):
        return ChainTerms(chain.underlying_price, 0.0, "listed future", rate, 0.0, ON_FUTURE, years, 0)
    reader = _Reader(quotes, american, years, rate, exercise, tick)
    by_pairs = reader.by_american_pairs(curve, bounds) if american else reader.by_parity()
    return by_pairs or reader.by_one_smile() or reader.by_spot(spot, bounds)


@dataclass(frozen=True, slots=True)
class _Reader:
    """The ways to a forward, one after the other."""

    quotes: Sequence[CleanQuote]
    american: bool
    years: float
    rate: ChainRate
    exercise: ExerciseSpot
    tick: float

    def by_parity(self) -> ChainTerms | None:
        """By put-call parity."""
        discount = math.exp(-self.rate.rate * self.years)
        line = infer_forward(self.quotes, discount, discount * self.rate.error * self.years)
        return self._terms(line.forward, line.forward_error, "parity", line.pairs) if line is not None else None

    def by_american_pairs(self, curve: RateCurve | None, bounds: RateBounds) -> ChainTerms | None:
        """By parity without the early-exercise premiums; where the pairs tell a rate, they are read again with it."""
        reader, found = self, None
        for _ in range(_RATE_STEPS):
            rate = reader.rate
            pairs = infer_american_forward(self.quotes, self.years, rate.rate, rate.error, self.exercise, self.tick)
            if pairs is None:
                return found
            found = reader._terms(pairs.forward, pairs.forward_error, "american pairs", pairs.pairs)
            own = rate_of_discount(pairs.discount, pairs.discount_error, self.years, "american pairs")
            following = rate_of_chain(own, curve, self.years, bounds)
            if abs(following.rate - rate.rate) * self.years <= _SAME_RATE:
                return replace(found, rate=following)
            reader = replace(self, rate=following)
        return found

    def by_one_smile(self) -> ChainTerms | None:
        """By the step between the volatilities of puts and calls."""

        def volatilities(price: FloatArray, forward: float, strike: FloatArray, is_call: BoolArray) -> FloatArray:
            if not self.american:
                discount = math.exp(-self.rate.rate * self.years)
                return implied_volatility(price, forward, strike, self.years, is_call, discount)[0]
            from engine.signals.options_math.de_americanise import european_equivalent

            carry = self._carry(forward)
            found = european_equivalent(price, forward, strike, self.years, is_call, self.rate.rate, carry, self.tick)
            return found.volatility

        found = forward_of_one_smile(self.quotes, math.exp(-self.rate.rate * self.years), volatilities)
        return self._terms(found.forward, found.forward_error, "one smile", 0) if found is not None else None

    def by_spot(self, spot: float, bounds: RateBounds) -> ChainTerms | None:
        """The spot itself: rate less yield lies within the greatest possible rate of 0."""
        if not spot > 0.0:
            return None
        growth = math.expm1(max(abs(bounds.low), abs(bounds.high)) * self.years)
        return self._terms(spot, spot * growth, "spot", 0)

    def _terms(self, forward: float, error: float, source: ForwardSource, pairs: int) -> ChainTerms:
        carry = self._carry(forward)
        return ChainTerms(forward, error, source, self.rate, carry, self.exercise, self.years, pairs)

    def _carry(self, forward: float) -> float:
        return carry_of(forward, self.exercise, self.years, self.rate.rate)
