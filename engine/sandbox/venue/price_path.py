"""The traded contract's closes from the planted law, and bars whose range shows the order-flow factor.

Prices are multiples of the tick (cents/lb). A bar opens at the previous close; its close is the path rounded to the
tick (rounding is about 1 bp against 25 bps of noise). High and low are placed so that (2C - H - L) / (H - L) comes as
close as ticks allow to the flow display while open and close stay inside the range.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.sandbox.venue.market_facts import START_PRICE, TICK_SIZE
from engine.sandbox.venue.world_rules import FloatArray, WorldRules

# Pull of the log price to its long-run level, per bar: keeps 4,000 bars within 60-110 cents/lb and is about 1 % of a
# bar's standard deviation, so that it takes nothing noticeable from the planted information coefficient.
MEAN_REVERSION = 0.0025
_RANGE_CHOICES = 8


@dataclass(frozen=True, slots=True)
class Bars:
    """Open, high, low, close (cents/lb, multiples of the tick) and volume (lots); each [n]."""

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray


def log_returns(
    rules: WorldRules, factors: FloatArray, sigma: FloatArray, noise: FloatArray, first_signal: float
) -> FloatArray:
    """Planted log returns [n] before mean reversion: bar t moves on the factors of bar t-1 (`first_signal` for t=0)."""
    signal = np.empty(factors.shape[0])
    signal[0] = first_signal
    signal[1:] = rules.signal_scale[1:] * np.sum(rules.loadings[1:] * factors[:-1], axis=1)
    ic = rules.information_coefficient
    return np.asarray(sigma * rules.sigma_multiplier * (ic * signal + np.sqrt(1.0 - ic**2) * noise))


def closes(returns: FloatArray) -> FloatArray:
    """Tick-rounded closes [n] of a mean-reverting log price that starts at the long-run level."""
    displacement = 0.0
    path = np.empty(returns.shape[0])
    for bar, step in enumerate(returns.tolist()):
        displacement += step - MEAN_REVERSION * displacement
        path[bar] = displacement
    return to_tick(START_PRICE * np.exp(path))


def to_tick(prices: FloatArray) -> FloatArray:
    """Nearest multiple of the tick."""
    return np.round(prices / TICK_SIZE) * TICK_SIZE


def traded_bars(close: FloatArray, location: FloatArray, typical_range: FloatArray, volume: FloatArray) -> Bars:
    """Bars around given closes.

    `location` [n] in (-1, 1) is the wanted close location; `typical_range` [n] in cents/lb is the least range. The
    range grows where an opposite move of the bar needs room, and among a few neighbouring ranges the one is taken
    whose tick-rounded location is nearest.
    """
    opens = np.concatenate([[START_PRICE], close[:-1]])
    close_ticks = np.round(close / TICK_SIZE).astype(np.int64)
    move = np.round(opens / TICK_SIZE).astype(np.int64) - close_ticks
    share_above = (1.0 - location) / 2.0
    least = np.maximum(np.maximum(move, 0) / share_above, np.maximum(-move, 0) / (1.0 - share_above))
    least_ticks = np.ceil(np.maximum(least, np.maximum(typical_range / TICK_SIZE, 4.0))).astype(np.int64)
    widths = least_ticks[:, None] + np.arange(_RANGE_CHOICES)[None, :]
    above = np.round(share_above[:, None] * widths).astype(np.int64)
    above = np.maximum(above, np.maximum(move, 0)[:, None])
    below = np.maximum(widths - above, np.maximum(-move, 0)[:, None])
    error = np.abs((below - above) / (below + above) - location[:, None])
    best: NDArray[np.int64] = np.argmin(error, axis=1)
    rows = np.arange(close.shape[0])
    high, low = close_ticks + above[rows, best], close_ticks - below[rows, best]
    return Bars(opens, _prices(high), _prices(low), _prices(close_ticks), volume)


def _prices(ticks: NDArray[np.int64]) -> FloatArray:
    return np.asarray(ticks * TICK_SIZE, dtype=np.float64)


def deferred_bars(traded: Bars, basis: FloatArray) -> Bars:
    """Bars of the deferred contract: every price is traded * exp(-basis), rounded to the tick; it opens at its own
    previous close, and trades two fifths of the volume."""
    ratio = np.exp(-basis)
    close = to_tick(traded.close * ratio)
    opens = np.concatenate([[to_tick(traded.open[:1] * ratio[:1])[0]], close[:-1]])
    high = np.maximum.reduce([to_tick(traded.high * ratio), opens, close])
    low = np.minimum.reduce([to_tick(traded.low * ratio), opens, close])
    return Bars(opens, high, low, close, np.maximum(np.round(traded.volume * 0.4), 1.0))
