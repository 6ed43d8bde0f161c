"""Chains of exact American or European prices with a spread around them, for tests of what is read from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.core.records import ExerciseStyle, OptionChain, OptionQuote, OptionRight
from engine.signals.options_math.american import american_price
from engine.signals.options_math.black76 import price
from engine.signals.options_math.chain_cleaning import CleanQuote

YEAR_US = 365 * 86_400_000_000


def quotes(
    forward: float,
    strikes: Sequence[float],
    years: float,
    *,
    american: bool,
    rate: float,
    carry: float = 0.0,
    volatility: float = 0.3,
    skew: float = 0.0,
    half: float = 0.05,
) -> list[CleanQuote]:
    """Calls and puts at every strike, `half` on either side of the exact price; `skew` in volatility per ln(K/F)."""
    result = []
    for strike in strikes:
        sigma = volatility + skew * float(np.log(strike / forward))
        for is_call in (True, False):
            if american:
                value = float(american_price(forward, strike, years, sigma, is_call, rate, carry)[0])
            else:
                value = float(price(forward, strike, years, sigma, is_call, rate)[0])
            result.append(CleanQuote(float(strike), is_call, max(0.0, value - half), value + half, 10.0))
    return result


def chain_of(
    lines: Sequence[CleanQuote], years: float, style: ExerciseStyle, underlying_price: float = float("nan")
) -> OptionChain:
    """The quotes as a chain that begins at one microsecond."""
    rights: dict[bool, OptionRight] = {True: "C", False: "P"}
    return OptionChain(
        "lean_hogs",
        "test",
        None,
        style,
        1,
        1,
        1 + round(years * YEAR_US),
        underlying_price,
        tuple(OptionQuote(q.strike, rights[q.is_call], q.bid, q.ask, float("nan"), 1.0, 10.0) for q in lines),
    )
