"""Was a lost edge broken at once, or did it fade? A Bayes factor on the champion's own forecasts.

What a forecast is worth is a multiplier of it: 1 as trained, 0 dead, -1 reversed. A *break* moves the multiplier at
some bar by about -1, -1.5 or -2; a *fade* moves it along a straight line, by about -.5 to -1 in all, over 14, 28 or 56
times the bars in which a dead edge shows itself by one nat. Each shape's evidence is the mean over its starts and sizes
(normal priors around them, noise of the training's size): a break needs the bars after its start to be bad from the
first on, a fade has been at work before the alarm and leaves something after it.

Returns are in units of their own volatility (an exponential average over about 30 bars), so that a wild spell does not
decide.

Method: Bayes factors of linear models (Kass and Raftery, JASA 1995).

>>> import numpy as np
>>> forecasts = np.tile([0.3, -0.3], 150)
>>> returns = 2.0 * forecasts
>>> returns[-40:] *= -1.0
>>> break_against_fade(forecasts, returns, training_volatility=1.0, correlation=0.3) > 0.0
True
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BREAK_SIZES: Final = (-1.0, -1.5, -2.0)
BREAK_SPREAD: Final = 0.35
FADE_SIZES: Final = (-0.5, -0.75, -1.0)
FADE_SPREAD: Final = 0.25
FADE_LENGTHS: Final = (14.0, 28.0, 56.0)  # in bars per nat of a dead edge
BREAK_STARTS: Final = 40  # bars back from now, evenly up to the shortest fade
FADE_STARTS: Final = 20  # per length, from a quarter of it to five quarters ago
VOLATILITY_WEIGHT: Final = 0.034
LARGEST_RETURN: Final = 4.0  # in present volatilities
BREAK_NATS: Final = 2.0  # more than this is a break at once
FADE_NATS: Final = -0.5  # less than this is a fade at once
EVEN_NATS: Final = 1.0  # what is still between the two when it must be named is a break above this


def bars_per_nat(correlation: float) -> float:
    """Bars in which a dead edge of this correlation shows itself by one nat.

    >>> round(bars_per_nat(0.35), 1)
    14.3
    """
    squared = min(max(correlation**2, 1e-6), 1.0 - 1e-6)
    return 2.0 * (1.0 - squared) / squared


def break_against_fade(
    forecasts: Sequence[float] | FloatArray,
    returns: Sequence[float] | FloatArray,
    *,
    training_volatility: float,
    correlation: float,
) -> float:
    """Evidence of a break against a fade, nats: above 0 the bars speak for a break.

    `forecasts[n]` and `returns[n]` are what each bar was expected to return and returned, oldest first, all finite;
    `correlation` is that of the two in training. 0 without bars.
    """
    count = len(returns)
    if count == 0:
        return 0.0
    promised = np.asarray(forecasts, dtype=np.float64) / training_volatility
    missed = _scaled(returns, training_volatility) - promised
    noise = max(1.0 - correlation**2, 1e-6)
    unit = bars_per_nat(correlation)
    now = np.arange(1 - count, 1, dtype=np.float64)  # 0 is the last bar
    ages = np.minimum(np.linspace(1.0, BREAK_STARTS, BREAK_STARTS) * FADE_LENGTHS[0] * unit / BREAK_STARTS, count)
    breaks = (now[None, :] > -ages[:, None]).astype(np.float64)
    fades = np.concatenate([
        np.clip((now[None, :] + np.linspace(0.25, 1.25, FADE_STARTS)[:, None] * length) / length, 0.0, 1.0)
        for length in (unit * share for share in FADE_LENGTHS)
    ])  # fmt: skip
    broken = _mean_evidence(breaks, promised, missed, noise, BREAK_SIZES, BREAK_SPREAD)
    faded = _mean_evidence(fades, promised, missed, noise, FADE_SIZES, FADE_SPREAD)
    return broken - faded


def _scaled(returns: Sequence[float] | FloatArray, training_volatility: float) -> FloatArray:
    """Returns over the volatility known before each of them."""
    variance = training_volatility**2
    scaled: list[float] = []
    for value in np.asarray(returns, dtype=np.float64).tolist():
        volatility = math.sqrt(variance)
        size = min(abs(value), LARGEST_RETURN * volatility)
        scaled.append(math.copysign(size, value) / volatility)
        variance += VOLATILITY_WEIGHT * (size * size - variance)
    return np.array(scaled)


def _mean_evidence(
    shapes: FloatArray, promised: FloatArray, missed: FloatArray, noise: float, sizes: tuple[float, ...], spread: float
) -> float:
    """Log of the mean, over shapes and sizes, of the likelihood ratio of `missed = size * shape * promised + noise`
    against noise alone, the size being normal around each of `sizes`."""
    energy = (shapes**2) @ (promised**2) / noise + 1.0 / spread**2
    along = shapes @ (promised * missed) / noise
    centres = np.array(sizes)[:, None] / spread**2
    nats = (
        0.5 * (along + centres) ** 2 / energy
        - 0.5 * np.log(spread**2 * energy)
        - 0.5 * centres * np.array(sizes)[:, None]
    )
    top = float(nats.max())
    return top + math.log(float(np.mean(np.exp(nats - top))))
