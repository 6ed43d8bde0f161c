"""Exponentially weighted sums and the volatility forecast made of them."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.sandbox.healbench.heal_world import FloatArray

VOLATILITY_MEMORY: Final = 0.97
"""The best compromise of .94 to .995 between null and volatility worlds on the development seeds 1..60."""


def discounted_sums(values: FloatArray, memory: float) -> FloatArray:
    """S_t = values_t + memory S_(t-1) along the first axis, by doubling.

    >>> discounted_sums(np.ones(4), 0.5).tolist()
    [1.0, 1.5, 1.75, 1.875]
    """
    sums = values.copy()
    step = 1
    while step < len(sums):
        sums[step:] += memory**step * sums[:-step].copy()
        step *= 2
    return sums


def ewma_volatility(y: FloatArray, start_bars: int) -> FloatArray:
    """Volatility forecast for each bar from the returns before it, shape [T].

    s_t^2 = .97 s_(t-1)^2 + .03 y_(t-1)^2, begun with the mean square of the first `start_bars` returns (the training
    bars: below `start_bars` the forecast therefore looks ahead and must not be used).
    """
    begin = float(np.mean(y[:start_bars] ** 2))
    bars = len(y)
    variance = np.full(bars, begin)
    variance[1:] = (1.0 - VOLATILITY_MEMORY) * discounted_sums(y[:-1] ** 2, VOLATILITY_MEMORY)
    variance[1:] += begin * VOLATILITY_MEMORY ** np.arange(1, bars)
    volatility: FloatArray = np.sqrt(variance)
    return volatility
