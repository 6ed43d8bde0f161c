"""What `hydra bench options` calculates: seeded options, a chain, and the solver that one writes first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from engine.signals.options_math.black76 import FloatArray, price
from engine.signals.options_math.chain_cleaning import CleanQuote

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORWARD: Final = 85.0
NEWTON_STEPS: Final = 100
CHAIN_FORWARD: Final = 80.0
CHAIN_YEARS: Final = 0.15
_TICK: Final = 0.025


def european_options(count: int) -> dict[str, Any]:
    """Calls and puts within three standard deviations of the money, 3 to 365 days, volatility 12 to 80 %, rate 3 %."""
    draw = np.random.default_rng(1)
    years = draw.uniform(3.0, 365.0, count) / 365.0
    volatility = draw.uniform(0.12, 0.80, count)
    strike = FORWARD * np.exp(draw.uniform(-3.0, 3.0, count) * volatility * np.sqrt(years))
    is_call = draw.random(count) < 0.5
    forward, rate = np.full(count, FORWARD), np.full(count, 0.03)
    premium = price(forward, strike, years, volatility, is_call, rate)[0]
    return {"forward": forward, "strike": strike, "years": years, "rate": rate, "is_call": is_call,
            "price": premium, "volatility": volatility}  # fmt: skip


def american_options(count: int) -> dict[str, Any]:
    """Calls and puts within +-20 % of the forward, 7 days to 2 years, volatility 15 to 60 %, rate 1 to 8 %."""
    draw = np.random.default_rng(2)
    days = draw.integers(7, 731, count)
    return {"forward": np.full(count, FORWARD), "strike": FORWARD * draw.uniform(0.8, 1.2, count),
            "days": days, "years": days / 365.0, "rate": draw.uniform(0.01, 0.08, count),
            "volatility": draw.uniform(0.15, 0.60, count), "is_call": draw.random(count) < 0.5}  # fmt: skip


def chain(seed: int) -> list[CleanQuote]:
    """25 strikes a cent apart on a flat smile of 23 %, 55 days: noisy quotes rounded outwards to the tick."""
    draw = np.random.default_rng(seed)
    quotes = []
    for strike in CHAIN_FORWARD + np.arange(-12.0, 13.0):
        for is_call in (True, False):
            value = float(price(CHAIN_FORWARD, strike, CHAIN_YEARS, 0.227, is_call)[0])
            half = max(0.05, 0.03 * value)
            middle = value + half * draw.uniform(-0.7, 0.7)
            bid = max(0.0, math.floor((middle - half) / _TICK) * _TICK)
            quotes.append(CleanQuote(float(strike), is_call, bid, math.ceil((middle + half) / _TICK) * _TICK, 1.0))
    return quotes


def plain_newton(
    premium: FloatArray,
    forward: FloatArray,
    strike: FloatArray,
    years: FloatArray,
    is_call: NDArray[np.bool_],
    discount: FloatArray,
) -> FloatArray:
    """What one writes first: Newton on the price with vega as slope, and bisection where a step leaves the bracket."""
    from scipy.special import ndtr

    root = np.sqrt(years)
    sign = np.where(is_call, 1.0, -1.0)
    low, high = np.full(premium.shape, 1e-4), np.full(premium.shape, 10.0)
    volatility = np.clip(np.sqrt(2.0 * np.abs(np.log(forward / strike))) / root, 0.05, 5.0)
    with np.errstate(all="ignore"):
        for _ in range(NEWTON_STEPS):
            d1 = np.log(forward / strike) / (volatility * root) + 0.5 * volatility * root
            value = discount * sign * (forward * ndtr(sign * d1) - strike * ndtr(sign * (d1 - volatility * root)))
            vega = discount * forward * root * np.exp(-0.5 * d1 * d1) / math.sqrt(2.0 * math.pi)
            above = value > premium
            high, low = np.where(above, volatility, high), np.where(above, low, volatility)
            following = volatility - (value - premium) / vega
            following = np.where((following > low) & (following < high), following, 0.5 * (low + high))
            moved = np.max(np.abs(following - volatility))
            volatility = following
            if moved < 1e-12:
                break
    return volatility
