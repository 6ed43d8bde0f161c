"""Implied Black-76 volatility, vectorised, to the accuracy that the price itself carries.

Everything is brought to the out-of-the-money side of the normalised price b(x, s) = C / (D sqrt(F K)) with
x = -|ln(F/K)| and s = sigma sqrt(T), written with erfcx so that nothing cancels or underflows (Jaeckel, "Let's Be
Rational", 2013). Below the inflection point s = sqrt(2|x|) the iteration runs on 1/sqrt(-ln b), which is nearly linear
in s; above it on b itself, where Newton from the inflection is monotone. A bracket guards every step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.signals.options_math.black76 import FloatArray, IntArray, log_moneyness
from engine.signals.options_math.status_codes import OptionStatus

_SQRT_2 = 1.4142135623730951
_SQRT_8 = 2.8284271247461903
_TWO_OVER_SQRT_2PI = 0.7978845608028654
_ITERATIONS = 60
_LEAST_NORMALISED = 1e-300
# Steps converge with third order: after one of relative size 1e-7 the next would be below the last digit.
_STEP_TOLERANCE = 1e-7


@dataclass(frozen=True, slots=True)
class VolatilityInterval:
    """Volatilities of bid, mid and ask, and what one tick is worth: `volatility_per_tick` = tick / vega."""

    bid: FloatArray
    mid: FloatArray
    ask: FloatArray
    volatility_per_tick: FloatArray
    bid_status: IntArray
    mid_status: IntArray
    ask_status: IntArray


def implied_volatility(
    price: npt.ArrayLike,
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    is_call: npt.ArrayLike,
    discount: npt.ArrayLike = 1.0,
) -> tuple[FloatArray, IntArray]:
    """Volatility per sqrt(year) of European options, and a status per element.

    Inputs broadcast. A result is NaN wherever its status is not OK; no exception, no warning, and one bad element never
    changes another. A solver's bound is never returned as an answer.
    """
    premium, future, level, time, factor, call = np.broadcast_arrays(
        *(np.asarray(item, dtype=np.float64) for item in (price, forward, strike, years, discount)),
        np.asarray(is_call, dtype=bool),
    )
    shape = premium.shape
    premium, future, level, time, factor, call = (
        np.atleast_1d(item).ravel() for item in (premium, future, level, time, factor, call)
    )
    with np.errstate(all="ignore"):
        finite = np.isfinite(premium * future * level * time * factor)
        valid = finite & (future > 0) & (level > 0) & (factor > 0) & (premium >= 0)
        undiscounted = premium / factor
        intrinsic = np.maximum(np.where(call, future - level, level - future), 0.0)
        time_value = undiscounted - intrinsic
        normalised = time_value / np.sqrt(future * level)
        distance = np.abs(log_moneyness(future, level))
        ceiling = np.exp(-0.5 * distance)
    rounding = 4.0 * np.finfo(np.float64).eps * np.maximum(undiscounted, intrinsic)
    status = np.full(premium.shape, OptionStatus.OK, dtype=np.int8)
    status[normalised < _LEAST_NORMALISED] = OptionStatus.NOT_INVERTIBLE
    status[normalised >= ceiling] = OptionStatus.ABOVE_MAX
    status[(intrinsic > 0) & (np.abs(time_value) <= rounding)] = OptionStatus.AT_INTRINSIC
    status[time_value < -rounding] = OptionStatus.BELOW_INTRINSIC
    status[premium == 0] = OptionStatus.ZERO_PRICE
    status[~valid] = OptionStatus.INVALID_INPUT
    status[finite & (time <= 0)] = OptionStatus.EXPIRED
    solvable = status == OptionStatus.OK
    answer = np.full(premium.shape, np.nan)
    if solvable.any():
        deviation = _solve(normalised[solvable], distance[solvable])
        answer[solvable] = deviation / np.sqrt(time[solvable])
        status[solvable & ~(np.isfinite(answer) & (answer > 0))] = OptionStatus.NOT_INVERTIBLE
        answer[status != OptionStatus.OK] = np.nan
    return answer.reshape(shape), status.reshape(shape)


def implied_volatility_interval(
    bid: npt.ArrayLike,
    ask: npt.ArrayLike,
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    is_call: npt.ArrayLike,
    discount: npt.ArrayLike = 1.0,
    tick: float = 0.0,
) -> VolatilityInterval:
    """Volatilities of bid, mid and ask: the honest error bar of a quote."""
    low = np.asarray(bid, dtype=np.float64)
    high = np.asarray(ask, dtype=np.float64)
    low, high = np.broadcast_arrays(low, high)
    stacked = np.stack([low, 0.5 * (low + high), high])
    values, status = implied_volatility(stacked, forward, strike, years, is_call, discount)
    future = np.asarray(forward, dtype=np.float64)
    time = np.asarray(years, dtype=np.float64)
    with np.errstate(all="ignore"):
        deviation = values[1] * np.sqrt(time)
        d1 = log_moneyness(future, strike) / deviation + 0.5 * deviation
        vega = np.asarray(discount) * future * np.sqrt(time) * 0.5 * _TWO_OVER_SQRT_2PI * np.exp(-0.5 * d1 * d1)
        per_tick = tick / vega
    return VolatilityInterval(values[0], values[1], values[2], per_tick, status[0], status[1], status[2])


def _solve(target: FloatArray, distance: FloatArray) -> FloatArray:
    """Solve b(-distance, s) = target for s > 0, where 0 < target < exp(-distance/2)."""
    from scipy.special import erfinv

    answer = np.empty_like(target)
    at_the_money = distance == 0.0
    answer[at_the_money] = _SQRT_8 * erfinv(target[at_the_money])
    index = np.flatnonzero(~at_the_money)
    if index.size == 0:
        return answer
    beta, x = target[index], distance[index]
    log_beta = np.log(beta)
    inflection = np.sqrt(2.0 * x)
    low_side = log_beta < _log_price(x, inflection)[0]
    # 1/sqrt(-ln b) is close to s sqrt(2)/|x| for small s: scale the value at the inflection to start.
    start_low = inflection * np.sqrt(_log_price(x, inflection)[0] / np.minimum(log_beta, -1e-300))
    s = np.where(low_side, np.minimum(start_low, inflection), inflection)
    low = np.where(low_side, 0.0, inflection)
    high = np.where(low_side, inflection, np.inf)
    active = np.arange(index.size)
    for _ in range(_ITERATIONS):
        xa, sa, low_a = x[active], s[active], low_side[active]
        log_price, log_slope = _log_price(xa, sa)
        difference = log_price - log_beta[active]
        above = difference > 0
        high[active] = np.where(above, np.minimum(high[active], sa), high[active])
        low[active] = np.where(above, low[active], np.maximum(low[active], sa))
        with np.errstate(all="ignore"):
            # d ln b / ds = log_slope, d2 ln b / ds2 = log_slope (x^2/s^3 - s/4 - log_slope)
            newton = difference / log_slope
            curvature = xa * xa / (sa * sa * sa) - 0.25 * sa - log_slope
            # Transformed problem h(ln b) = 0: Halley's correction uses the curvature of h o ln b.
            log_target = log_beta[active]
            transform = np.where(
                low_a,
                -2.0 * log_price * (1.0 - np.sqrt(log_price / log_target)) / log_slope,
                -np.expm1(-difference) / log_slope,
            )
            second = np.where(low_a, curvature - 1.5 * log_slope / log_price, curvature + log_slope)
            step = transform / np.maximum(1.0 - 0.5 * transform * second, 0.5)
            step = np.where(np.isfinite(step), step, newton)
            following = sa - step
            inside = (following > low[active]) & (following < high[active])
            middle = np.where(np.isfinite(high[active]), 0.5 * (low[active] + high[active]), 2.0 * sa)
            following = np.where(inside, following, np.where(np.abs(step) <= 1e-15 * sa, sa, middle))
        s[active] = following
        moving = np.abs(following - sa) > _STEP_TOLERANCE * sa
        active = active[moving & (difference != 0.0)]
        if active.size == 0:
            break
    answer[index] = s
    return answer


def _log_price(x: FloatArray, s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """ln b(-x, s) for x > 0, and its derivative in s; both free of underflow."""
    from scipy.special import erfcx

    with np.errstate(all="ignore"):
        ratio = x / s
        near = erfcx((ratio - 0.5 * s) / _SQRT_2)
        far = erfcx((ratio + 0.5 * s) / _SQRT_2)
        gap = near - far
        return -0.5 * (ratio * ratio + 0.25 * s * s) + np.log(0.5 * gap), _TWO_OVER_SQRT_2PI / gap
