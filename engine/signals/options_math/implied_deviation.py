"""The deviation s = sigma sqrt(T) at which the normalised Black price b(x, s) takes a given value.

Ordinary options (s <= 1, up to 6.5 standard deviations out of the money) take one step. The start is the deviation of
Bachelier's model, d(w) with w = ln(1 + |F - K| / price), by a rational function (relative error 6e-8), brought to
Black's by a polynomial in s^2 and x^2 whose first coefficient, 1/24, is that of Grunspan, "A note on the equivalence
between the normal and the lognormal implied volatility" (2011); both fits are this project's own. It is right to 7e-5,
and one Householder step of fourth order on ln b leaves rounding. The size of ln b's residual says whether that holds.

All others iterate inside a bracket from the inflection s = sqrt(2x), as Jaeckel, "Let's Be Rational" (2013): below it
on 1/sqrt(-ln b), which is nearly linear in s; above it on ln b; and where the price exceeds half of its upper bound
e^(-x/2), on the logarithm of what is missing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.signals.options_math.mills_ratio import INVERSE_SQRT_2PI, SQRT_2PI, FloatArray, polynomial
from engine.signals.options_math.normalised_black import complement_sum, mills_gap

BoolArray = npt.NDArray[np.bool_]

_BACHELIER_NUMERATOR = (
    1.0850177693945133e-07, 3.28966283320325e-05, 0.0008171951902902375, 0.011013523679186153, 0.05784034755075485,
    0.3989422563487821,
)  # fmt: skip
_BACHELIER_DENOMINATOR = (
    2.0723868108572686e-06, 0.0001543275711286752, 0.002588314077365515, 0.03136647676962979, 0.14498307052593098, 1.0,
)  # fmt: skip
# Rows: powers 1, 2, 3 of s^2; columns: powers 3, 2, 1, 0 of x^2.
_BLACK_OVER_BACHELIER = (
    (-8.793632386527145e-08, 6.119597408026367e-06, -0.0003438432062791319, 0.041573717948288576),
    (6.474877919070143e-08, 1.1546109778202466e-07, -0.00011121766353248787, 0.004141270853391173),
    (-7.580234949797334e-09, -1.5349345479155685e-06, 5.8991821237447104e-05, -2.136738110731795e-05),
)
_LARGEST_W = 28.0
_LARGEST_START = 1.0
# A residual of ln b up to this size leaves a relative error of s below 1e-15 after one step of fourth order.
_LARGEST_RESIDUAL = 3e-4
_ITERATIONS = 100
_STEP_TOLERANCE = 1e-6


def one_step(
    log_ratio: FloatArray, value: FloatArray, root: FloatArray, w: FloatArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """(s, d ln b / ds, whether s is good) from x = `log_ratio` > 0, price `value` = `root` b with root = sqrt(F K), and
    w = ln(1 + |F - K| / value); elements out of the method's reach may be anything."""
    bachelier = log_ratio * polynomial(_BACHELIER_DENOMINATOR, w)
    bachelier /= w * polynomial(_BACHELIER_NUMERATOR, w)
    u, v = bachelier * bachelier, log_ratio * log_ratio
    first, second, third = (polynomial(row, v) for row in _BLACK_OVER_BACHELIER)
    s = bachelier * (1.0 + u * (first + u * (second + u * third)))
    reachable = (w < _LARGEST_W) & (s < _LARGEST_START)
    s = np.where(reachable, s, _LARGEST_START)
    h = log_ratio / s
    gap = mills_gap(h, 0.5 * s)
    residual = np.log(gap * root / (value * SQRT_2PI))
    residual -= 0.5 * h * h + 0.125 * s * s
    slope = 1.0 / gap
    s -= _householder(residual, slope, h, s)
    return s, slope, reachable & (np.abs(residual) <= _LARGEST_RESIDUAL)


