"""SABR implied volatility: Hagan, Kumar, Lesniewski and Woodward (2002), eq. 2.17a, and that of Obloj (2008).

Both write sigma = I0 (1 + I1 T) with h(zeta) = zeta / ln[(sqrt(1 - 2 rho zeta + zeta^2) + zeta - rho) / (1 - rho)] and
I1 = (1-beta)^2 alpha^2 / (24 (FK)^(1-beta)) + rho beta nu alpha / (4 (FK)^((1-beta)/2)) + (2 - 3 rho^2) nu^2 / 24:
Hagan takes I0 = alpha h(zeta) / [(FK)^((1-beta)/2) (1 + L^2/24 + L^4/1920)], L = (1-beta) ln(F/K), with
zeta = (nu/alpha) (FK)^((1-beta)/2) ln(F/K); Obloj I0 = nu ln(F/K) h(zeta) / zeta with
zeta = (nu/alpha) (F^(1-beta) - K^(1-beta)) / (1-beta), the exact limit of short expiries, which stays free of negative
density for lower strikes. They agree at beta = 1. QuantLib's sabrVolatility is Hagan's form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.signals.options_math.black76 import FloatArray, IntArray, log_moneyness
from engine.signals.options_math.smile_distribution import SmileDistribution
from engine.signals.options_math.status_codes import OptionStatus

_Jet = tuple[FloatArray, FloatArray, FloatArray]
SabrFormula = Literal["hagan", "obloj"]

# Below this |zeta| the series of h is used: eight terms are exact to rounding there.
_SERIES_BELOW = 0.02
_SERIES_TERMS = 9


def sabr_volatility(
    strike: npt.ArrayLike,
    forward: npt.ArrayLike,
    years: npt.ArrayLike,
    alpha: npt.ArrayLike,
    beta: npt.ArrayLike,
    rho: npt.ArrayLike,
    nu: npt.ArrayLike,
    formula: SabrFormula = "obloj",
) -> tuple[FloatArray, IntArray]:
    """Black volatility per sqrt(year), and a status per element; all inputs broadcast.

    `alpha` in units of F^(1-beta) per sqrt(year), `nu` per sqrt(year). INVALID_INPUT outside strike, forward, alpha >
    0, nu >= 0, 0 <= beta <= 1, |rho| < 1, and where the expansion leaves its range (it gives no positive volatility);
    EXPIRED where years <= 0.
    """
    level, future, time, *rest = np.broadcast_arrays(
        *(np.asarray(item, dtype=np.float64) for item in (strike, forward, years, alpha, beta, rho, nu))
    )
    a, b, r, n = rest
    with np.errstate(all="ignore"):
        finite = np.isfinite(level * future * time * a * b * r * n)
        valid = finite & (level > 0) & (future > 0) & (a > 0) & (n >= 0) & (b >= 0) & (b <= 1) & (np.abs(r) < 1)
        # In units of the forward: F^(beta-1) carries alpha over.
        k = -log_moneyness(np.where(valid, future, 1.0), np.where(valid, level, 1.0))
        a = np.where(valid, a * future ** (b - 1.0), 1.0)
        b, r, n = (np.where(valid, item, 0.5) for item in (b, r, n))
        smile = _volatility(k, np.where(valid, time, 1.0), a, b, r, n, formula)[0]
    status = np.where(valid & (smile > 0.0) & np.isfinite(smile), OptionStatus.OK, OptionStatus.INVALID_INPUT)
    status = np.where(finite & (time <= 0), OptionStatus.EXPIRED, status).astype(np.int8)
    return np.where(status == OptionStatus.OK, smile, np.nan), status


@dataclass(frozen=True, slots=True)
class Sabr:
    """One expiry in units of its forward (F = 1): `alpha` and `nu` per sqrt(year)."""

    alpha: float
    beta: float
    rho: float
    nu: float
    years: float
    formula: SabrFormula = "obloj"

    def total_variance(self, k: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """w, dw/dk and d2w/dk2 at k = ln(K/F), any shape."""
        return sabr_total_variance(np.asarray(k), self.years, self.alpha, self.beta, self.rho, self.nu, self.formula)

    def volatility(self, k: FloatArray) -> FloatArray:
        """Implied volatility per sqrt(year) at k = ln(K/F)."""
        result: FloatArray = np.sqrt(self.total_variance(k)[0] / self.years)
        return result

    @property
    def distribution(self) -> SmileDistribution:
        """The distribution of S/F that this smile means, wherever its density is not negative."""
        return SmileDistribution(self)


def sabr_total_variance(
    k: FloatArray,
    years: float,
    alpha: npt.ArrayLike,
    beta: float,
    rho: npt.ArrayLike,
    nu: npt.ArrayLike,
    formula: SabrFormula,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """w = sigma^2 T at k = ln(K/F) and its first two derivatives in k, for F = 1; parameters broadcast."""
    sigma, slope, bend = _volatility(k, years, alpha, beta, rho, nu, formula)
    w: FloatArray = years * sigma * sigma
    return w, 2.0 * years * sigma * slope, 2.0 * years * (slope * slope + sigma * bend)


def _volatility(
    k: FloatArray,
    years: npt.ArrayLike,
    alpha: npt.ArrayLike,
    beta: npt.ArrayLike,
    rho: npt.ArrayLike,
    nu: npt.ArrayLike,
    formula: SabrFormula,
) -> _Jet:
    """sigma and its first two derivatives in k for F = 1: the product of alpha q, h(zeta) and 1 + I1 T."""
    time, a, b, r, n = (np.asarray(item, dtype=np.float64) for item in (years, alpha, beta, rho, nu))
    c = 1.0 - b
    q, zeta = (_obloj if formula == "obloj" else _hagan)(k, c)
    scale = n / a
    h, h_1, h_2 = _h(scale * zeta[0], r)
    inner = scale * zeta[1]
    chained = (h, h_1 * inner, h_2 * inner * inner + h_1 * scale * zeta[2])
    half = np.exp(-0.5 * c * k)
    e1, e2 = time * c * c * a * a / 24.0 * half * half, 0.25 * time * r * b * n * a * half
    rest = 1.0 + time * (2.0 - 3.0 * r * r) / 24.0 * n * n
    correction = (rest + e1 + e2, -c * (e1 + 0.5 * e2), c * c * (e1 + 0.25 * e2))
    value, first, second = _product(_product(q, chained), correction)
    return a * value, a * first, a * second


def _obloj(k: FloatArray, c: FloatArray) -> tuple[_Jet, _Jet]:
    """q = k / e(k) and zeta alpha / nu = -e(k) with e(k) = (exp(c k) - 1) / c, and their derivatives in k."""
    m, m_1, m_2 = _mean_growth(c * k)
    e = np.exp(c * k)
    return _reciprocal((m, c * m_1, c * c * m_2)), (-k * m, -e, -c * e)


def _hagan(k: FloatArray, c: FloatArray) -> tuple[_Jet, _Jet]:
    """q = exp(-c k / 2) / (1 + u^2 / 24 + u^4 / 1920) with u = c k; zeta alpha / nu = -k exp(c k / 2)."""
    half, u = 0.5 * c, c * k
    e = np.exp(half * k)
    bracket = (
        1.0 + u**2 / 24.0 + u**4 / 1920.0,
        c * (u / 12.0 + u**3 / 480.0),
        c * c * (1.0 / 12.0 + u**2 / 160.0),
    )
    q = _reciprocal(_product((e, half * e, half * half * e), bracket))
    return q, (-k * e, -(1.0 + half * k) * e, -half * (2.0 + half * k) * e)


def _product(f: _Jet, g: _Jet) -> _Jet:
    """f g and its first two derivatives."""
    return f[0] * g[0], f[1] * g[0] + f[0] * g[1], f[2] * g[0] + 2.0 * f[1] * g[1] + f[0] * g[2]


def _reciprocal(f: _Jet) -> _Jet:
    """1 / f and its first two derivatives."""
    inverse = 1.0 / f[0]
    first = -f[1] * inverse * inverse
    return inverse, first, -(f[2] * inverse + 2.0 * first * f[1]) * inverse


def _mean_growth(u: FloatArray) -> _Jet:
    """m(u) = (exp(u) - 1) / u and its first two derivatives: sum u^n / (n! (n + 1 + order of the derivative))."""
    small = np.abs(u) < 0.3
    safe = np.where(small, 1.0, u)
    e = np.exp(safe)
    m = np.expm1(safe) / safe
    m_1 = (e - m) / safe
    m_2 = (e - 2.0 * m_1) / safe
    if not small.any():
        return m, m_1, m_2
    power, series = np.where(small, u, 0.0), [np.zeros_like(u) for _ in range(3)]
    for order in range(13, -1, -1):
        factorial = float(math.factorial(order))
        series = [total * power + 1.0 / (factorial * (order + 1.0 + rank)) for rank, total in enumerate(series)]
    return np.where(small, series[0], m), np.where(small, series[1], m_1), np.where(small, series[2], m_2)


def _h(zeta: FloatArray, rho: FloatArray) -> _Jet:
    """h = zeta / x(zeta) and its first two derivatives, where x' = 1 / sqrt(1 - 2 rho zeta + zeta^2).

    Away from 0, x is a difference of two asinh, which does not cancel far out as the logarithm does.
    """
    zeta = np.asarray(zeta)
    small = np.abs(zeta) < _SERIES_BELOW
    away = np.where(small, 1.0, zeta)
    orthogonal = np.sqrt(1.0 - rho * rho)
    shifted = away - rho
    square = 1.0 - rho * rho + shifted * shifted
    x = np.arcsinh(shifted / orthogonal) + np.arcsinh(rho / orthogonal)
    x_1 = 1.0 / np.sqrt(square)
    h = away / x
    h_1 = (1.0 - h * x_1) / x
    h_2 = (h * shifted * x_1 / square - 2.0 * h_1 * x_1) / x
    if small.any():
        h, h_1, h_2 = np.array(h), np.array(h_1), np.array(h_2)
        h[small], h_1[small], h_2[small] = _h_near_zero(zeta[small], np.broadcast_to(rho, zeta.shape)[small])
    return h, h_1, h_2


def _h_near_zero(zeta: FloatArray, rho: FloatArray) -> _Jet:
    """The same by series: x' is the generating function of the Legendre polynomials, so that
    x / zeta = sum P_n(rho) zeta^n / (n + 1)."""
    polynomials = [np.ones_like(rho), rho]
    for order in range(1, _SERIES_TERMS):
        latest, before = polynomials[-1], polynomials[-2]
        polynomials.append(((2 * order + 1) * rho * latest - order * before) / (order + 1))
    y, y_1, y_2 = np.zeros_like(zeta), np.zeros_like(zeta), np.zeros_like(zeta)
    for order in range(_SERIES_TERMS, -1, -1):
        y_2, y_1, y = y_2 * zeta + 2.0 * y_1, y_1 * zeta + y, y * zeta + polynomials[order] / (order + 1.0)
    return _reciprocal((y, y_1, y_2))
