"""Implied volatility over strikes and expiries: one smile per expiry, and how far each cell is from a quote.

Each smile is an arbitrage-free SVI slice, or SABR where the quotes are too few for SVI. NO calendar arbitrage is
imposed between expiries, and nothing is interpolated between them: each expiry of futures options has its own
underlying, whose seasons and supplies differ, so that total variance need not rise from one to the next, and a
volatility between two expiries belongs to no contract.

Deltas are Black forward deltas, N(d1) of a call and N(d1) - 1 of a put at the smile's own volatility, undiscounted and
not premium-adjusted. The risk reversal is the volatility of the 25-delta call less that of the 25-delta put, the
butterfly their mean less the volatility at the money (strike = forward).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from engine.signals.options_math.black76 import FloatArray, IntArray
from engine.signals.options_math.price_distribution import FittedFamily
from engine.signals.options_math.quoted_intervals import QuotedIntervals
from engine.signals.options_math.sabr_fit import fit_sabr_with_draws
from engine.signals.options_math.smile_distribution import SmileDistribution, TotalVariance
from engine.signals.options_math.svi_fit import fit_svi_with_draws

_SQRT_3 = 1.7320508075688772
_D1_OF_25_DELTA = 0.6744897501960817
_FARTHEST_DEVIATIONS = 8.0
_FARTHEST_LOG_MONEYNESS = 50.0
_ITERATIONS = 80
# Beside a quote means within this share of the usual distance of strikes.
_BESIDE_A_QUOTE = 0.75
_ERROR_DRAWS = 32


class CellQuality(IntEnum):
    """How a cell of the surface is known, worst first."""

    NONE = 0
    EXTRAPOLATED = 1
    INTERPOLATED = 2
    QUOTED = 3


@dataclass(frozen=True, slots=True)
class SmileShape:
    """Volatilities per sqrt(year) read off one smile; see the module for the definitions."""

    atm_volatility: float
    risk_reversal: float
    butterfly: float


@dataclass(frozen=True, slots=True)
class ExpirySlice:
    """The smile of one expiry. `forward` in price units, `fitted` SVI or SABR with its misfit, `quoted` the ln(K/F) of
    the two-sided quotes, ascending. `error` has the standard errors of `shape` from the widths of the quotes alone:
    where the family misses the quotes (`fitted.misfit`), it does not say by how much."""

    forward: float
    years: float
    fitted: FittedFamily
    smile: TotalVariance
    quoted: FloatArray
    shape: SmileShape
    error: SmileShape

    def volatility(self, strike: npt.ArrayLike) -> FloatArray:
        """Implied volatility at strikes in price units; NaN where a strike is not positive."""
        k = self._log_moneyness(strike)
        result: FloatArray = np.sqrt(self.smile.total_variance(k)[0] / self.years)
        return result

    def quality(self, strike: npt.ArrayLike) -> IntArray:
        """CellQuality of strikes in price units: QUOTED beside a two-sided quote, INTERPOLATED between such quotes,
        EXTRAPOLATED outside them, NONE further out than eight standard deviations at the money."""
        k = self._log_moneyness(strike)
        gap = float(np.median(np.diff(self.quoted)))
        nearest = np.abs(k[..., None] - self.quoted).min(axis=-1)
        inside = (k >= self.quoted[0]) & (k <= self.quoted[-1])
        reach = _FARTHEST_DEVIATIONS * self.shape.atm_volatility * math.sqrt(self.years)
        return np.select(
            [nearest <= _BESIDE_A_QUOTE * gap, inside, np.abs(k) <= reach],
            [CellQuality.QUOTED, CellQuality.INTERPOLATED, CellQuality.EXTRAPOLATED],
            CellQuality.NONE,
        ).astype(np.int8)

    def _log_moneyness(self, strike: npt.ArrayLike) -> FloatArray:
        """ln(K/F), NaN where there is no such strike."""
        level = np.asarray(strike, dtype=np.float64)
        result: FloatArray = np.log(np.where(level > 0.0, level, np.nan) / self.forward)
        return result


@dataclass(frozen=True, slots=True)
class VolatilitySurface:
    """`volatility` [expiries, strikes] per sqrt(year), NaN where `quality` (CellQuality) is NONE; strikes in price
    units, expiries by `years`, ascending. Arrays per expiry [expiries] are NaN where it has no smile."""

    strike: FloatArray
    years: FloatArray
    forward: FloatArray
    volatility: FloatArray
    quality: IntArray
    atm_volatility: FloatArray
    atm_error: FloatArray
    risk_reversal: FloatArray
    risk_reversal_error: FloatArray
    butterfly: FloatArray
    butterfly_error: FloatArray

    @property
    def term_spread(self) -> FloatArray:
        """Volatility at the money of each expiry less that of the nearest expiry that has one, [expiries]."""
        known = self.atm_volatility[np.isfinite(self.atm_volatility)]
        result: FloatArray = self.atm_volatility - (known[0] if known.size else math.nan)
        return result


def fit_slice(intervals: QuotedIntervals, forward: float, years: float) -> ExpirySlice | None:
    """SVI, or SABR where SVI has too few quotes or no slice; None where neither can be fitted."""
    if not (forward > 0.0 and years > 0.0 and math.isfinite(forward) and math.isfinite(years)):
        return None
    middles = _redrawn_middles(intervals)
    fitted, *redrawn = fit_svi_with_draws(intervals, middles)
    if fitted is None:
        fitted, *redrawn = fit_sabr_with_draws(intervals, years, middles)
    if fitted is None:
        return None
    smile = _smile(fitted)
    shape = smile_shape(smile, years)
    around = [smile_shape(_smile(item), years) for item in redrawn if item is not None]
    quoted = np.unique(np.log(intervals.strike[intervals.two_sided]))
    return ExpirySlice(forward, years, fitted, smile, quoted, shape, _spread(shape, around))


def volatility_surface(
    slices: Sequence[ExpirySlice | None], years: Sequence[float], forwards: Sequence[float], strike: FloatArray
) -> VolatilitySurface:
    """The grid of `strike` (price units) by expiries; a slice of None makes a row of NaN. Expiries are put in order of
    `years`; the order of the arguments does not matter."""
    order = sorted(range(len(slices)), key=lambda row: (years[row], forwards[row]))
    shape = (len(order), strike.size)
    volatility, quality = np.full(shape, np.nan), np.zeros(shape, dtype=np.int8)
    read = np.full((6, len(order)), np.nan)
    for row, index in enumerate(order):
        item = slices[index]
        if item is None:
            continue
        quality[row] = item.quality(strike)
        volatility[row] = np.where(quality[row] == CellQuality.NONE, np.nan, item.volatility(strike))
        pairs = zip(_values(item.shape), _values(item.error), strict=True)
        read[:, row] = [value for pair in pairs for value in pair]
    return VolatilitySurface(
        strike,
        np.array([years[index] for index in order], dtype=np.float64),
        np.array([forwards[index] for index in order], dtype=np.float64),
        volatility,
        quality,
        *read,
    )


def smile_shape(smile: TotalVariance, years: float) -> SmileShape:
    """Level, 25-delta risk reversal and 25-delta butterfly of a smile without butterfly arbitrage."""
    put, call = delta_strikes(smile, np.array([_D1_OF_25_DELTA, -_D1_OF_25_DELTA]))
    w = smile.total_variance(np.array([put, call, 0.0]))[0]
    put_side, call_side, middle = (float(item) for item in np.sqrt(w / years))
    return SmileShape(middle, call_side - put_side, 0.5 * (call_side + put_side) - middle)


@np.errstate(all="ignore")
def delta_strikes(smile: TotalVariance, d1: FloatArray) -> FloatArray:
    """ln(K/F) at which -k / sqrt(w(k)) + sqrt(w(k)) / 2 = d1, by Newton inside a bracket: d1 falls in k on every smile
    without butterfly arbitrage (Fukasawa 2012)."""
    level = float(np.sqrt(smile.total_variance(np.zeros(1))[0][0]))
    low, high = np.full(d1.shape, -_FARTHEST_LOG_MONEYNESS), np.full(d1.shape, _FARTHEST_LOG_MONEYNESS)
    k = -d1 * level
    for _ in range(_ITERATIONS):
        w, slope, _bend = smile.total_variance(k)
        root = np.sqrt(w)
        off = 0.5 * root - k / root - d1
        low, high = np.where(off > 0.0, k, low), np.where(off > 0.0, high, k)
        step = off * root / (1.0 - 0.5 * k * slope / w - 0.25 * slope)
        inside = (k + step >= low) & (k + step <= high)
        k = np.where(inside, k + step, 0.5 * (low + high))
        if np.all(np.abs(off) <= 1e-13):
            break
    return k


def _smile(fitted: FittedFamily) -> TotalVariance:
    if not isinstance(fitted.distribution, SmileDistribution):
        raise TypeError(f"{fitted.name} is not a smile")
    return fitted.distribution.smile


def _redrawn_middles(intervals: QuotedIntervals) -> FloatArray:
    """Middles moved by one standard deviation of a uniform error, up or down by the rows of a Hadamard matrix.

    Signs of different quotes are orthogonal over the draws (of quotes up to 31 apart), so that the mean square response
    of a smooth quantity is the sum over the quotes of its squared responses to each: its variance, without randomness.
    """
    hadamard = np.ones((1, 1))
    while hadamard.shape[0] < _ERROR_DRAWS:
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
    column = 1 + np.arange(intervals.strike.size) % (_ERROR_DRAWS - 1)
    result: FloatArray = intervals.middle + hadamard[:, column] * intervals.half_width / _SQRT_3
    return result


def _spread(shape: SmileShape, around: Sequence[SmileShape]) -> SmileShape:
    """Root mean square distance of the redrawn shapes from the shape."""
    if not around:
        return SmileShape(math.nan, math.nan, math.nan)
    off = np.array([_values(item) for item in around]) - np.array(_values(shape))
    return SmileShape(*(float(item) for item in np.sqrt(np.mean(off**2, axis=0))))


def _values(shape: SmileShape) -> tuple[float, float, float]:
    return shape.atm_volatility, shape.risk_reversal, shape.butterfly