def iterated(log_ratio: FloatArray, log_value: FloatArray, log_missing: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(s, db/ds over b) for every x >= 0, from ln b and ln(e^(-x/2) - b); NaN where no iteration converges."""
    x = np.maximum(log_ratio, 1e-200)
    inflection = np.sqrt(2.0 * x)
    at_inflection = _log_price(x, inflection)[0]
    upper = log_missing < log_value
    below = ~upper & (log_value < at_inflection)
    # -1/sqrt(ln b) is close to s sqrt(2)/x for small s: the value at the inflection, scaled, is a start.
    scaled = inflection * np.sqrt(at_inflection / np.minimum(log_value, -1e-300))
    s = np.where(below, np.minimum(scaled, inflection), np.maximum(inflection, SQRT_2PI * np.exp(log_value)))
    s = np.where(upper, np.maximum(inflection, np.sqrt(-8.0 * np.minimum(log_missing, -0.1))), s)
    low, high = np.where(below, 0.0, inflection), np.where(below, inflection, np.inf)
    answer, slopes = np.full_like(x, np.nan), np.full_like(x, np.nan)
    active = np.arange(x.size)
    for _ in range(_ITERATIONS):
        xa, sa, is_upper, is_below = x[active], s[active], upper[active], below[active]
        log_target = np.where(is_upper, log_missing[active], log_value[active])
        current, slope = _log_price(xa, sa)
        missing = np.flatnonzero(is_upper)
        if missing.size:
            current[missing], slope[missing] = _log_missing(xa[missing], sa[missing])
        residual = current - log_target
        rising = (residual > 0) != is_upper
        high[active] = np.where(rising, np.minimum(high[active], sa), high[active])
        low[active] = np.where(rising, low[active], np.maximum(low[active], sa))
        step = _householder(residual, slope, xa / sa, sa)
        step = np.where(is_below, _halley_on_inverse_root(residual, current, log_target, slope, xa, sa), step)
        following = sa - step
        inside = (following > low[active]) & (following < high[active])
        middle = np.where(np.isfinite(high[active]), 0.5 * (low[active] + high[active]), 2.0 * sa)
        settled = np.abs(step) <= _STEP_TOLERANCE * sa
        following = np.where(inside | settled, following, middle)
        s[active] = following
        done = settled | (residual == 0.0)
        answer[active[done]] = following[done]
        # Of b itself, also where the missing part was solved for: d ln b = -(c/b) d ln c.
        relative = np.where(is_upper, -slope * np.exp(log_target - log_value[active]), slope)
        slopes[active[done]] = relative[done]
        active = active[~done]
        if active.size == 0:
            break
    return answer, slopes


def _householder(residual: FloatArray, slope: FloatArray, h: FloatArray, s: FloatArray) -> FloatArray:
    """Fourth-order step for f = ln b or ln(e^(-x/2) - b) from f and f' alone: f''/f' = k with k = x^2/s^3 - s/4 - f',
    and f'''/f' = k^2 + dk/ds (Householder 1970, order 3)."""
    newton = residual / slope
    share = h * h / s
    k = share - 0.25 * s - slope
    third = k * k - 3.0 * share / s - 0.25 - slope * k
    step: FloatArray = newton * (1.0 - 0.5 * k * newton) / (1.0 - newton * (k - newton * third / 6.0))
    return step


def _halley_on_inverse_root(
    residual: FloatArray, current: FloatArray, target: FloatArray, slope: FloatArray, x: FloatArray, s: FloatArray
) -> FloatArray:
    """Halley's step for 1/sqrt(-ln b), from f = ln b."""
    second = x * x / (s * s * s) - 0.25 * s - slope - 1.5 * slope / current
    newton = -2.0 * current * (1.0 - np.sqrt(current / target)) / slope
    step = newton / np.maximum(1.0 - 0.5 * newton * second, 0.5)
    result: FloatArray = np.where(np.isfinite(step), step, residual / slope)
    return result


def _log_price(x: FloatArray, s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """ln b and its derivative in s."""
    h, t = x / s, 0.5 * s
    gap = mills_gap(h, t)
    return np.log(INVERSE_SQRT_2PI * gap) - 0.5 * (h * h + t * t), 1.0 / gap


def _log_missing(x: FloatArray, s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """ln(e^(-x/2) - b) and its derivative in s."""
    h, t = x / s, 0.5 * s
    total = complement_sum(h, t)
    return np.log(INVERSE_SQRT_2PI * total) - 0.5 * (h * h + t * t), -1.0 / total
