"""Black-76 prices and greeks of European options on a future, vectorised.

With D = exp(-rT), s = sigma sqrt(T), d1 = ln(F/K)/s + s/2, d2 = d1 - s and th = +1 for calls, -1 for puts:
V = D th [F N(th d1) - K N(th d2)] (Black 1976). Units are in the names: vega per 1.00 of volatility, theta and charm
per year of passing time, rho per 1.00 of rate and equal to -T V, since a future costs nothing to hold.
All inputs broadcast; a bad element gives NaN and a status code there, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.signals.options_math.status_codes import OptionStatus

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int8]
_INVERSE_SQRT_2PI = 0.3989422804014327


@dataclass(frozen=True, slots=True)
class Greeks:
    """Values per element of one broadcast shape; NaN where `status` is not OK."""

    price: FloatArray
    delta: FloatArray
    gamma: FloatArray
    vega_per_vol: FloatArray
    theta_per_year: FloatArray
    rho: FloatArray
    vanna: FloatArray
    volga: FloatArray
    charm_per_year: FloatArray
    speed: FloatArray
    status: IntArray


def log_moneyness(forward: npt.ArrayLike, strike: npt.ArrayLike) -> FloatArray:
    """ln(F/K), exact to the last digits also where F and K nearly agree."""
    future = np.asarray(forward, dtype=np.float64)
    level = np.asarray(strike, dtype=np.float64)
    near = np.abs(future - level) < 0.5 * np.abs(level)
    with np.errstate(all="ignore"):
        return np.where(near, np.log1p((future - level) / level), np.log(future / level))


def price(
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    volatility: npt.ArrayLike,
    is_call: npt.ArrayLike,
    rate: npt.ArrayLike = 0.0,
) -> tuple[FloatArray, IntArray]:
    """Present values in the unit of F, and a status per element. `rate` is continuously compounded, per year."""
    values = greeks(forward, strike, years, volatility, is_call, rate)
    return values.price, values.status


def greeks(
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    volatility: npt.ArrayLike,
    is_call: npt.ArrayLike,
    rate: npt.ArrayLike = 0.0,
) -> Greeks:
    """Price and greeks. Expired options (T <= 0) and inputs that are not positive or not finite have a status code."""
    from scipy.special import ndtr

    future, level, time, sigma, rates, call = np.broadcast_arrays(
        *(np.asarray(item, dtype=np.float64) for item in (forward, strike, years, volatility, rate)),
        np.asarray(is_call, dtype=bool),
    )
    finite = np.isfinite(future) & np.isfinite(level) & np.isfinite(time) & np.isfinite(sigma) & np.isfinite(rates)
    valid = finite & (future > 0) & (level > 0) & (sigma > 0) & (time > 0)
    status = np.where(valid, OptionStatus.OK, OptionStatus.INVALID_INPUT).astype(np.int8)
    status[finite & (time <= 0)] = OptionStatus.EXPIRED
    future, level, time, sigma = (np.where(valid, item, 1.0) for item in (future, level, time, sigma))
    rates = np.where(valid, rates, 0.0)
    theta_sign = np.where(call, 1.0, -1.0)
    with np.errstate(all="ignore"):
        root = np.sqrt(time)
        deviation = sigma * root
        discount = np.exp(-rates * time)
        d1 = log_moneyness(future, level) / deviation + 0.5 * deviation
        d2 = d1 - deviation
        density = _INVERSE_SQRT_2PI * np.exp(-0.5 * d1 * d1)
        upper = ndtr(theta_sign * d1)
        value = discount * theta_sign * (future * upper - level * ndtr(theta_sign * d2))
        value = np.maximum(value, 0.0)
        gamma = discount * density / (future * deviation)
        vega = discount * future * density * root
        vanna = -discount * density * d2 / sigma
        charm = rates * theta_sign * discount * upper + discount * density * (
            log_moneyness(future, level) / (2.0 * deviation * time) - sigma / (4.0 * root)
        )
        results = (
            value,
            discount * theta_sign * upper,
            gamma,
            vega,
            -discount * future * density * sigma / (2.0 * root) + rates * value,
            -time * value,
            vanna,
            vega * d1 * d2 / sigma,
            charm,
            -gamma / future * (d1 / deviation + 1.0),
        )
    names = tuple(Greeks.__slots__)[:-1]
    masked = {name: np.where(valid, item, np.nan) for name, item in zip(names, results, strict=True)}
    return Greeks(**masked, status=status)
