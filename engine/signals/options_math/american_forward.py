"""Forward of American options from pairs of call and put, where no listed future is known.

For American options parity is an inequality. It is an equality once the early-exercise premiums are taken off: the
volatility of the leg outside the money, which is exercised rarely, gives the premiums of both legs at its strike;
C - P = D (F - K) of what remains gives a forward, and the forward gives new premiums, until both agree. A leg that is
worth no more than exercise at once says nothing of the forward; its pair is left out.

The carry of an option on something with a spot price is ln(F/S)/T, the rate less the yield, with the spot `after` the
dividends just ahead (exercise_value.py). An option on a future has no carry.

The slope of the line tells the discount, best by calls far in the money on something that pays little. Elsewhere the
premiums hang on the very rate that is sought: half of them counts as doubt.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.signals.options_math import black76
from engine.signals.options_math.american import american_price
from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.exercise_value import ON_FUTURE, ExerciseSpot, carry_of, one_sided_where_exercised
from engine.signals.options_math.forward import QuotedPairs, quoted_pairs
from engine.signals.options_math.parity_line import parity_line
from engine.signals.options_math.quoted_intervals import BoolArray

_PAIRS_FOR_FORWARD: Final = 16
_PAIRS_FOR_SLOPE: Final = 48
_LEAST_LEG_SHARE: Final = 0.01
_DOUBTED_SHARE: Final = 0.5
_STEPS: Final = 8
_TOLERANCE: Final = 1e-7


@dataclass(frozen=True, slots=True)
class AmericanForward:
    """`forward` in price units with its standard error at the rate given; the `discount` that the pairs tell by
    themselves, with its error (infinite where they tell none); `carry` per year, pairs used."""

    forward: float
    forward_error: float
    discount: float
    discount_error: float
    carry: float
    pairs: int


def infer_american_forward(
    quotes: Sequence[CleanQuote],
    years: float,
    rate: float,
    rate_error: float = 0.0,
    spot: ExerciseSpot = ON_FUTURE,
    tick: float = 0.0,
) -> AmericanForward | None:
    """Forward from cleaned American quotes of one expiry at a rate known to `rate_error`; None with fewer than two
    pairs near the money that are worth more than immediate exercise."""
    pairs = quoted_pairs(one_sided_where_exercised(quotes, spot))
    near = _near_the_money(pairs)
    discount = math.exp(-rate * years)
    doubt = rate_error * years * discount
    line = parity_line(near.strike, near.call_bid - near.put_ask, near.call_ask - near.put_bid, discount, doubt)
    for _ in range(_STEPS):
        if line is None:
            return None
        last = line.forward
        gaps = _european_gaps(near, last, years, rate, carry_of(last, spot, years, rate), tick)
        line = parity_line(*gaps.where(gaps.waits), discount, doubt)
        if line is not None and abs(line.forward - last) <= _TOLERANCE * last:
            break
    if line is None:
        return None
    carry = carry_of(line.forward, spot, years, rate)
    wide = _european_gaps(_evenly(pairs), line.forward, years, rate, carry, tick)
    told = parity_line(*wide.doubted().where(wide.waits))
    slope, error = (told.discount, told.discount_error) if told is not None else (1.0, math.inf)
    return AmericanForward(line.forward, line.forward_error, slope, error, carry, line.pairs)


@dataclass(frozen=True, slots=True)
class _Gaps:
    """Intervals [low, high] of C - P of European values at `strike`, the early-exercise `premium` of both legs, and
    whether both are worth more than exercise at once."""

    strike: FloatArray
    low: FloatArray
    high: FloatArray
    premium: FloatArray
    waits: BoolArray

    def doubted(self) -> _Gaps:
        """Widened by a share of the premiums, which hang on the rate."""
        doubt = _DOUBTED_SHARE * self.premium
        return replace(self, low=self.low - doubt, high=self.high + doubt)

    def where(self, chosen: BoolArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        return self.strike[chosen], self.low[chosen], self.high[chosen]


def _near_the_money(pairs: QuotedPairs) -> QuotedPairs:
    """The pairs whose call and put are worth most nearly the same; none of which one leg is worth next to nothing,
    because the other may be exercised and then tells the spot, not the forward."""
    call, put = pairs.call_bid + pairs.call_ask, pairs.put_bid + pairs.put_ask
    waiting = np.flatnonzero(np.minimum(call, put) >= _LEAST_LEG_SHARE * np.maximum(call, put))
    nearest = np.argsort(np.abs(call - put)[waiting], kind="stable")[:_PAIRS_FOR_FORWARD]
    return _chosen(pairs, np.sort(waiting[nearest]))


def _evenly(pairs: QuotedPairs) -> QuotedPairs:
    count = pairs.strike.size
    places = np.unique(np.linspace(0, count - 1, min(count, _PAIRS_FOR_SLOPE)).round().astype(np.intp))
    return _chosen(pairs, places)


def _chosen(pairs: QuotedPairs, places: np.ndarray[tuple[int], np.dtype[np.intp]]) -> QuotedPairs:
    return QuotedPairs(
        pairs.strike[places],
        pairs.call_bid[places],
        pairs.call_ask[places],
        pairs.put_bid[places],
        pairs.put_ask[places],
    )


def _european_gaps(pairs: QuotedPairs, forward: float, years: float, rate: float, carry: float, tick: float) -> _Gaps:
    """The pairs without their early-exercise premiums."""
    from engine.signals.options_math.de_americanise import european_equivalent

    strike = pairs.strike
    outside_is_call = strike >= forward
    outside = 0.5 * np.where(outside_is_call, pairs.call_bid + pairs.call_ask, pairs.put_bid + pairs.put_ask)
    volatility = european_equivalent(outside, forward, strike, years, outside_is_call, rate, carry, tick).volatility
    is_call = np.array([[True], [False]])
    american = american_price(forward, strike, years, volatility, is_call, rate, carry)[0]
    premium = np.maximum(american - black76.price(forward, strike, years, volatility, is_call, rate)[0], 0.0)
    spot = forward * math.exp(-carry * years)
    exercised = np.maximum(np.stack([spot - strike, strike - spot]), 0.0)
    waits = np.all(np.isfinite(american) & (american > exercised), axis=0)
    shift = premium[0] - premium[1]
    low, high = pairs.call_bid - pairs.put_ask - shift, pairs.call_ask - pairs.put_bid - shift
    return _Gaps(strike, low, high, premium.sum(axis=0), waits)
