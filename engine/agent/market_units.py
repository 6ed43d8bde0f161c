"""Does an input move in units of the market's own moves? Then a wild market makes it loud, and no vendor did.

Idea: inputs made of returns (a momentum, a realised volatility) jump as far as the market does. Which ones they are is
measured in training, not listed: an input is *made of the market's moves* where its innovations go with the returns of
their bars in rank (`MARKET_MADE_SD`), by sign, by size or both. It scales with the filtered volatility known before
the bar, or not (a ratio of returns, an oscillator): power 1 or 0. It does unless the likelihood of the training bars
says with `CONTRARY_NATS` that it does not, since a calm thousand bars say little. Any other input has power 0.
Innovations are judged in units of `(volatility / training volatility) ** power`.

>>> volatility_power(np.zeros(200), np.ones(200), np.zeros(200))   # what never moves is not made of returns
0.0
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.sandbox.statistics.information_coefficient import rank_coefficient
from engine.sandbox.statistics.volatility_filter import VolatilityFilter

FloatArray = NDArray[np.float64]
MARKET_MADE_SD: Final = 5.0  # rank correlation with returns, in its standard deviations under independence
CONTRARY_NATS: Final = 6.0
FEWEST_BARS: Final = 50
TAIL: Final = 5.0
SCALES: Final = np.exp(np.linspace(-0.7, 0.5, 49))  # of the t density, against the rms


def volatility_power(innovations: FloatArray, returns: FloatArray, log_volatility: FloatArray) -> float:
    """Power of the volatility with which innovations[n] scale, 0 or 1.

    `returns[n]` are of the same bars, `log_volatility[n]` the log of the volatility known before each; NaN rows do not
    count.
    """
    known = np.isfinite(innovations) & np.isfinite(returns) & np.isfinite(log_volatility)
    moves, market, loudness = innovations[known], returns[known], log_volatility[known]
    if not _is_market_made(moves, market):
        return 0.0
    against = _log_likelihood(moves, np.zeros(len(moves))) - _log_likelihood(moves, loudness)
    return 0.0 if against > CONTRARY_NATS else 1.0


def _is_market_made(moves: FloatArray, market: FloatArray) -> bool:
    if len(moves) < FEWEST_BARS or np.ptp(moves) == 0.0 or np.ptp(market) == 0.0:
        return False
    pairs = ((moves, market), (moves, np.abs(market)), (np.abs(moves), np.abs(market)))
    return any(abs(rank_coefficient(*pair)) * math.sqrt(len(moves)) > MARKET_MADE_SD for pair in pairs)


def _log_likelihood(moves: FloatArray, log_unit: FloatArray) -> float:
    """Of t innovations with scale `exp(log_unit)` times the best common one."""
    white = moves * np.exp(-log_unit)
    rms = math.sqrt(float(np.mean(white**2)))
    squares = (white / rms)[:, None] ** 2 / ((TAIL - 2.0) * SCALES**2)
    density = -0.5 * (TAIL + 1.0) * np.log1p(squares).sum(axis=0) - len(moves) * np.log(SCALES * rms)
    return float(np.max(density) - log_unit.sum())


def known_volatilities(
    returns: Sequence[float] | FloatArray, *, level: float, log_sd: float, persistence: float, jump_bars: float
) -> FloatArray:
    """Filtered volatility known *before* each of returns[n], per bar; a missing return (NaN) teaches nothing."""
    running = VolatilityFilter(level, log_sd, persistence)
    found = np.empty(len(returns))
    for place, value in enumerate(np.asarray(returns, dtype=np.float64).tolist()):
        found[place] = running.volatility(jump_bars)
        if math.isfinite(value):
            running.add(value)
    return found
