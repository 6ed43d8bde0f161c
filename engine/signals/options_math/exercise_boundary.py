"""Early-exercise boundaries of American puts by spectral collocation, many options at once.

Andersen, Lake and Offengenden, "High-performance American option pricing" (J. Computational Finance 20(1), 2016): the
boundary B(tau) solves a fixed-point equation; ln(B/X)^2 with X = B(0+) is smooth in sqrt(tau) and is carried by its
values at Chebyshev nodes. Three things differ here.
- Integrals over the elapsed time s in (0, tau) run over the angle in s = tau sin^2: both sqrt(s) and sqrt(tau - s) are
  then smooth, and ten Gauss-Legendre points do what the plain substitution needs far more for.
- The Newton step of a node assumes that the whole boundary moves in proportion, dy(u) = dy(tau) y(u) / y(tau) for
  y = ln(B/X), not that node alone. An iteration then gains a factor of 20 to 50; moving one node alone oscillates with
  factors near -0.7.
- Options on futures (carry zero) need no other first guess than a fit of y / (sigma sqrt(tau)) to r tau.

Time is scaled by the expiry of each option: with T = 1 an option is R = rT, Q = qT (q the yield of the underlying,
rate less carry) and a = sigma sqrt(T), and tau is x^2. Arrays are [quadrature, node, option], so that a sum over the
first axis is a matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from engine.signals.options_math.mills_ratio import (
    INVERSE_SQRT_2PI,
    FloatArray,
    normal_density,
    normal_distribution,
    polynomial,
)

_LEAST_LOG_BOUNDARY = -1e-14
# Mills ratio as t P(t) with t = 1/(1 + 0.35 z), z >= 0; leaves 5e-7 in N(z), in integrals that move the boundary by
# their product with q tau. A minimax fit of this project.
_MILLS_SCALE = 0.35
_COARSE_MILLS = (
    -0.2401423409449114, 0.6751172703215464, 0.06608474009469788, 0.4067006095318997, 0.34555265206895713, 0.0,
)  # fmt: skip

# -y / (sigma sqrt(tau)) of options on futures. Rows: powers 0 to 3 of sqrt(ln(1 + 1/(4 r tau))), of which the power -1
# has the constant below; columns: powers 3 to 0 of sigma sqrt(tau).
_START = (
    (-0.00025603978002403766, 0.008540677307431585, 0.0008146155323214693, 0.8830502963357084),
    (0.001565539507107158, -0.04012553960898525, -0.0011626394801772777, 0.47676417959385664),
    (0.003294421036514233, -0.010061376685896772, 0.0028304043165903407, 0.25019753003773343),
    (-0.0004629114982355571, 0.0021499335151618252, -0.0010521979887871077, -0.021841540801209123),
)
_START_INVERSE = -0.23977773378038186
_LEAST_SCALED_TIME = 1e-14
_LARGEST_FITTED_SPREAD = 2.5
_NEGLIGIBLE_CEILING = 0.03


@dataclass(frozen=True, slots=True)
class CollocationScheme:
    """`node[n]`: sqrt(tau/T); `sine[l]`, `weight[l]`: quadrature in the angle, weight for ds / (2 sqrt(s)) at tau = 1;
    `elapsed[l, n]`: sqrt(s); `between[l n, n]`: from node values of y^2 to those at the quadrature points;
    `final_*`: the same for the integral of the premium at tau = T."""

    node: FloatArray
    sine: FloatArray
    weight: FloatArray
    elapsed: FloatArray
    between: FloatArray
    final_sine: FloatArray
    final_weight: FloatArray
    final_between: FloatArray


@lru_cache(maxsize=8)
def collocation_scheme(nodes: int, quadrature: int, final_quadrature: int) -> CollocationScheme:
    """Constants of one resolution."""
    order = np.arange(nodes + 1)
    x = 0.5 * (1.0 - np.cos(np.pi * order / nodes))
    angle, weight = _angles(quadrature)
    final_angle, final_weight = _angles(final_quadrature)
    node = x[1:]
    remaining = np.cos(angle)[:, None] * node
    return CollocationScheme(
        node,
        np.sin(angle),
        weight,
        np.sin(angle)[:, None] * node,
        _barycentric(x, remaining.ravel()),
        np.sin(final_angle),
        final_weight,
        _barycentric(x, np.cos(final_angle)),
    )


def futures_start(rate_time: FloatArray, deviation: FloatArray, scheme: CollocationScheme) -> FloatArray:
    """First guess of y[n, option] for Q = R > 0: y / (a x) by a fit to converged boundaries, within 0.14 % for
    1e-9 <= r tau <= 0.5 and a x <= 2.5."""
    scaled = np.maximum(scheme.node[:, None] ** 2 * rate_time, _LEAST_SCALED_TIME)
    root_log = np.sqrt(np.log1p(0.25 / scaled))
    spread = scheme.node[:, None] * deviation
    fitted_spread = np.minimum(spread, _LARGEST_FITTED_SPREAD)
    ratio = polynomial(_START[3], fitted_spread)
    for row in (_START[2], _START[1], _START[0]):
        ratio *= root_log
        ratio += polynomial(row, fitted_spread)
    ratio += _START_INVERSE / root_log
    return -spread * ratio


def quadratic_start(
    rate_time: FloatArray, yield_time: FloatArray, deviation: FloatArray, scheme: CollocationScheme, steps: int
) -> FloatArray:
    """First guess of y[n, option] for every carry: the QD+ equation (Li, "Analytical approximations for the critical
    stock prices of American options", 2010) by Newton's method in ln B, every node by itself."""
    x = scheme.node[:, None]
    tau, spread = x * x, x * deviation
    ceiling = log_ceiling(rate_time, yield_time, deviation)
    variance = deviation * deviation
    with np.errstate(all="ignore"):
        growth = np.where(np.abs(rate_time * tau) < 1e-12, 1.0 / tau, rate_time / -np.expm1(-rate_time * tau))
        shift = 2.0 * (rate_time - yield_time) / variance - 1.0
        root = np.sqrt(shift * shift + 8.0 * growth / variance)
        discount, growth_discount = np.exp(-rate_time * tau), np.exp(-yield_time * tau)
        slope = 2.0 * growth / variance
        slope = -0.5 * (shift + root) + discount / root * (slope - (slope / root) ** 2)
        theta_weight = 2.0 / (variance * root)
        per_root = deviation / (2.0 * x)
        log_term = np.log1p(1.0 / (4.0 * np.maximum(rate_time, 1e-9) * tau))
        y = -np.maximum(0.64 * spread, np.sqrt(1.6 * log_term) * spread + ceiling)
        for _ in range(steps):
            log_boundary = y + ceiling
            boundary = np.exp(log_boundary)
            d1 = (log_boundary + (rate_time - yield_time) * tau) / spread + 0.5 * spread
            upper, lower = normal_distribution(-d1), normal_distribution(spread - d1)
            density = growth_discount * normal_density(d1)
            upper = growth_discount * upper
            put = discount * lower - boundary * upper
            theta = rate_time * discount * lower - boundary * (per_root * density + yield_time * upper)
            value = (1.0 - upper) * boundary + slope * (1.0 - boundary - put) - theta_weight * theta
            theta_slope = -density * (per_root * (1.0 - d1 / spread) + (rate_time - yield_time) / spread)
            derivative = (1.0 - upper) * (1.0 - slope) + density / spread
            derivative -= theta_weight * (theta_slope - yield_time * upper)
            y = np.minimum(y - np.clip(value / (derivative * boundary), -0.5, 0.5), -1e-12)
    return y


def log_ceiling(rate_time: FloatArray, yield_time: FloatArray, deviation: FloatArray) -> FloatArray:
    """ln(X/K), X = K min(1, r/q) the boundary just before expiry (Kim 1990). Where X is within a small part of a
    standard deviation of K the boundary moves as if it started from K, and so it is carried."""
    ratio = rate_time / np.where(yield_time > 0.0, yield_time, 1.0)
    exact = np.log(np.where(yield_time > rate_time, ratio, 1.0))
    value: FloatArray = np.where(-exact < _NEGLIGIBLE_CEILING * deviation, 0.0, exact)
    return value


def refined_boundary(
    start: FloatArray, rate_time: FloatArray, yield_time: FloatArray, deviation: FloatArray,
    scheme: CollocationScheme, steps: int,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """y[n, option] after `steps` Newton steps on the smooth-pasting equation (FP-A of the paper), and the largest
    relative size of the last step per option, weighted with sqrt(tau/T)."""
    nodes, options = scheme.node.size, rate_time.size
    points = scheme.sine.size
    x = scheme.node[:, None]
    spread = x * deviation
    drift = (rate_time - yield_time) / deviation + 0.5 * deviation
    inverse = (1.0 / scheme.elapsed)[:, :, None] * (1.0 / deviation)
    offset = scheme.elapsed[:, :, None] * drift
    spent = (scheme.elapsed * scheme.elapsed)[:, :, None] * yield_time
    kept = np.exp(-spent)
    root_spent = scheme.elapsed[:, :, None] * deviation
    weight = scheme.weight[None, :]
    weight_sine = (scheme.weight * scheme.sine)[None, :]
    ceiling = log_ceiling(rate_time, yield_time, deviation)
    end_kept = np.exp(-yield_time * x * x)
    # The densities under the sums lack their 1/sqrt(2 pi).
    rate_scale = x * (INVERSE_SQRT_2PI * rate_time / deviation)
    yield_scale = x * (INVERSE_SQRT_2PI * yield_time / deviation)

    def summed(weights: FloatArray, values: FloatArray) -> FloatArray:
        result: FloatArray = (weights @ values.reshape(points, nodes * options)).reshape(nodes, options)
        return result

    y = start
    step = np.zeros_like(y)
    for _ in range(steps):
        # ln of B(tau) over B(tau - s), then d+ and the weighted densities of both ends.
        square = (scheme.between @ (y * y)).reshape(points, nodes, options)
        ratio = np.sqrt(np.maximum(square, 0.0, out=square), out=square)
        ratio += y
        d1 = ratio * inverse
        d1 += offset
        density = d1 * d1
        density *= -0.5
        density -= spent
        np.exp(density, out=density)
        strike_density = np.exp(ratio)
        strike_density *= density
        distribution = _kept_distribution(d1, density, kept)
        strike_side = summed(weight, strike_density)
        yield_side = summed(weight, density)
        yield_flow = summed(weight_sine, distribution)
        ratio *= inverse
        d1 -= root_spent
        ratio *= d1
        strike_density *= ratio
        density *= ratio
        strike_slope = summed(weight, strike_density)
        density_slope = summed(weight, density)

        log_boundary = y + ceiling
        end = log_boundary / spread + x * drift
        end_bell = end_kept * np.exp(-0.5 * end * end)
        end_density = INVERSE_SQRT_2PI / spread * end_bell
        end_strike = end_density * np.exp(log_boundary)
        numerator = end_strike + rate_scale * strike_side
        denominator = end_density + _kept_distribution(end, end_bell, end_kept)
        denominator += yield_scale * yield_side + yield_time * x * x * yield_flow
        numerator_slope = -end_strike * (end - spread) / spread - rate_scale / y * strike_slope
        denominator_slope = end_density * (1.0 - end / spread) - yield_scale / y * density_slope
        residual = np.log(numerator / denominator) - log_boundary
        step = residual / (numerator_slope / numerator - denominator_slope / denominator - 1.0)
        y = np.minimum(y - step, _LEAST_LOG_BOUNDARY)
    return y, np.max(np.abs(step / y) * x, axis=0)


def _kept_distribution(d1: FloatArray, density: FloatArray, kept: FloatArray) -> FloatArray:
    """exp(-qs) N(d1) from sqrt(2 pi) exp(-qs) n(d1)."""
    t = np.abs(d1)
    t *= _MILLS_SCALE
    t += 1.0
    np.reciprocal(t, out=t)
    tail = polynomial(_COARSE_MILLS, t)
    tail *= density
    tail *= INVERSE_SQRT_2PI
    value: FloatArray = np.where(d1 > 0.0, kept - tail, tail)
    return value


def _angles(points: int) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre angles on (0, pi/2), and weights for ds / (2 sqrt(s)) = cos(angle) d(angle), times two."""
    abscissa, weight = np.polynomial.legendre.leggauss(points)
    angle = 0.25 * np.pi * (abscissa + 1.0)
    return angle, 0.5 * np.pi * weight * np.cos(angle)


def _barycentric(node: FloatArray, point: FloatArray) -> FloatArray:
    """Chebyshev interpolation from the nodes (without the first, whose value is zero) to the points (Berrut and
    Trefethen 2004)."""
    sign = (-1.0) ** np.arange(node.size)
    sign[[0, -1]] *= 0.5
    quotient = sign / (point[:, None] - node)
    result: FloatArray = (quotient / quotient.sum(axis=1, keepdims=True))[:, 1:]
    return result
