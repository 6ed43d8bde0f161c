"""The non-negative smooth density nearest to a prior that prices every quoted interval: mass 1, mean 1, no wiggles.

All prices are undiscounted and in units of the forward. The unknown is u = weight / prior on a smooth basis: 1 where
nothing speaks against the prior. A quadratic program minimises the roughness of u, its distance from 1 and the distance
of two-sided prices from the middles of their quotes, subject to prices inside [low, high]. Where no mixture fits all
intervals, the solution has the least total violation, in half widths, and says which quotes it violates and by how
much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.family_posterior import FamilyPosterior
from engine.signals.options_math.lognormal_kernels import KernelFamily
from engine.signals.options_math.quadratic_program import solve_quadratic_program
from engine.signals.options_math.quoted_intervals import QuotedIntervals

_ROUGHNESS: Final = 1.0
_PRIOR_PULL: Final = 1e-3
BASIS_STEP: Final = 0.35
_FAR_QUOTE: Final = 4.0
_FAR_TAIL_SHARE: Final = 0.01
_LEAST_PRIOR_SHARE: Final = 1e-9
# Per half width; far above any multiplier of a chain that can be met, so that the penalty is exact.
_VIOLATION_COST: Final = 1e5
_LEAST_HALF_WIDTH: Final = 1e-7
_TOLERANCE: Final = 1e-8
_TILT_STEPS: Final = 200


@dataclass(frozen=True, slots=True)
class FittedWeights:
    """`weight` >= 0 with mass 1 and mean 1; `violation` per quote = distance of the fitted price from its interval, in
    units of the forward, 0 inside; `converged` False where the program did not settle."""

    weight: FloatArray
    violation: FloatArray
    converged: bool


def posterior_weights(posterior: FamilyPosterior, family: KernelFamily, quoted: FloatArray) -> FloatArray:
    """The posterior's mean density as kernel weights with mass 1 and mean 1.

    A kernel takes the mass between the middles to its neighbours. That and its own width blur the density by a
    variance v, so the weights are those of f - v f''/2, which undoes the blur to second order. On a side where quotes
    (`quoted`, in scales) reach beyond four scales, a small share with the tail of a Student t of three degrees is
    added, so that the quotes find weights to move there.
    """
    centre = family.centre
    spacing = np.gradient(centre)
    middle = 0.5 * (centre[1:] + centre[:-1])
    mass = np.diff(posterior.weight @ posterior.cdf(middle), prepend=0.0, append=1.0)
    blur = (family.width / spacing) ** 2 + 1.0 / 12.0
    bend = np.convolve(mass, [1.0, -2.0, 1.0], mode="same")
    weight = np.maximum(mass - 0.5 * blur * bend, 0.0)
    weight /= weight.sum()
    z = centre / posterior.deviation
    reached = ((z < 0.0) & (quoted.min() < -_FAR_QUOTE)) | ((z > 0.0) & (quoted.max() > _FAR_QUOTE))
    far = reached / (1.0 + z**2 / 3.0) ** 2 * np.gradient(z)
    weight = weight + _FAR_TAIL_SHARE * far + _LEAST_PRIOR_SHARE * np.exp(-np.abs(z)) * np.gradient(z)
    return tilt_to_mean_one(weight / weight.sum(), family)


def tilt_to_mean_one(weight: FloatArray, family: KernelFamily) -> FloatArray:
    """The nearest weights in relative entropy with mean 1: an exponential tilt, by Newton inside a bracket.

    The mean rises with the tilt from the least to the greatest kernel's mean, so that there is always one root.
    """
    offset = family.means - 1.0
    low, high = -math.inf, math.inf
    theta = 0.0
    tilted = weight / weight.sum()
    for _ in range(_TILT_STEPS):
        exponent = theta * offset
        tilted = weight * np.exp(exponent - float(exponent[weight > 0.0].max()))
        tilted /= tilted.sum()
        excess = float(tilted @ offset)
        if abs(excess) < 1e-15:
            break
        low, high = (theta, high) if excess < 0.0 else (low, theta)
        spread = float(tilted @ (offset - excess) ** 2)
        following = theta - excess / spread if spread > 0.0 else math.nan
        if not low < following < high:
            following = _between(low, high)
        if following == theta:
            break
        theta = following
    result: FloatArray = tilted
    return result


def _between(low: float, high: float) -> float:
    """The middle of a bracket; where one end is open, a point further out on that side."""
    if math.isinf(high):
        return 2.0 * low + 1e-3 if low > 0.0 else 0.5 * low + 1e-3
    if math.isinf(low):
        return 2.0 * high - 1e-3 if high < 0.0 else 0.5 * high - 1e-3
    return 0.5 * (low + high)


def fit_weights(intervals: QuotedIntervals, family: KernelFamily, prior: FloatArray) -> FittedWeights:
    """The smoothest weights inside all intervals, or with the least total violation, in half widths, where no mixture
    satisfies them all."""
    payoff = np.where(
        intervals.is_call[:, None], family.call_prices(intervals.strike), family.put_prices(intervals.strike)
    )
    basis = smooth_basis(prior.size, family.spacing)
    n = basis.shape[1]
    half = least_half_width(intervals)
    scaled = (payoff * prior) @ basis / half[:, None]
    data = scaled[intervals.two_sided]
    rough = np.diff(np.eye(n), 2, axis=0) * math.sqrt(_ROUGHNESS * n / BASIS_STEP**3)
    weighted = prior[:, None] * basis
    pull = _PRIOR_PULL * (basis.T @ weighted)
    solution = solve_quadratic_program(
        quadratic=data.T @ data + rough.T @ rough + pull,
        linear=-(data.T @ (intervals.middle / half)[intervals.two_sided]) - pull @ np.ones(n),
        equality=np.stack([weighted.sum(axis=0), family.means @ weighted]),
        equality_value=np.ones(2),
        inequality=np.concatenate([scaled, -scaled, np.eye(n)]),
        inequality_value=np.concatenate([intervals.low / half, -intervals.high / half, np.zeros(n)]),
        violation_cost=np.concatenate([np.full(2 * half.size, _VIOLATION_COST), np.full(n, np.inf)]),
        start=np.ones(n),
        tolerance=_TOLERANCE,
    )
    weight = prior * (basis @ np.maximum(solution.x, 0.0))
    weight = tilt_to_mean_one(weight / weight.sum(), family)
    price = payoff @ weight
    violation = np.maximum(np.maximum(intervals.low - price, price - intervals.high), 0.0)
    return FittedWeights(weight, violation, solution.converged)


def least_half_width(intervals: QuotedIntervals) -> FloatArray:
    """Half widths of the intervals, never zero."""
    return np.maximum(intervals.half_width, _LEAST_HALF_WIDTH)


@cache
def smooth_basis(kernels: int, spacing: float) -> FloatArray:
    """Cubic B-splines over the kernels' stretched positions, [kernels, splines]: non-negative, adding up to 1."""
    from scipy.interpolate import BSpline

    length = (kernels - 1) * spacing
    pieces = max(4, round(length / BASIS_STEP))
    step = length / pieces
    knots = step * np.arange(-3, pieces + 4)
    position = np.minimum(spacing * np.arange(kernels), length * (1.0 - 1e-12))
    return np.asarray(BSpline.design_matrix(position, knots, 3).toarray(), dtype=np.float64)
