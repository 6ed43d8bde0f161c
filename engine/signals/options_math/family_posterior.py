"""What the quotes of one chain say about the density, over several parametric families at once.

Bayesian model averaging by importance sampling. The likelihood of a price is normal around the middle of its quote,
with a standard deviation of .8 half widths, and falls steeply outside bid and ask; one-sided quotes only bound. Each
family is fitted from several starts; a Student mixture around the distinct optima gives first draws, whose weighted
moments give a second round, and every draw is weighted by posterior over the mixture of both (Owen and Zhou 2000). The
mean weight of a family is its marginal likelihood, so that families with needless parameters lose by themselves: no
method is chosen in hindsight. Random numbers are fixed: equal input gives equal output.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.families.interface import DensityFamily
from engine.signals.options_math.families.registry import FAMILIES
from engine.signals.options_math.levenberg_marquardt import IndexArray, levenberg_marquardt
from engine.signals.options_math.quoted_intervals import QuotedIntervals

_NOISE: Final = 0.8
_WALL: Final = 8.0
_FURTHEST: Final = 50.0
_LEAST_HALF_WIDTH: Final = 1e-7
_LEAST_SHARE_OF_MEDIAN: Final = 0.1
_DRAWS: Final = 320
_STUDENT_FREEDOM: Final = 6.0
_INFLATION: Final = 1.35
_SAME_OPTIMUM: Final = 0.05
_KEPT_COST: Final = 16.0
_STEP: Final = 1e-5
# Draws of less weight than this share of all are left out.
_NEGLIGIBLE: Final = 1e-5
_SEED: Final = 20_161_123


@dataclass(frozen=True, slots=True)
class FamilyDraws:
    """Draws [n, p] of one family and their posterior weights [n], which add up to the family's probability."""

    family: DensityFamily
    parameters: FloatArray
    weight: FloatArray


@dataclass(frozen=True, slots=True)
class FamilyPosterior:
    """All draws of all families; weights add up to 1. `deviation` is the scale of the parameters."""

    deviation: float
    draws: tuple[FamilyDraws, ...]

    @property
    def weight(self) -> FloatArray:
        """Weights of all draws, in the order of `cdf` and `log_density`."""
        return np.concatenate([item.weight for item in self.draws])

    @property
    def shares(self) -> dict[str, float]:
        """Posterior probability of each family."""
        return {item.family.name: float(item.weight.sum()) for item in self.draws}

    def cdf(self, log_price: FloatArray) -> FloatArray:
        """P(ln x <= log_price) of every draw, [draws, m]."""
        return np.concatenate([item.family.cdf(item.parameters, self.deviation, log_price) for item in self.draws])

    def log_density(self, log_price: FloatArray) -> FloatArray:
        """Density of ln x of every draw, [draws, m]."""
        parts = [item.family.log_density(item.parameters, self.deviation, log_price) for item in self.draws]
        return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class _Likelihood:
    intervals: QuotedIntervals
    half: FloatArray
    deviation: float

    def residuals(self, family: DensityFamily, parameters: FloatArray) -> FloatArray:
        """Residuals [n, rows] whose squares are -2 ln(likelihood), without the prior."""
        quotes = self.intervals
        price = family.prices(parameters, self.deviation, quotes.strike, quotes.is_call)
        z = np.nan_to_num((price - quotes.middle) / self.half, nan=_FURTHEST)
        z = np.clip(z, -_FURTHEST, _FURTHEST)
        outside = np.nan_to_num((price - np.clip(price, quotes.low, quotes.high)) / self.half, nan=_FURTHEST)
        outside = np.clip(outside, -_FURTHEST, _FURTHEST)
        return np.concatenate([np.where(quotes.two_sided, z / _NOISE, 0.0), _WALL * outside], axis=1)


def family_posterior(
    intervals: QuotedIntervals, deviation: float, families: Sequence[DensityFamily] = FAMILIES
) -> FamilyPosterior:
    """Weighted draws from the posterior of all families, given the quotes and the chain's scale sigma sqrt(T) > 0."""
    half = np.maximum(intervals.half_width, _LEAST_HALF_WIDTH)
    half = np.maximum(half, _LEAST_SHARE_OF_MEDIAN * float(np.median(half)))
    likelihood = _Likelihood(intervals, half, deviation)
    sampled = [_sample(family, likelihood) for family in families]
    peak = max(float(log_weight.max()) for _, log_weight in sampled)
    weights = [np.exp(log_weight - peak) / log_weight.size for _, log_weight in sampled]
    least = _NEGLIGIBLE * math.fsum(float(weight.sum()) for weight in weights)
    weights = [np.where(weight >= least, weight, 0.0) for weight in weights]
    total = math.fsum(float(weight.sum()) for weight in weights)
    draws = [
        FamilyDraws(family, parameters[weight > 0.0], weight[weight > 0.0] / total)
        for family, (parameters, _), weight in zip(families, sampled, weights, strict=True)
    ]
    return FamilyPosterior(deviation, tuple(draws))


