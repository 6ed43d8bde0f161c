"""Moments of an implied density with intervals, and how much of each lies beyond the quoted strikes.

Values are those of the fitted density; intervals reach from there to the 5 and 95 % quantiles of the same moment over
the posterior's draws, and in squares by what shapes that no family has would make of it (density_discrepancy.py, to
first order). The kurtosis is in doubt besides by half of what tails beyond the strikes add to it. Moments of ln(S/F)
and of S are different things and carry different names.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.density_band import BAND_HIGH, BAND_LOW, NORMAL_REACH, weighted_quantiles
from engine.signals.options_math.density_discrepancy import DensityDiscrepancy
from engine.signals.options_math.family_posterior import FamilyPosterior
from engine.signals.options_math.lognormal_kernels import KernelMixture
from engine.signals.options_math.quoted_intervals import QuotedIntervals

_STEP: Final = 0.075
_REACH: Final = 9.0
# Tails beyond the strikes make most of a fourth moment, and no quote sees them: half of their part is in doubt.
_TAIL_DOUBT: Final = 0.5


@dataclass(frozen=True, slots=True)
class MomentEstimate:
    """`value` with its 5-95 % interval, and the share of the (absolute) moment outside the quoted strikes, where only
    the families speak. NaN where it is not claimed."""

    value: float
    low: float
    high: float
    share_outside: float


@dataclass(frozen=True, slots=True)
class DensityMoments:
    """Mean, variance, skewness and EXCESS kurtosis of one variable."""

    mean: MomentEstimate
    variance: MomentEstimate
    skewness: MomentEstimate
    excess_kurtosis: MomentEstimate


UNCLAIMED: Final = MomentEstimate(math.nan, math.nan, math.nan, math.nan)


def log_moments(
    distribution: KernelMixture, posterior: FamilyPosterior, intervals: QuotedIntervals, claims_shape: bool
) -> DensityMoments:
    """Moments of ln(S/F), not annualised. `intervals` are the quotes of the fit."""
    return _moments(distribution, posterior, intervals, claims_shape, in_logs=True, unit=1.0)


def price_moments(
    distribution: KernelMixture,
    posterior: FamilyPosterior,
    intervals: QuotedIntervals,
    claims_shape: bool,
    forward: float,
) -> DensityMoments:
    """Moments of S in price units (variance in price units squared)."""
    return _moments(distribution, posterior, intervals, claims_shape, in_logs=False, unit=forward)


def _moments(
    distribution: KernelMixture,
    posterior: FamilyPosterior,
    intervals: QuotedIntervals,
    claims_shape: bool,
    *,
    in_logs: bool,
    unit: float,
) -> DensityMoments:
    family = distribution.family
    reach = _REACH * posterior.deviation
    low = min(-reach, float((family.centre - 4.0 * family.width).min()))
    high = max(reach, float((family.centre + 4.0 * family.width).max()))
    points = 1 + round((high - low) / (_STEP * posterior.deviation))
    log_price = np.linspace(low, high, points)
    x = np.exp(log_price)
    variable = log_price if in_logs else x
    drawn = posterior.log_density(log_price)
    final = distribution.pdf(x) * x
    table = _table(np.concatenate([final[None, :], drawn]), variable)
    quoted = intervals.strike[intervals.two_sided]
    outside = (x < quoted.min(initial=np.inf)) | (x > quoted.max(initial=-np.inf))
    value, mean = table[0], table[0][0]
    mass = final / final.sum()
    shares = [
        _share(mass * np.abs(variable - (0.0 if order == 1 else mean)) ** order, outside) for order in (1, 2, 3, 4)
    ]
    influence = _influence(family.centre if in_logs else family.means, value)
    doubt = NORMAL_REACH * DensityDiscrepancy(distribution, intervals).functional_deviation(influence)
    doubt[3] = math.hypot(doubt[3], _TAIL_DOUBT * shares[3] * (float(value[3]) + 3.0))
    resolved = np.isfinite(table[1:]).all(axis=1)  # a draw narrower than the grid's step has no moments on it
    weight = posterior.weight[resolved] / posterior.weight[resolved].sum()
    lower, upper = weighted_quantiles(table[1:][resolved], weight, (BAND_LOW, BAND_HIGH))
    scale = (unit, unit**2, 1.0, 1.0)
    found = [
        MomentEstimate(
            float(value[i]) * scale[i],
            float(value[i] - math.hypot(max(value[i] - lower[i], 0.0), doubt[i])) * scale[i],
            float(value[i] + math.hypot(max(upper[i] - value[i], 0.0), doubt[i])) * scale[i],
            shares[i],
        )
        for i in range(4)
    ]
    if not in_logs:
        # By construction, not by estimation.
        found[0] = MomentEstimate(unit, unit, unit, shares[0])
    return DensityMoments(found[0], found[1], *(found[2:] if claims_shape else (UNCLAIMED, UNCLAIMED)))


def _table(density: FloatArray, variable: FloatArray) -> FloatArray:
    """Mean, variance, skewness, excess kurtosis per row of densities of ln x on an even grid, [rows, 4]."""
    with np.errstate(all="ignore"):
        mass = density / density.sum(axis=1, keepdims=True)
        mean = mass @ variable
        shift = variable - mean[:, None]
        second = np.sum(mass * shift**2, axis=1)
        third = np.sum(mass * shift**3, axis=1)
        fourth = np.sum(mass * shift**4, axis=1)
        return np.stack([mean, second, third / second**1.5, fourth / second**2 - 3.0], axis=1)


def _influence(variable: FloatArray, moments: FloatArray) -> FloatArray:
    """First-order change of mean, variance, skewness and excess kurtosis per mass put on each kernel, [4, kernels]."""
    mean, variance, skewness, excess = moments.tolist()
    z = (variable - mean) / math.sqrt(variance)
    square, kurtosis = z * z - 1.0, excess + 3.0
    return np.stack(
        [
            variable - mean,
            variance * square,
            z**3 - skewness - 3.0 * z - 1.5 * skewness * square,
            z**4 - kurtosis - 4.0 * skewness * z - 2.0 * kurtosis * square,
        ]
    )


def _share(part: FloatArray, outside: np.ndarray) -> float:
    return float(part[outside].sum() / part.sum())
