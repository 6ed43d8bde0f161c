"""Chains as the fits of one expiry see them: out-of-the-money intervals over the forward."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.price_distribution import PriceDistribution
from engine.signals.options_math.quoted_intervals import QuotedIntervals


def otm_intervals(quotes: Sequence[CleanQuote], forward: float, discount: float = 1.0) -> QuotedIntervals:
    """Out-of-the-money quotes of one expiry, undiscounted."""
    chosen = sorted(
        (quote for quote in quotes if quote.is_call == (quote.strike >= forward)), key=lambda quote: quote.strike
    )
    low = np.array([quote.bid for quote in chosen]) / (forward * discount)
    high = np.array([quote.ask for quote in chosen]) / (forward * discount)
    return QuotedIntervals(
        strike=np.array([quote.strike for quote in chosen]) / forward,
        is_call=np.array([quote.is_call for quote in chosen]),
        low=low,
        high=high,
        middle=0.5 * (low + high),
        two_sided=low > 0.0,
    )


def quoted_around(distribution: PriceDistribution, strike: np.ndarray, half_width: float) -> QuotedIntervals:
    """Out-of-the-money intervals of one half width around the prices of a known distribution."""
    is_call = strike >= 1.0
    price = np.where(is_call, distribution.call_prices(strike), distribution.put_prices(strike))
    low, high = np.maximum(price - half_width, 0.0), price + half_width
    return QuotedIntervals(strike, is_call, low, high, price, low > 0.0)


@st.composite
def any_intervals(draw: st.DrawFn) -> QuotedIntervals:
    """Whatever a venue might show: any strikes, bids that contradict one another, missing sides."""
    count = draw(st.integers(5, 20))
    strike = np.array(sorted(draw(st.sets(st.integers(50, 150), min_size=count, max_size=count)))) / 100.0
    bid = np.array([draw(st.floats(0.0, 0.12)) for _ in range(count)])
    width = np.array([draw(st.floats(0.0003, 0.04)) for _ in range(count)])
    missing = np.array([draw(st.booleans()) and draw(st.booleans()) for _ in range(count)])
    low = np.where(missing, 0.0, bid)
    return QuotedIntervals(strike, strike >= 1.0, low, bid + width, 0.5 * (low + bid + width), low > 0.0)
