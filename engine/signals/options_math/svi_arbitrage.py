"""Butterfly arbitrage of a raw SVI slice: is there any, where, and what is the nearest slice without.

A slice is free of it when w > 0, Durrleman's g >= 0 everywhere and the wings are flatter than 2 (Gatheral and Jacquier
2014, section 2.2 and Roper 2010). The repair is that of their section 5.1: level, skew and one wing of the jump-wing
parameters stay; the other wing and the least variance move towards those of the SSVI slice with the same level, skew
and wing, which is free of arbitrage under their theorem 4.2; and the slice nearest to the given one is taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.quoted_intervals import BoolArray
from engine.signals.options_math.smile_distribution import durrleman
from engine.signals.options_math.svi import MOST_WING_SLOPE, Svi

_POINTS = 161
_SEARCH_POINTS = 61
# sinh of it: ten thousand times the scale.
_FARTHEST = 10.0
_SEARCH_FARTHEST = 6.0
_REFINEMENTS = 4
_REFINED_MINIMA = 4
_WING_LIMIT = 0.999 * MOST_WING_SLOPE
_GRID_SIDE = 13
_ZOOMS = 6
_DISTANCE_POINTS = 41
_RANGE_DEVIATIONS = 8.0
# What the search keeps between itself and g = 0, so that the refined minimum is not below it.
_MARGIN = 1e-4
_SHRINKS = 16


@dataclass(frozen=True, slots=True)
class SviArbitrage:
    """`least_g` over all log-moneyness, found at `at` (NaN where the slice is not well formed); `free` says that the
    slice is well formed and g >= 0."""

    free: bool
    least_g: float
    at: float


def svi_arbitrage(svi: Svi) -> SviArbitrage:
    """Look for butterfly arbitrage of one slice on a dense grid of all scales, refined around the lowest minima.

    The grid is geometric around the vertex (at the scale of s), around the minimum (at the scale on which w doubles
    there) and around the money (at the scale of sqrt(w(0))), each out to where g is at the limit of its wing.
    """
    if not svi.well_formed:
        return SviArbitrage(False, math.nan, math.nan)
    if svi.b == 0.0:
        return SviArbitrage(True, 1.0, 0.0)
    raw = np.array([[svi.a], [svi.b], [svi.rho], [svi.m], [svi.s]])
    k = _all_scales(raw, _POINTS, _FARTHEST)[0]
    g = svi.g(k)
    inner = np.flatnonzero((g[1:-1] <= g[:-2]) & (g[1:-1] <= g[2:])) + 1
    lowest = inner[np.argsort(g[inner], kind="stable")[:_REFINED_MINIMA]]
    least, at = float(g.min()), float(k[int(np.argmin(g))])
    left, right = k[lowest - 1], k[lowest + 1]
    for _ in range(_REFINEMENTS if lowest.size else 0):
        fine = np.linspace(left, right, 17, axis=-1)
        values = svi.g(fine)
        row, best = np.arange(fine.shape[0]), np.argmin(values, axis=-1)
        left, right = fine[row, np.maximum(best - 1, 0)], fine[row, np.minimum(best + 1, 16)]
        found = int(np.argmin(values[row, best]))
        if values[found, best[found]] < least:
            least, at = float(values[found, best[found]]), float(fine[found, best[found]])
    # The limits of g far out, where the grid ends: 1/4 - slope^2/16.
    for sign, slope in zip((-1.0, 1.0), svi.wing_slopes, strict=True):
        if 0.25 - slope * slope / 16.0 < least:
            least, at = 0.25 - slope * slope / 16.0, sign * math.inf
    return SviArbitrage(least >= 0.0, least, at)


def repair_svi(svi: Svi, low: float = math.nan, high: float = math.nan) -> Svi | None:
    """The nearest slice without butterfly arbitrage; the given one where it has none.

    Nearest in root mean square of total variance over log-moneyness [low, high] (eight standard deviations at the money
    on either side where not given), among the slices with the same w(0) and w'(0), the same put wing (or the same call
    wing), the other wing and the curvature between those of the given slice and of the SSVI slice. Where even that SSVI
    slice has arbitrage, skew and wings shrink together until it has none. None where the slice has no positive, finite
    variance at the money.
    """
    if svi_arbitrage(svi).free:
        return svi
    level, slope, _ = (float(item) for item in svi.total_variance(np.zeros(())))
    if not (level > 0.0 and math.isfinite(level) and svi.b > 0.0 and abs(svi.rho) < 1.0 and svi.s > 0.0):
        return None
    reach = _RANGE_DEVIATIONS * math.sqrt(level)
    left = low if math.isfinite(low) else -reach
    right = high if math.isfinite(high) else reach
    k = np.linspace(min(left, right), max(left, right), _DISTANCE_POINTS)
    target = svi.total_variance(k)[0]
    put_wing, call_wing = svi.wing_slopes
    given = np.array([put_wing, call_wing, math.log(math.hypot(svi.m, svi.s))])
    for shrink in range(_SHRINKS):
        share = 0.7**shrink
        # An SSVI slice has w'(0) = right - left slope: c' = p + 2 psi in jump-wing terms.
        anchors = [(put_wing, put_wing + slope), (call_wing - slope, call_wing)]
        found = [
            _nearest(level, share * slope, given, share * np.array(anchor), k, target)
            for anchor in anchors
            if min(anchor) > 0.0
        ]
        distances = [distance for distance, _ in found]
        if distances and min(distances) < math.inf:
            return found[int(np.argmin(distances))][1]
    return None


def _nearest(
    level: float, slope: float, given: FloatArray, anchor: FloatArray, k: FloatArray, target: FloatArray
) -> tuple[float, Svi]:
    """Search the rectangle between the given wings and curvature (0) and those of the SSVI slice of `anchor` (1)."""
    ssvi_reach = math.log(level / (anchor[0] + anchor[1]))
    best, winner = math.inf, Svi(level, 0.0, 0.0, 0.0, 1.0)
    lower, upper, margin = np.zeros(2), np.ones(2), _MARGIN
    for _ in range(_ZOOMS):
        wing, bend = (item.ravel() for item in np.meshgrid(*np.linspace(lower, upper, _GRID_SIDE).T))
        left, right = (given[side] + (anchor[side] - given[side]) * wing for side in (0, 1))
        b, tilt = 0.5 * (left + right), (right - left) / (right + left)
        batch = _slices(level, slope, b, tilt, np.exp(given[2] + (ssvi_reach - given[2]) * bend))
        distance = np.where(_free(batch, margin), _distance(batch, k, target), np.inf)
        chosen = int(np.argmin(distance))
        if not distance[chosen] < best:
            break
        candidate = Svi(*(float(item) for item in batch[:, chosen]))
        if not svi_arbitrage(candidate).free:
            margin *= 8.0
            continue
        best, winner = float(distance[chosen]), candidate
        centre = np.array([wing[chosen], bend[chosen]])
        span = 2.0 * (upper - lower) / (_GRID_SIDE - 1)
        lower, upper = np.maximum(centre - span, 0.0), np.minimum(centre + span, 1.0)
    return best, winner


@np.errstate(all="ignore")
def _slices(level: float, slope: float, b: FloatArray, rho: FloatArray, reach: FloatArray) -> FloatArray:
    """Raw parameters [5, n] of slices with one level and slope at the money; NaN where there is none."""
    beta = rho - slope / b
    m, s = beta * reach, reach * np.sqrt(1.0 - beta * beta)
    return np.stack([level - b * (reach - rho * m), b, rho, m, s])


def _w(batch: FloatArray, k: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    a, b, rho, m, s = (item[:, None] for item in batch)
    y = k - m
    root = np.sqrt(y * y + s * s)
    return a + b * (rho * y + root), b * (rho + y / root), b * s * s / root**3


def _distance(batch: FloatArray, k: FloatArray, target: FloatArray) -> FloatArray:
    result: FloatArray = np.sqrt(np.mean((_w(batch, k)[0] - target) ** 2, axis=1))
    return result


@np.errstate(all="ignore")
def _free(batch: FloatArray, margin: float) -> BoolArray:
    """Well formed, with g above `margin` on a grid of all scales, [n]."""
    a, b, rho, _, s = batch
    sound = (a + b * s * np.sqrt(1.0 - rho * rho) > 0.0) & (b * (1.0 + np.abs(rho)) < _WING_LIMIT) & (s > 0.0)
    k = _all_scales(batch, _SEARCH_POINTS, _SEARCH_FARTHEST)
    g = durrleman(k, *_w(batch, k))
    result: BoolArray = sound & (g.min(axis=1) >= margin)
    return result


@np.errstate(all="ignore")
def _all_scales(batch: FloatArray, points: int, farthest: float) -> FloatArray:
    """Log-moneyness [n, 3 x points], ascending, dense at every scale on which g can change."""
    a, b, rho, m, s = (item[:, None] for item in batch)
    root = np.sqrt(1.0 - rho * rho)
    vertex = m - rho * s / root
    least = np.maximum(a + b * s * root, 0.0)
    # Near its minimum w is least + b root^3 (k - vertex)^2 / (2 s): it has doubled at this distance.
    doubling = np.minimum(np.sqrt(2.0 * least * s / b) / root**1.5, 1e3 * s)
    step = np.sinh(np.linspace(-farthest, farthest, points))
    level = np.sqrt(np.maximum(a + b * (np.sqrt(m * m + s * s) - rho * m), 0.0))
    result: FloatArray = np.sort(np.concatenate([m + s * step, vertex + doubling * step, level * step], axis=1), axis=1)
    return result
