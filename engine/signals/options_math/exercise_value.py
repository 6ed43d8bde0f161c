"""What exercise at once is worth, as American quotes tell it, and which quotes tell nothing else.

An option far in the money is exercised, or as good as: its price is K - S or S - K and holds no volatility. Puts on a
share wait for a dividend that is just ahead, calls do not: then the quotes show two spots, the price with the dividend
in the calls and the price without it in the puts (SPY on the eve of its dividend of 1.58 USD, 2023-09-14: 450.81 and
449.3). The path of the share beyond is that of the lower one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.parity_line import robust_centre

_LEAST_PUTS: Final = 3
_WORTHLESS_SHARE: Final = 0.01
# Vendors print the underlying's last trade beside quotes of a few minutes earlier or later.
_SAME_MOMENT_SHARE: Final = 0.005
_LARGEST_DIVIDEND_SHARE: Final = 0.05
_NEXT_TO_NO_RATE: Final = 0.005


@dataclass(frozen=True, slots=True)
class ExerciseSpot:
    """What exercise delivers: `now` to the holder of a call, `after` the dividends just ahead to that of a put, from
    where the carry counts. Equal where no dividend is near; NaN for options on a future."""

    now: float
    after: float


ON_FUTURE: Final = ExerciseSpot(math.nan, math.nan)


def exercise_spot(quotes: Sequence[CleanQuote], spot: float) -> ExerciseSpot:
    """From cleaned American quotes on something with a spot price, with the `spot` that is known, NaN for none.

    A spot at which exercise at once would pay is of another moment and moves to the nearest at which it does not; one
    that is off by more is of another day or adjusted for a split, and is not believed. NaN where neither spot nor
    quotes tell.
    """
    low, high = spot_bounds(quotes)
    now = math.nan
    if spot > 0.0:
        nearest = min(max(spot, low), high)
        now = nearest if abs(nearest - spot) <= _SAME_MOMENT_SHARE * spot else math.nan
    after = _spot_of_exercised_puts(quotes)
    if not now > 0.0:
        return ExerciseSpot(after, after)
    told = math.isfinite(after) and (1.0 - _LARGEST_DIVIDEND_SHARE) * now <= after <= now
    return ExerciseSpot(now, after if told else now)


def carry_of(forward: float, spot: ExerciseSpot, years: float, rate: float) -> float:
    """Drift of the underlying per year, ln(F/S)/T; 0 on a future.

    Where interest is next to nothing, it is at most the rate: a yield below 0 is an error of forward or spot, and
    `american_price` finds no exercise boundary for it there.
    """
    if not spot.after > 0.0:
        return 0.0
    carry = math.log(forward / spot.after) / years
    return min(carry, rate) if rate < _NEXT_TO_NO_RATE else carry


def spot_bounds(quotes: Sequence[CleanQuote]) -> tuple[float, float]:
    """Lowest and highest price of the underlying that leaves no profit in buying an American option and exercising it:
    K - put ask <= S <= K + call ask at every strike (0 and infinity without such quotes)."""
    low = max((quote.strike - quote.ask for quote in quotes if not quote.is_call), default=0.0)
    high = min((quote.strike + quote.ask for quote in quotes if quote.is_call), default=math.inf)
    return max(low, 0.0), high


def one_sided_where_exercised(quotes: Sequence[CleanQuote], spot: ExerciseSpot) -> list[CleanQuote]:
    """The quotes, with no bid where the bid is not above what exercise at once is worth: such a bid says nothing of
    what waiting is worth."""
    return [replace(quote, bid=0.0) if 0.0 < quote.bid <= _intrinsic(quote, spot) else quote for quote in quotes]


def _intrinsic(quote: CleanQuote, spot: ExerciseSpot) -> float:
    """NaN on a future, which no bid is at or below."""
    return spot.now - quote.strike if quote.is_call else quote.strike - spot.after


def _spot_of_exercised_puts(quotes: Sequence[CleanQuote]) -> float:
    """The centre of K - P of puts whose call is worth next to nothing; NaN with fewer than three."""
    calls = {quote.strike: quote.ask for quote in quotes if quote.is_call}
    puts = [
        quote
        for quote in quotes
        if not quote.is_call and quote.two_sided and calls.get(quote.strike, math.inf) <= _WORTHLESS_SHARE * quote.mid
    ]
    if len(puts) < _LEAST_PUTS:
        return math.nan
    spots = np.array([quote.strike - quote.mid for quote in puts])
    half = np.array([0.5 * (quote.ask - quote.bid) for quote in puts])
    return robust_centre(spots, np.maximum(half, 1e-12))[0]