def _sample(family: DensityFamily, likelihood: _Likelihood) -> tuple[FloatArray, FloatArray]:
    """Draws [n, p] and the logarithm of posterior over proposal [n]; -inf where a draw is no distribution."""
    proposals = _optima(family, likelihood)
    size = family.prior_mean.size
    share = _DRAWS // len(proposals)
    points = np.concatenate(
        [centre + _student_draws(share, size, place) @ root.T for place, (centre, root) in enumerate(proposals)]
    )
    target = _log_target(family, likelihood, points)
    groups = [(centre, root, 1.0 / len(proposals)) for centre, root in proposals]
    weight = _normalised(target - _log_mixture(groups, points))
    if weight is None:
        return points, np.full(points.shape[0], -math.inf)
    centre = weight @ points
    shift = points - centre
    spread = (shift * weight[:, None]).T @ shift + np.diag(1e-4 * family.prior_deviation**2)
    root = _INFLATION * np.linalg.cholesky(spread)
    second = centre + _student_draws(_DRAWS, size, len(proposals)) @ root.T
    points = np.concatenate([points, second])
    target = np.concatenate([target, _log_target(family, likelihood, second)])
    return points, _capped(target - _log_mixture([*groups, (centre, root, 1.0)], points))


def _capped(log_weight: FloatArray) -> FloatArray:
    """No weight above the mean times the root of their number, so that no single draw speaks for all (Ionides 2008)."""
    peak = float(log_weight.max())
    mean = peak + math.log(float(np.mean(np.exp(log_weight - peak))))
    result: FloatArray = np.minimum(log_weight, mean + 0.5 * math.log(log_weight.size))
    return result


def _optima(family: DensityFamily, likelihood: _Likelihood) -> list[tuple[FloatArray, FloatArray]]:
    """Distinct good optima: centre [p] and root [p, p] of the covariance that the curvature there implies."""

    def residuals(parameters: FloatArray) -> FloatArray:
        prior = (parameters - family.prior_mean) / family.prior_deviation
        penalty = family.penalties(parameters, likelihood.deviation)
        return np.concatenate([likelihood.residuals(family, parameters), penalty, prior], axis=1)

    def model(parameters: FloatArray, element: IndexArray) -> tuple[FloatArray, FloatArray]:
        del element
        n, p = parameters.shape
        moved = parameters[:, None, :] + _STEP * np.eye(p)
        stacked = residuals(np.concatenate([parameters, moved.reshape(n * p, p)]))
        at = stacked[:n]
        jacobian = (stacked[n:].reshape(n, p, -1) - at[:, None, :]) / _STEP
        return at, jacobian.transpose(0, 2, 1)

    fitted = levenberg_marquardt(model, family.starts, iterations=25, cost_tolerance=1e-5, step_tolerance=1e-5)
    order = np.argsort(fitted.cost, kind="stable")
    chosen: list[int] = []
    for index in order.tolist():
        apart = all(np.abs(fitted.parameters[index] - fitted.parameters[j]).max() > _SAME_OPTIMUM for j in chosen)
        if apart and fitted.cost[index] <= fitted.cost[order[0]] + _KEPT_COST:
            chosen.append(index)
    centres = fitted.parameters[chosen]
    _, jacobian = model(centres, np.arange(len(chosen)))
    covariance = np.linalg.inv(jacobian.transpose(0, 2, 1) @ jacobian)
    roots = _INFLATION * np.linalg.cholesky(0.5 * (covariance + covariance.transpose(0, 2, 1)))
    return list(zip(centres, roots, strict=True))


def _log_target(family: DensityFamily, likelihood: _Likelihood, parameters: FloatArray) -> FloatArray:
    rows = likelihood.residuals(family, parameters)
    prior = (parameters - family.prior_mean) / family.prior_deviation
    size = family.prior_mean.size
    normal = -0.5 * np.sum(prior**2, axis=1) - 0.5 * size * math.log(2.0 * math.pi)
    value = -0.5 * np.sum(rows**2, axis=1) + normal - float(np.sum(np.log(family.prior_deviation)))
    return np.where(family.admissible(parameters, likelihood.deviation), value, -math.inf)


def _log_mixture(groups: Sequence[tuple[FloatArray, FloatArray, float]], points: FloatArray) -> FloatArray:
    """ln of a mixture of multivariate Student densities (centre, root, share) at `points` [n, p]."""
    size, freedom = points.shape[1], _STUDENT_FREEDOM
    constant = math.lgamma(0.5 * (freedom + size)) - math.lgamma(0.5 * freedom)
    constant -= 0.5 * size * math.log(freedom * math.pi)
    constant -= math.log(math.fsum(share for _, _, share in groups))
    parts = []
    for centre, root, share in groups:
        z = np.linalg.solve(root, (points - centre).T)
        log_root = float(np.sum(np.log(np.diag(root))))
        parts.append(
            constant + math.log(share) - log_root - 0.5 * (freedom + size) * np.log1p(np.sum(z**2, axis=0) / freedom)
        )
    result: FloatArray = np.logaddexp.reduce(np.stack(parts), axis=0)
    return result


def _normalised(log_weight: FloatArray) -> FloatArray | None:
    peak = float(log_weight.max())
    if not math.isfinite(peak):
        return None
    weight = np.exp(log_weight - peak)
    result: FloatArray = weight / weight.sum()
    return result


@cache
def _student_draws(count: int, size: int, stream: int) -> FloatArray:
    """Multivariate Student draws [count, size] of unit scale: the same at every call."""
    rng = np.random.default_rng([_SEED, size, stream])
    normal = rng.standard_normal((count, size))
    divisor = np.sqrt(rng.chisquare(_STUDENT_FREEDOM, count) / _STUDENT_FREEDOM)
    return np.asarray(normal / divisor[:, None])
