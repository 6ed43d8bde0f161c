"""Weights of a kernel mixture from quoted intervals: smooth relative to a prior, inside bid and ask, mass 1, mean 1.

All prices are undiscounted and in units of the forward. The unknown is u = weight / prior, which is 1 where nothing
speaks against the prior. Where no mixture fits all intervals (a static arbitrage, a stale leg), the solution has the
least total violation, in half widths, and says which quotes it violates and by how much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.lognormal_kernels import KernelFamily
from engine.signals.options_math.quadratic_program import solve_quadratic_program

# Chosen on the synthetic chains of the tests (lognormal, bimodal, fat-tailed; 25 and 9 strikes).
_ROUGHNESS = 1.2e-4
_PRIOR_PULL = 1e-3
_PRIOR_TAIL_SHARE = 0.12
_PRIOR_TAIL_WIDTH = 1.9
_FAR_QUOTE = 4.0
_FAR_TAIL_SHARE = 0.01
# Per half width; far above any multiplier of a chain that can be met, so that the penalty is exact.
_VIOLATION_COST = 1e5
_LEAST_HALF_WIDTH = 1e-7
_TOLERANCE = 1e-8


@dataclass(frozen=True, slots=True)
class QuotedIntervals:
    """Undiscounted out-of-the-money prices over the forward: `strike` is K/F, `low` 0 where nobody bids, `middle` the
    middle of bid and ask, which pulls only where `two_sided`."""

    strike: FloatArray
    is_call: npt.NDArray[np.bool_]
    low: FloatArray
    high: FloatArray
    middle: FloatArray
    two_sided: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FittedWeights:
    """`weight` >= 0 with mass 1 and mean 1; `violation` per quote = distance of the fitted price from its interval, in
    units of the forward, 0 inside; `converged` False where the program did not settle."""

    weight: FloatArray
    violation: FloatArray
    converged: bool


def prior_weights(family: KernelFamily, deviation: float, quoted_low: float, quoted_high: float) -> FloatArray:
    """Weights of a lognormal with the chain's volatility and a wider one for the tails, with mass 1 and mean 1.

    On a side where quotes reach further than four standard deviations (`quoted_low`, `quoted_high`), a small share with
    the tail of a Student t of three degrees is added, so that the quotes find weights to scale there.
    """
    z = family.centre / deviation
    own = (family.width / deviation) ** 2
    left = np.maximum(1.0 - own, 0.25)
    core = np.exp(-0.5 * z**2 / left) / np.sqrt(left)
    tail = np.exp(-0.5 * (z / _PRIOR_TAIL_WIDTH) ** 2) / _PRIOR_TAIL_WIDTH
    weight = (1.0 - _PRIOR_TAIL_SHARE) * core + _PRIOR_TAIL_SHARE * tail
    reached = ((z < 0.0) & (quoted_low < -_FAR_QUOTE)) | ((z > 0.0) & (quoted_high > _FAR_QUOTE))
    weight = (weight + _FAR_TAIL_SHARE * reached / (1.0 + z**2 / 3.0) ** 2) * np.gradient(z)
    return tilt_to_mean_one(weight / weight.sum(), family)


def tilt_to_mean_one(weight: FloatArray, family: KernelFamily) -> FloatArray:
    """The nearest weights in relative entropy with mean 1: an exponential tilt, by Newton."""
    theta = 0.0
    for _ in range(50):
        tilted = weight * np.exp(theta * (family.means - 1.0))
        tilted /= tilted.sum()
        mean = float(tilted @ family.means)
        spread = float(tilted @ (family.means - mean) ** 2)
        theta -= (mean - 1.0) / spread
        if abs(mean - 1.0) < 1e-15:
            break
    tilted = weight * np.exp(theta * (family.means - 1.0))
    result: FloatArray = tilted / tilted.sum()
    return result


def fit_weights(
    intervals: QuotedIntervals, family: KernelFamily, prior: FloatArray, resolution: float
) -> FittedWeights:
    """The smoothest weights inside all intervals, or with the least total violation, in half widths, where no mixture
    satisfies them all."""
    payoff = np.where(
        intervals.is_call[:, None], family.call_prices(intervals.strike), family.put_prices(intervals.strike)
    )
    n = prior.size
    half = np.maximum(0.5 * (intervals.high - intervals.low), _LEAST_HALF_WIDTH)
    scaled = payoff * prior / half[:, None]
    data = scaled[intervals.two_sided]
    # The integral of the squared second derivative of u over standardised log price, by differences.
    rough = np.diff(np.eye(n), 2, axis=0) * math.sqrt(_ROUGHNESS * n / resolution**3)
    pull = _PRIOR_PULL * n * prior
    solution = solve_quadratic_program(
        quadratic=data.T @ data + rough.T @ rough + np.diag(pull),
        linear=-(data.T @ (intervals.middle / half)[intervals.two_sided]) - pull,
        equality=np.stack([prior, prior * family.means]),
        equality_value=np.ones(2),
        inequality=np.concatenate([scaled, -scaled, np.eye(n)]),
        inequality_value=np.concatenate([intervals.low / half, -intervals.high / half, np.zeros(n)]),
        violation_cost=np.concatenate([np.full(2 * half.size, _VIOLATION_COST), np.full(n, np.inf)]),
        start=np.ones(n),
        tolerance=_TOLERANCE,
    )
    weight = prior * np.maximum(solution.x, 0.0)
    weight = tilt_to_mean_one(weight / weight.sum(), family)
    price = payoff @ weight
    violation = np.maximum(np.maximum(intervals.low - price, price - intervals.high), 0.0)
    return FittedWeights(weight, violation, solution.converged)
