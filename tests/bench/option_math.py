"""Option mathematics: implied volatility against a plain Newton iteration in the same run, and one density."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.signals.options_math.black76 import price
from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.density import fit_density
from engine.signals.options_math.implied_volatility import implied_volatility
from tests.bench.figure import Figure, median

OPTIONS = 100_000
NEWTON_STEPS = 50
FloatArray = NDArray[np.float64]


def measure() -> list[Figure]:
    """Time and accuracy of 100,000 inversions, and of the density of a chain of 25 strikes."""
    rng = np.random.default_rng(1)
    forward = np.full(OPTIONS, 85.0)
    deviation = rng.uniform(0.03, 0.6, OPTIONS)
    years = rng.uniform(0.02, 1.5, OPTIONS)
    volatility = deviation / np.sqrt(years)
    strike = forward * np.exp(rng.uniform(-3.0, 3.0, OPTIONS) * deviation)
    is_call = strike >= forward
    premium = price(forward, strike, years, volatility, is_call)[0]
    own_seconds, own = _best(lambda: implied_volatility(premium, forward, strike, years, is_call)[0])
    newton_seconds, newton = _best(lambda: plain_newton(premium, forward, strike, years, is_call))
    return [
        Figure(
            "implied volatility, 100,000 options", 1e3 * own_seconds, "CPU-ms", "within 3 sd of the money; best of 3"
        ),
        Figure(
            "the same by a plain numpy Newton",
            1e3 * newton_seconds,
            "CPU-ms",
            f"at most {NEWTON_STEPS} steps; best of 3",
        ),
        Figure("ratio to the plain Newton", own_seconds / newton_seconds, "x", "same run"),
        Figure("largest relative error", _error(own, volatility), "", "of the volatility put in"),
        Figure(
            "largest relative error of the plain Newton", _error(newton, volatility), "", "of the volatility put in"
        ),
        Figure(
            "not solved by the plain Newton",
            _unsolved(newton, volatility),
            "options",
            "off by more than 1e-6 or no number",
        ),
        Figure("density of a chain of 25 strikes", _density_ms(), "CPU-ms", "20 noisy chains, median"),
    ]


def plain_newton(premium: FloatArray, forward: FloatArray, strike: FloatArray, years: FloatArray,
                 is_call: NDArray[np.bool_]) -> FloatArray:  # fmt: skip
    """What one writes first: Newton on the price with vega as slope, from the volatility of steepest price."""
    from scipy.special import ndtr

    root = np.sqrt(years)
    volatility = np.maximum(np.sqrt(2.0 * np.abs(np.log(forward / strike))) / root, 0.05)
    sign = np.where(is_call, 1.0, -1.0)
    with np.errstate(all="ignore"):
        for _ in range(NEWTON_STEPS):
            d1 = np.log(forward / strike) / (volatility * root) + 0.5 * volatility * root
            value = sign * (forward * ndtr(sign * d1) - strike * ndtr(sign * (d1 - volatility * root)))
            vega = forward * root * np.exp(-0.5 * d1 * d1) / math.sqrt(2.0 * math.pi)
            step = (value - premium) / vega
            volatility = np.clip(volatility - step, 1e-4, 20.0)
            if np.nanmax(np.abs(step)) < 1e-12:
                break
    return volatility


def _best(work: Callable[[], Any]) -> tuple[float, Any]:
    best, answer = math.inf, None
    for _ in range(3):
        began = time.process_time()
        answer = work()
        best = min(best, time.process_time() - began)
    return best, answer


def _error(found: FloatArray, truth: FloatArray) -> float:
    return float(np.nanmax(np.abs(found / truth - 1.0)))


def _unsolved(found: FloatArray, truth: FloatArray) -> float:
    with np.errstate(all="ignore"):
        return float(np.sum(~(np.abs(found / truth - 1.0) <= 1e-6)))


def _density_ms() -> float:
    taken = []
    for seed in range(20):
        quotes = _chain(seed)
        began = time.process_time()
        assert fit_density(quotes, 80.0, 0.15) is not None
        taken.append(1e3 * (time.process_time() - began))
    return median(taken)


def _chain(seed: int) -> list[CleanQuote]:
    rng = np.random.default_rng(seed)
    quotes = []
    for strike in 80.0 + np.arange(-12.0, 13.0):
        for is_call in (True, False):
            value = float(price(80.0, strike, 0.15, 0.227, is_call)[0])
            half = max(0.05, 0.03 * value)
            middle = value + half * rng.uniform(-0.7, 0.7)
            bid = max(0.0, math.floor((middle - half) / 0.025) * 0.025)
            quotes.append(CleanQuote(float(strike), is_call, bid, math.ceil((middle + half) / 0.025) * 0.025, 1.0))
    return quotes
