"""Implied Black-76 volatility, vectorised, to the accuracy that the price itself carries.

Everything is brought to the out-of-the-money side by subtraction without rounding (`error_free`), and solved there
(`implied_deviation`). What a double cannot say is said: `rounding` is the volatility that half a unit in the last place
of the price is worth, and where that exceeds a thousandth of the volatility the status is NOT_INVERTIBLE.

Measured against inversion of the same doubles in 80 digits (tests): relative error at most 4e-15 wherever the status is
OK, from 1e-8 to 1000 % volatility, at prices down to 1e-300, near the money and deep in it; `rounding` covers the
distance to the volatility from which the price was rounded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.signals.options_math.black76 import FloatArray, IntArray
from engine.signals.options_math.error_free import quotient_less_difference
from engine.signals.options_math.implied_deviation import iterated, one_step
from engine.signals.options_math.status_codes import OptionStatus

BoolArray = npt.NDArray[np.bool_]
_CHUNK = 8192  # elements whose working arrays stay in the second-level cache
_EPS = float(np.finfo(np.float64).eps)
_LARGEST_ROUNDING_SHARE = 1e-3
# A difference F - K of this share of K stands for zero: x, w and h then keep their limits at the money.
_LEAST_GAP = 1e-200
_SCALE = 200  # a power of two


@dataclass(frozen=True, slots=True)
class ImpliedVolatility:
    """`volatility` per sqrt(year), NaN where `status` is not OK; `rounding`, the volatility that half a unit in the
    last place of the price is worth (known where OK and where NOT_INVERTIBLE because of it)."""

    volatility: FloatArray
    rounding: FloatArray
    status: IntArray


@dataclass(frozen=True, slots=True)
class VolatilityInterval:
    """Volatilities of bid, mid and ask, and what one tick is worth at mid: `volatility_per_tick` = tick / vega."""

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
    """Volatility per sqrt(year) of European options, and a status per element; see `resolved_implied_volatility`."""
    found = resolved_implied_volatility(price, forward, strike, years, is_call, discount)
    return found.volatility, found.status


def resolved_implied_volatility(
    price: npt.ArrayLike,
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    is_call: npt.ArrayLike,
    discount: npt.ArrayLike = 1.0,
) -> ImpliedVolatility:
    """Volatility of European options with the resolution of their price.

    `price` is a present value in the unit of the forward, `discount` the factor exp(-rT). Inputs broadcast. A result is
    NaN wherever its status is not OK; no exception, no warning, one bad element never changes another, and a solver's
    bound is never returned as an answer. Status, first that applies: INVALID_INPUT (not finite, F, K or discount not
    positive, price negative), EXPIRED, ZERO_PRICE, BELOW_INTRINSIC, AT_INTRINSIC (within two units in the last place of
    the larger of F and K), ABOVE_MAX (at or above discounted F for a call, K for a put), NOT_INVERTIBLE.
    """
    numbers = [np.asarray(item, dtype=np.float64) for item in (price, forward, strike, years, discount)]
    arrays = np.broadcast_arrays(*numbers, np.asarray(is_call, dtype=bool))
    shape, size = arrays[0].shape, arrays[0].size
    flat = [item.reshape(-1) for item in arrays]
    volatility, rounding = np.empty(size), np.empty(size)
    status = np.empty(size, dtype=np.int8)
    with np.errstate(all="ignore"):
        for start in range(0, size, _CHUNK):
            part = slice(start, start + _CHUNK)
            volatility[part], rounding[part], status[part] = _invert(*(item[part] for item in flat))
    return ImpliedVolatility(volatility.reshape(shape), rounding.reshape(shape), status.reshape(shape))


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
    """Volatilities of bid, mid and ask: the honest error bar of a quote. A bid that has no volatility of its own (zero,
    at intrinsic) has a status that says so, and the ask's volatility still bounds from above."""
    low, high = np.broadcast_arrays(np.asarray(bid, dtype=np.float64), np.asarray(ask, dtype=np.float64))
    stacked = np.stack([low, 0.5 * (low + high), high])
    found = resolved_implied_volatility(stacked, forward, strike, years, is_call, discount)
    values, status = found.volatility, found.status
    with np.errstate(all="ignore"):
        # `rounding` is half a unit in the last place over vega.
        per_tick = 2.0 * tick * (found.rounding[1] / np.spacing(np.abs(stacked[1])))
    return VolatilityInterval(values[0], values[1], values[2], per_tick, status[0], status[1], status[2])


