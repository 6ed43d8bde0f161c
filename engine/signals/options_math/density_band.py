"""The 5-95 % band of a density's CDF: what other densities the same quotes would bear.

Around the density lies what the posterior's draws over all families say, the weighted 5 and 95 % quantiles at each
price, widened by the doubt about shapes that no family has (density_discrepancy.py): distances from the mean of the
draws add in squares. Where the quotes moved the final density away from that mean, the band reaches over both. It never
leaves the bounds that hold for every arbitrage-free density.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.density_discrepancy import DensityDiscrepancy
from engine.signals.options_math.family_posterior import FamilyPosterior
from engine.signals.options_math.lognormal_kernels import KernelMixture
from engine.signals.options_math.price_bounds import cdf_bounds
from engine.signals.options_math.quoted_intervals import QuotedIntervals

BAND_LOW: Final = 0.05
BAND_HIGH: Final = 0.95
# Standard deviations of a normal distribution from its middle to either.
NORMAL_REACH: Final = 1.645
_GRID_MASS: Final = 1e-4


@dataclass(frozen=True, slots=True)
class DensityReport:
    """Arrays [points]: `grid` prices, `pdf` per price unit, `cdf`, and the band `cdf_low` <= cdf <= `cdf_high`."""

    grid: FloatArray
    pdf: FloatArray
    cdf: FloatArray
    cdf_low: FloatArray
    cdf_high: FloatArray


def density_report(
    distribution: KernelMixture,
    posterior: FamilyPosterior,
    intervals: QuotedIntervals,
    forward: float,
    points: int,
) -> DensityReport:
    """The density on an even grid of prices that leaves 1e-4 of the mass outside at either end."""
    x = price_grid(distribution, points)
    cdf = distribution.cdf(x)
    low, high = cdf_band(distribution, posterior, intervals, x)
    return DensityReport(forward * x, distribution.pdf(x) / forward, cdf, low, high)


def cdf_band(
    distribution: KernelMixture, posterior: FamilyPosterior, intervals: QuotedIntervals, x: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Lower and upper end of the band at rising x = S/F; rising, inside [0, 1], around the CDF."""
    weight = posterior.weight
    drawn = posterior.cdf(np.log(x))
    cdf = distribution.cdf(x)
    moved = cdf - weight @ drawn
    mean = cdf - moved
    low, high = weighted_quantiles(drawn, weight, (BAND_LOW, BAND_HIGH))
    doubt = NORMAL_REACH * DensityDiscrepancy(distribution, intervals).cdf_deviation(x)
    low = mean - np.hypot(np.maximum(mean - low, 0.0), doubt) + np.minimum(moved, 0.0)
    high = mean + np.hypot(np.maximum(high - mean, 0.0), doubt) + np.maximum(moved, 0.0)
    least, most = cdf_bounds(intervals, x)
    low = np.fmax(low, np.minimum(least, cdf))
    high = np.fmin(high, np.maximum(most, cdf))
    low = np.maximum.accumulate(np.clip(np.minimum(low, cdf), 0.0, 1.0))
    high = np.minimum.accumulate(np.clip(np.maximum(high, cdf), 0.0, 1.0)[::-1])[::-1]
    return np.minimum(low, cdf), np.maximum(high, cdf)


def weighted_quantiles(values: FloatArray, weight: FloatArray, levels: tuple[float, ...]) -> list[FloatArray]:
    """Quantiles of each column of `values` [draws, m] under `weight` [draws], one array [m] per level."""
    order = np.argsort(values, axis=0, kind="stable")
    ranked = np.take_along_axis(values, order, axis=0)
    passed = np.cumsum(weight[order], axis=0) - 0.5 * weight[order]
    answers = []
    for level in levels:
        place = np.minimum((passed < level).sum(axis=0), values.shape[0] - 1)
        answers.append(np.take_along_axis(ranked, place[None, :], axis=0)[0])
    return answers


def price_grid(distribution: KernelMixture, points: int) -> FloatArray:
    """Even grid of x = S/F that leaves 1e-4 of the mass outside at either end."""
    centre, width = distribution.family.centre, distribution.family.width
    fine = np.exp(np.linspace(float((centre - 3 * width).min()), float((centre + 3 * width).max()), 801))
    cdf = distribution.cdf(fine)
    low = fine[min(int((cdf < _GRID_MASS).sum()), fine.size - 2)]
    high = fine[max(int((cdf <= 1.0 - _GRID_MASS).sum()) - 1, 1)]
    return np.linspace(min(low, high), max(low, high), points)
