"""From quotes to intervals of undiscounted European prices: the one form that every fit and bound works on.

European premiums are divided by the discount factor. American ones are de-Americanised side by side: the volatility
that reproduces the premium gives the European price. That equivalence is exact for a lognormal only, so each side gives
way by a tenth of its early-exercise premium; a side in the exercise region says nothing but that the European price
lies between intrinsic value and the undiscounted premium. Where the rate is known to `rate_error` only, the interval
holds the answers of both ends. In-the-money quotes become intervals of the out-of-the-money option by parity, which
holds for the European prices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.quoted_intervals import BoolArray, QuotedIntervals
from engine.signals.options_math.status_codes import OptionStatus

_MODEL_ERROR_SHARE: Final = 0.1
# No price of an option near the money is this many forwards; a quote that says so stays wrong, but a number.
_MOST: Final = 10.0
# Of the forward: what the last digits of a division say must not choose between two fits.
_DECIMALS: Final = 12


@dataclass(frozen=True, slots=True)
class OptionTerms:
    """What all options of one expiry share.

    `forward` in price units: the listed future of that expiry, or the forward of a spot. `years` to expiry, `rate`
    continuously compounded per year and known to +- `rate_error`; `carry` per year is the drift of the underlying: 0
    for a future, rate minus yield for a spot (it matters for American exercise alone). `tick` in price units, 0 where
    unknown.
    """

    forward: float
    years: float
    rate: float = 0.0
    rate_error: float = 0.0
    style: Literal["european", "american"] = "european"
    tick: float = 0.0
    carry: float = 0.0


def european_intervals(quotes: Sequence[CleanQuote], terms: OptionTerms) -> QuotedIntervals:
    """Intervals over the forward in the order of `quotes`, each of the out-of-the-money option at its strike."""
    strike = np.array([quote.strike for quote in quotes], dtype=np.float64)
    is_call = np.array([quote.is_call for quote in quotes], dtype=bool)
    bid = np.array([quote.bid for quote in quotes], dtype=np.float64)
    ask = np.array([quote.ask for quote in quotes], dtype=np.float64)
    rates = [terms.rate]
    if terms.rate_error > 0.0:
        rates = [terms.rate - terms.rate_error, terms.rate + terms.rate_error]
    lows, highs = zip(*(_undiscounted(bid, ask, strike, is_call, terms, rate) for rate in rates), strict=True)
    parity = np.where(is_call, terms.forward - strike, strike - terms.forward)
    shift = np.where(parity > 0.0, parity, 0.0)
    # An ask below intrinsic value stays below zero, so that the test for arbitrage sees and names it.
    high = np.minimum((np.max(highs, axis=0) - shift) / terms.forward, _MOST)
    low = np.minimum(np.clip((np.min(lows, axis=0) - shift) / terms.forward, 0.0, _MOST), high)
    flipped = np.where(parity > 0.0, ~is_call, is_call)
    level, low, high = (np.round(item, _DECIMALS) for item in (strike / terms.forward, low, high))
    two_sided = (bid > 0.0) & (low > 0.0)
    return QuotedIntervals(level, flipped, low, high, 0.5 * (low + high), two_sided)


def _undiscounted(
    bid: FloatArray, ask: FloatArray, strike: FloatArray, is_call: BoolArray, terms: OptionTerms, rate: float
) -> tuple[FloatArray, FloatArray]:
    growth = float(np.exp(rate * terms.years))
    if terms.style == "european":
        return bid * growth, ask * growth
    from engine.signals.options_math.de_americanise import european_equivalent

    both = european_equivalent(
        np.stack([bid, ask]), terms.forward, strike, terms.years, is_call, rate, terms.carry, terms.tick
    )
    intrinsic = np.maximum(np.where(is_call, terms.forward - strike, strike - terms.forward), 0.0)
    known = both.status == OptionStatus.OK
    european = np.where(known, both.european_price, 0.0)
    doubt = _MODEL_ERROR_SHARE * np.maximum(np.stack([bid, ask]) - european, 0.0)
    low = np.where(known[0], (european[0] - doubt[0]) * growth, intrinsic)
    high = np.where(known[1], (european[1] + doubt[1]) * growth, np.maximum(ask * growth, intrinsic))
    return np.where(bid > 0.0, np.minimum(low, high), 0.0), high
