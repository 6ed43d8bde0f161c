"""How a latent factor becomes a number that an ordinary feed shows.

Every display is monotone. Those with a unit are straight over eleven standard deviations and end there, so that a
vendor's change of units stays one, and no feed shows the impossible (negative volatility, an arbitrage); the two that
are scores (close in range, tone) bend to their natural bounds.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.sandbox.venue.world_rules import FloatArray

ATM_IV_LEVEL: Final = 0.30
ATM_IV_LOG_SCALE: Final = 0.035
SKEW_SLOPE_SCALE: Final = 0.0065
SMILE_CURVATURE: Final = 0.012
PUT_CALL_LEVEL: Final = 1.0
PUT_CALL_SCALE: Final = 0.07
BASIS_LEVEL: Final = 0.004
BASIS_SCALE: Final = 0.0070
FLOW_BOUND: Final = 0.60
NET_TONE_SCALE: Final = 2.0
NET_TONE_BOUND: Final = 8

_LINEAR_BOUND: Final = 11.0


def bounded(factor: FloatArray, bound: float) -> FloatArray:
    """The factor itself, held within +-bound."""
    return np.clip(factor, -bound, bound)


def atm_iv(factor: FloatArray) -> FloatArray:
    """At-the-money implied volatility, annualised: 30 % at 0, 3.5 % of itself per standard deviation."""
    return ATM_IV_LEVEL * np.exp(ATM_IV_LOG_SCALE * bounded(factor, _LINEAR_BOUND))


def skew_slope(factor: FloatArray) -> FloatArray:
    """Slope of implied volatility at the money, volatility per standard deviation of the future until expiry."""
    return SKEW_SLOPE_SCALE * bounded(factor, _LINEAR_BOUND)


def put_call_ratio(factor: FloatArray) -> FloatArray:
    """Put over call open interest of the chain: 1 at 0, .07 per standard deviation, between .23 and 1.77."""
    return PUT_CALL_LEVEL + PUT_CALL_SCALE * bounded(factor, _LINEAR_BOUND)


def basis(factor: FloatArray) -> FloatArray:
    """ln(traded / deferred price): 40 bps at 0, 70 bps per standard deviation (28 ticks of .025 at 85 cents/lb per
    1 %, so the tick drowns nothing)."""
    return BASIS_LEVEL + BASIS_SCALE * bounded(factor, _LINEAR_BOUND)


def close_location(factor: FloatArray) -> FloatArray:
    """Where the close lies in the bar's range, (2C - H - L) / (H - L), within +-.6."""
    return FLOW_BOUND * np.tanh(factor / 1.6)


def net_tone(factor: FloatArray) -> FloatArray:
    """Good minus bad words of a headline: two per standard deviation, within +-8 (not yet a whole number)."""
    return NET_TONE_BOUND * np.tanh(NET_TONE_SCALE * factor / NET_TONE_BOUND)