def _invert(
    premium: FloatArray, forward: FloatArray, strike: FloatArray, years: FloatArray, discount: FloatArray,
    call: BoolArray,
) -> tuple[FloatArray, FloatArray, IntArray]:  # fmt: skip
    """Volatility, rounding and status of one-dimensional arrays."""
    valid = np.isfinite(premium) & np.isfinite(forward) & np.isfinite(strike) & np.isfinite(years)
    valid &= np.isfinite(discount) & (forward > 0) & (strike > 0) & (discount > 0) & (premium >= 0)
    lesser, larger = np.minimum(forward, strike), np.maximum(forward, strike)
    gap = np.maximum(larger - lesser, _LEAST_GAP * lesser)
    in_the_money = np.where(call, forward > strike, strike > forward)
    value = premium / discount
    inside = np.flatnonzero(in_the_money)
    if inside.size:
        value[inside] = quotient_less_difference(premium[inside], discount[inside], larger[inside], lesser[inside])
    root = np.sqrt(forward)
    root *= np.sqrt(strike)
    log_ratio = np.log1p(gap / lesser)
    s, slope, good = one_step(log_ratio, value, root, np.log1p(gap / value))

    near_intrinsic = 2.0 * _EPS * larger
    status = np.zeros(premium.size, dtype=np.int8)
    status[value >= lesser] = OptionStatus.ABOVE_MAX
    if inside.size:
        status[in_the_money & (np.abs(value) <= near_intrinsic)] = OptionStatus.AT_INTRINSIC
        status[in_the_money & (value < -near_intrinsic)] = OptionStatus.BELOW_INTRINSIC
    status[premium == 0] = OptionStatus.ZERO_PRICE
    status[~(years > 0)] = OptionStatus.EXPIRED
    status[~valid] = OptionStatus.INVALID_INPUT

    rest = np.flatnonzero((status == OptionStatus.OK) & ~good)
    if rest.size:
        s[rest], slope[rest] = _by_iteration(
            premium[rest], discount[rest], forward[rest], strike[rest], value[rest], log_ratio[rest], in_the_money[rest]
        )
    deviation_rounding = 0.5 * (np.spacing(premium) / (discount * value) / slope)
    lost = ~(deviation_rounding <= _LARGEST_ROUNDING_SHARE * s) | ~(s > 0)
    status[(status == OptionStatus.OK) & lost] = OptionStatus.NOT_INVERTIBLE
    root_years = np.sqrt(years)
    answered = status == OptionStatus.OK
    volatility = np.where(answered, s / root_years, np.nan)
    rounding = np.where(answered | (status == OptionStatus.NOT_INVERTIBLE), deviation_rounding / root_years, np.nan)
    return volatility, rounding, status


def _by_iteration(
    premium: FloatArray, discount: FloatArray, forward: FloatArray, strike: FloatArray, value: FloatArray,
    log_ratio: FloatArray, in_the_money: BoolArray,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """Deviation and d ln b / ds of options out of the reach of one step: ratios as logarithms, so that neither the
    price nor sqrt(F K) under- or overflows, and the part missing to the upper bound without rounding."""
    lesser, larger = np.minimum(forward, strike), np.maximum(forward, strike)
    log_ratio = np.where(np.isfinite(log_ratio), log_ratio, np.log(larger) - np.log(lesser))
    # The bound is min(F, K) for the out-of-the-money option and max(F, K) for the other: price / D - (bound - 0).
    bound = np.where(in_the_money, larger, lesser)
    missing = -quotient_less_difference(premium, discount, bound, np.zeros_like(bound))
    log_root = 0.5 * (np.log(larger) + np.log(lesser))
    root = np.sqrt(lesser) * np.sqrt(larger)
    plain = (value / root > 1e-290) & np.isfinite(root)
    # A subnormal price has no digits to lose to the division by the discount.
    scaled = np.where(in_the_money, np.ldexp(value, _SCALE), np.ldexp(premium, _SCALE) / discount)
    log_value = np.where(plain, np.log(value / root), np.log(scaled) - _SCALE * np.log(2.0) - log_root)
    log_missing = np.where(plain, np.log(missing / root), np.log(missing) - log_root)
    return iterated(log_ratio, log_value, log_missing)
