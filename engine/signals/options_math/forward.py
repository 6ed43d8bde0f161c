"""Forward and discount of European options from put-call parity, where no listed future is known.

C - P = D (F - K): a straight line in K. It is fitted to the middles of two-sided pairs near the money by least squares
weighted with the quotes' widths and Huber weights, so that one stale leg does not move the forward. American options
obey an inequality only; for them the listed future must be known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.chain_cleaning import CleanQuote

_PAIRS_USED = 40
_PAIRS_FOR_DISCOUNT = 6
_DISCOUNT_LOW = 0.7
_DISCOUNT_HIGH = 1.03
_HUBER = 1.5


@dataclass(frozen=True, slots=True)
class ForwardEstimate:
    """`forward` in price units with its standard error, `discount` factor (1 where the pairs cannot tell), pairs
    used."""

    forward: float
    discount: float
    forward_error: float
    pairs: int


def infer_forward(quotes: Sequence[CleanQuote]) -> ForwardEstimate | None:
    """Forward and discount from cleaned quotes of one expiry; None with fewer than two pairs quoted on both sides."""
    calls = {quote.strike: quote for quote in quotes if quote.is_call and quote.two_sided}
    puts = {quote.strike: quote for quote in quotes if not quote.is_call and quote.two_sided}
    strikes = sorted(calls.keys() & puts.keys())
    if len(strikes) < 2:
        return None
    level = np.array(strikes)
    gap = np.array([calls[strike].mid - puts[strike].mid for strike in strikes])
    width = np.array([(calls[s].ask - calls[s].bid + puts[s].ask - puts[s].bid) for s in strikes])
    nearest = np.sort(np.argsort(np.abs(gap), kind="stable")[:_PAIRS_USED])
    level, gap, width = level[nearest], gap[nearest], width[nearest]
    noise = np.maximum(width, max(1e-9, 0.25 * float(np.median(width)))) / math.sqrt(12.0)
    discount = 1.0
    centre = float(level[np.argmin(np.abs(gap))])
    if level.size >= _PAIRS_FOR_DISCOUNT:
        slope = _line(level - centre, gap, noise)[1]
        if _DISCOUNT_LOW <= -slope <= _DISCOUNT_HIGH:
            discount = min(1.0, -slope)
    implied = level + gap / discount
    forward, error = _centre(implied, noise / discount)
    return ForwardEstimate(forward, discount, error, int(level.size))


def _line(x: FloatArray, y: FloatArray, noise: FloatArray) -> tuple[float, float]:
    design = np.stack([np.ones_like(x), x], axis=1)
    weight: FloatArray = 1.0 / noise**2
    coefficients: FloatArray = np.zeros(2)
    for _ in range(8):
        normal = design.T @ (design * weight[:, None])
        coefficients = np.asarray(np.linalg.solve(normal, design.T @ (weight * y)), dtype=np.float64)
        surprise = np.abs(y - design @ coefficients) / noise
        weight = np.minimum(1.0, _HUBER / np.maximum(surprise, 1e-12)) / noise**2
    return float(coefficients[0]), float(coefficients[1])


def _centre(values: FloatArray, noise: FloatArray) -> tuple[float, float]:
    centre = float(np.median(values))
    for _ in range(8):
        surprise = np.abs(values - centre) / noise
        weight = np.minimum(1.0, _HUBER / np.maximum(surprise, 1e-12)) / noise**2
        centre = float(np.sum(weight * values) / np.sum(weight))
    return centre, float(1.0 / np.sqrt(np.sum(weight)))
