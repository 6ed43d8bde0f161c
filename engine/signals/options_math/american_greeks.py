"""Greeks of American options on a future: the European ones plus those of the early-exercise premium.

Kim's integral (1990) gives the premium of a put of strike 1 at m = F/K as

    p(m) = integral over t in (0, 1) of R exp(-Rt) [N(-d2) - m N(-d1)],
    d1, d2 = ln(m / b(1-t)) / (a sqrt(t)) +- a sqrt(t) / 2

with R = rT, a = sigma sqrt(T) and the boundary b of `exercise_boundary`. It is differentiated in m under the integral:
delta, gamma and speed are exact for the boundary found. Time needs no difference either, for in the continuation region
premium and European price both obey Black's equation V_t = rV - sigma^2 F^2 V_FF / 2; theta and charm follow from the
derivatives in F, color from the fourth. The derivatives in sigma are central differences of fourth order over five
boundaries; rho follows from the scaling of time, T dp/dT = R dp/dR + (a/2) dp/da. Calls are puts with F and K exchanged
(McDonald and Schroder 1998). Where immediate exercise is best, delta is +-1 and every other greek 0.

Largest errors at F = 80 over 1,500 options (1 day to 2 years, volatility 5 to 150 %, rate 0.5 to 10 %) against a scheme
of 18 nodes and 400 points: delta 4e-7, gamma 2e-7, vega 2e-4, theta 7e-5, rho 2e-3, vanna 2e-5, volga 4e-2, charm 3e-4,
speed 1e-6, color 3e-2. The last three peak at the boundary; 99 % of them lie within 6e-6, 3e-8 and 4e-6.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.signals.options_math.american import american_price, whole_columns
from engine.signals.options_math.black76 import FloatArray, Greeks, greeks, log_moneyness
from engine.signals.options_math.exercise_boundary import collocation_scheme, futures_start, refined_boundary
from engine.signals.options_math.quoted_intervals import BoolArray
from engine.signals.options_math.status_codes import OptionStatus

_NODES: Final = 10
_QUADRATURE: Final = 16
_FIRST_STEPS: Final = 5
_NEXT_STEPS: Final = 3
_POINTS: Final = 64
_GRADING: Final = 3
_SIGMA_STEP: Final = 0.03  # relative, of the volatility
_LEAST_RATE_TIME: Final = 1e-9  # below, the premium is less than rounding
_CHUNK: Final = 256
_INVERSE_SQRT_2PI: Final = 0.3989422804014327
# Five volatilities, in steps: around the option's own, or upwards from it where less volatility would mean exercise.
# The own one comes first; then the weights of the first and second difference.
_CENTRAL: Final = ((0.0, -2.0, -1.0, 1.0, 2.0), (0.0, 1.0, -8.0, 8.0, -1.0), (-30.0, -1.0, 16.0, 16.0, -1.0))
_UPWARD: Final = ((0.0, 1.0, 2.0, 3.0, 4.0), (-25.0, 48.0, -36.0, 16.0, -3.0), (35.0, -104.0, 114.0, -56.0, 11.0))


def american_greeks(
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    volatility: npt.ArrayLike,
    is_call: npt.ArrayLike,
    rate: npt.ArrayLike = 0.0,
) -> Greeks:
    """Price (of `american_price`) and greeks in the units of `black76.Greeks`, per element of the broadcast inputs; NaN
    where the status is not OK. INVALID_INPUT also where a greek is beyond the range of numbers."""
    value, status = american_price(forward, strike, years, volatility, is_call, rate)
    european = greeks(forward, strike, years, volatility, is_call, rate)
    columns: dict[str, Any] = {name: np.array(getattr(european, name)).ravel() for name in Greeks.__slots__}
    columns["price"], columns["status"] = np.array(value).ravel(), np.array(status).ravel()
    future, level, time, sigma, rates, call = (
        item.ravel()
        for item in np.broadcast_arrays(
            *(np.asarray(item, dtype=np.float64) for item in (forward, strike, years, volatility, rate)),
            np.asarray(is_call, dtype=bool),
        )
    )
    with np.errstate(all="ignore"):
        early = np.flatnonzero((columns["status"] == OptionStatus.OK) & (rates * time > _LEAST_RATE_TIME))
    for first in range(0, early.size, _CHUNK):
        at = early[first : first + _CHUNK]
        with np.errstate(all="ignore"):
            padded = whole_columns(at)
            added, exercised = _premium(
                future[padded], level[padded], time[padded], sigma[padded], rates[padded], call[padded]
            )
            exercised = exercised[: at.size]
            for name, change in added.items():
                columns[name][at] += change[: at.size]
                columns[name][at[exercised]] = 0.0
        columns["delta"][at[exercised]] = np.where(call[at[exercised]], 1.0, -1.0)
    beyond = ~np.isfinite(np.stack([columns[name] for name in Greeks.__slots__ if name != "status"])).all(axis=0)
    columns["status"][beyond & (columns["status"] == OptionStatus.OK)] = OptionStatus.INVALID_INPUT
    bad = columns["status"] != OptionStatus.OK
    shape = np.shape(value)
    for name, column in columns.items():
        if name != "status":
            column[bad] = np.nan
        columns[name] = column.reshape(shape)
    return Greeks(**columns)


def _premium(
    future: FloatArray, level: FloatArray, time: FloatArray, sigma: FloatArray, rate: FloatArray, call: BoolArray
) -> tuple[dict[str, FloatArray], BoolArray]:
    """Greeks of the early-exercise premium, and which options are exercised at once."""
    rate_time, deviation = rate * time, sigma * np.sqrt(time)
    log_m = np.where(call, log_moneyness(level, future), log_moneyness(future, level))
    unit = np.where(call, future, level)
    scheme = collocation_scheme(_NODES, _QUADRATURE, 2)
    y, _ = refined_boundary(
        futures_start(rate_time, deviation, scheme), rate_time, rate_time, deviation, scheme, _FIRST_STEPS
    )
    exercised = log_m <= y[-1]
    derivatives = _moneyness_derivatives(log_m, y, rate_time, deviation, 4)
    near = log_m <= y[-1] * (1.0 - 2.5 * _SIGMA_STEP)
    shifts, first_weight, second_weight = (
        np.where(near, np.array(upward)[:, None], np.array(central)[:, None])
        for central, upward in zip(_CENTRAL, _UPWARD, strict=True)
    )
    levels, slopes = [derivatives[0]], [derivatives[1]]
    for shift in shifts[1:]:
        scale = 1.0 + shift * _SIGMA_STEP
        moved, _ = refined_boundary(y * scale, rate_time, rate_time, deviation * scale, scheme, _NEXT_STEPS)
        level_moved, slope_moved = _moneyness_derivatives(log_m, moved, rate_time, deviation * scale, 1)
        levels.append(level_moved)
        slopes.append(slope_moved)
    p, p1, p2, p3, p4 = derivatives
    m = np.exp(log_m)
    # In F: a put is K p(F/K), a call F p(K/F).
    first = np.where(call, p - m * p1, p1)
    second = np.where(call, m * m * p2 / future, p2 / level)
    third = np.where(call, -m * m * (3.0 * p2 + m * p3) / future**2, p3 / level**2)
    fourth = np.where(call, m * m * (12.0 * p2 + 8.0 * m * p3 + m * m * p4) / future**3, p4 / level**3)
    step = _SIGMA_STEP * sigma
    by_sigma = np.sum(first_weight * levels, axis=0) / (12.0 * step)
    slope_by_sigma = np.sum(first_weight * slopes, axis=0) / (12.0 * step)
    vega = unit * by_sigma
    half = 0.5 * sigma * sigma
    theta = rate * unit * p - half * future**2 * second
    rho = -(time * theta + 0.5 * sigma * vega) / rate
    return {
        "delta": first,
        "gamma": second,
        "vega_per_vol": vega,
        "theta_per_year": theta,
        "rho": rho,
        "vanna": np.where(call, by_sigma - m * slope_by_sigma, slope_by_sigma),
        "volga": unit * np.sum(second_weight * levels, axis=0) / (12.0 * step**2),
        "charm_per_year": rate * first - half * (2.0 * future * second + future**2 * third),
        "speed": third,
        "color": rate * second - half * (2.0 * second + 4.0 * future * third + future**2 * fourth),
    }, exercised


def _moneyness_derivatives(
    log_m: FloatArray, y: FloatArray, rate_time: FloatArray, deviation: FloatArray, order: int
) -> list[FloatArray]:
    """p and its first `order` derivatives in m, for the boundary ln b = y at the nodes [n, option]."""
    from scipy.special import ndtr

    elapsed, weight, between = _graded_quadrature()
    boundary = -np.sqrt(np.maximum(between @ (y * y), 0.0))
    s = np.sqrt(elapsed)[:, None] * deviation
    d1 = (log_m - boundary) / s + 0.5 * s
    d2 = d1 - s
    m = np.exp(log_m)
    kept = rate_time * np.exp(-elapsed[:, None] * rate_time)
    strike_side, future_side = kept * ndtr(-d2), kept * ndtr(-d1)
    strike_density = kept * _INVERSE_SQRT_2PI * np.exp(-0.5 * d2 * d2)
    future_density = kept * _INVERSE_SQRT_2PI * np.exp(-0.5 * d1 * d1)
    # d(d)/dm = 1/(m s): derivatives of N(-d) in m are polynomials in d and s times n(d).
    strikes = [strike_side, *_distribution_derivatives(strike_density, d2, m, s, order)]
    futures = [future_side, *_distribution_derivatives(future_density, d1, m, s, order)]
    found = []
    for degree in range(order + 1):
        inner = strikes[degree] - m * futures[degree]
        if degree:
            inner -= degree * futures[degree - 1]
        found.append(weight @ inner)
    return found


def _distribution_derivatives(
    density: FloatArray, d: FloatArray, m: FloatArray, s: FloatArray, order: int
) -> list[FloatArray]:
    """Derivatives 1 to `order` (at most 4) in m of N(-d), `density` = n(d), where d moves by 1/(m s)."""
    base = -density / (m * s)
    u = d / s
    found = [base]
    if order > 1:
        found.append(-base * (u + 1.0) / m)
    if order > 2:
        found.append(base * (u * u + 3.0 * u + 2.0 - 1.0 / s**2) / m**2)
    if order > 3:
        inverse = 1.0 / s**2
        found.append(-base * (u**3 + 6.0 * u * u + 11.0 * u + 6.0 - 3.0 * inverse * (u + 2.0)) / m**3)
    return found


@lru_cache(maxsize=1)
def _graded_quadrature() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Elapsed times t[l] in (0, 1), their weights, and the matrix from node values of y^2 to those at time 1 - t.

    t = sin^2(pi w^2 / 2) with Gauss-Legendre points in w: smooth in sqrt(1 - t), and so dense at t = 0 that the
    derivatives stay accurate up to the boundary, where they peak.
    """
    abscissa, weight = np.polynomial.legendre.leggauss(_POINTS)
    w = 0.5 * (abscissa + 1.0)
    angle = 0.5 * np.pi * w**_GRADING
    elapsed, slope = np.sin(angle) ** 2, np.sin(2.0 * angle) * 0.5 * np.pi * _GRADING * w ** (_GRADING - 1)
    nodes = np.concatenate([[0.0], collocation_scheme(_NODES, _QUADRATURE, 2).node])
    degree = np.arange(nodes.size)

    def basis(x: FloatArray) -> FloatArray:
        return np.cos(degree * np.arccos(np.clip(2.0 * x[:, None] - 1.0, -1.0, 1.0)))

    between = basis(np.cos(angle)) @ np.linalg.inv(basis(nodes))
    return elapsed, 0.5 * weight * slope, between[:, 1:]
