"""Forward and discount of European options from put-call parity, where no listed future is known.

C - P = D (F - K): a straight line in K (parity_line.py). American options obey an inequality only: see
american_forward.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.parity_line import parity_line


@dataclass(frozen=True, slots=True)
class ForwardEstimate:
    """`forward` in price units and `discount` factor with their standard errors; pairs used. The discount is 1 with an
    infinite error where the pairs cannot tell it."""

    forward: float
    discount: float
    forward_error: float
    pairs: int
    discount_error: float


@dataclass(frozen=True, slots=True)
class QuotedPairs:
    """Strikes [n] at which call and put are quoted on both sides, in rising order, and the four prices."""

    strike: FloatArray
    call_bid: FloatArray
    call_ask: FloatArray
    put_bid: FloatArray
    put_ask: FloatArray


def quoted_pairs(quotes: Sequence[CleanQuote]) -> QuotedPairs:
    """The pairs among cleaned quotes of one expiry."""
    calls = {quote.strike: quote for quote in quotes if quote.is_call and quote.two_sided}
    puts = {quote.strike: quote for quote in quotes if not quote.is_call and quote.two_sided}
    strikes = sorted(calls.keys() & puts.keys())
    columns = [
        np.array(values, dtype=np.float64)
        for values in (
            strikes,
            [calls[strike].bid for strike in strikes],
            [calls[strike].ask for strike in strikes],
            [puts[strike].bid for strike in strikes],
            [puts[strike].ask for strike in strikes],
        )
    ]
    return QuotedPairs(*columns)


def infer_forward(
    quotes: Sequence[CleanQuote], discount: float | None = None, discount_error: float = 0.0
) -> ForwardEstimate | None:
    """Forward and discount from cleaned quotes of one expiry, or the forward alone where the discount is known to
    `discount_error`; None with fewer than two pairs quoted on both sides."""
    pairs = quoted_pairs(quotes)
    low, high = pairs.call_bid - pairs.put_ask, pairs.call_ask - pairs.put_bid
    line = parity_line(pairs.strike, low, high, discount, discount_error)
    if line is None:
        return None
    return ForwardEstimate(line.forward, line.discount, line.forward_error, line.pairs, line.discount_error)
