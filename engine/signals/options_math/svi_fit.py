"""Raw SVI fitted to quoted intervals, free of butterfly arbitrage.

Prices, not volatilities, are fitted, in half widths of the quotes (interval_residuals.py), in coordinates that cannot
leave the domain (svi_coordinates.py). Durrleman's g >= 0 is a penalty on a grid; a slice that fails the dense check of
svi_arbitrage.py all the same is repaired, and refitted from there under sharper penalties. Weak priors, worth about one
half width of one quote each, hold the coordinates that few or wide quotes leave open.

Starts come from the quasi-explicit form of Zeliade Systems (2009): for a given shift and width w is linear in the rest;
so a grid of those two, a weighted linear regression on each and a short race of all find the right valley.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.interval_residuals import IntervalResiduals, interval_residuals
from engine.signals.options_math.levenberg_marquardt import IndexArray, ResidualModel, levenberg_marquardt
from engine.signals.options_math.multi_start import TOLERANCE, multi_start
from engine.signals.options_math.price_distribution import FittedFamily
from engine.signals.options_math.quoted_deviations import QuotedDeviations, quoted_deviations, two_sided_strikes
from engine.signals.options_math.quoted_intervals import QuotedIntervals
from engine.signals.options_math.svi import Svi
from engine.signals.options_math.svi_arbitrage import repair_svi, svi_arbitrage
from engine.signals.options_math.svi_coordinates import SviCoordinates, svi_coordinates

LEAST_STRIKES = 5

_INVERSE_SQRT_2PI = 0.3989422804014327
_SHIFTS = np.array([-1.5, -0.5, 0.5, 1.5])
_WIDTHS = np.array([0.3, 1.0, 2.5])
_REFIT_ITERATIONS = 40
_CHECK_DEVIATIONS = 8.0
_FARTHEST_CHECK = 200.0
_MARGIN = 0.01
_PENALTY = 30.0
# Points of the grid near the money, and far out on either side: of the fit, and of refits.
_FIRST_GRID = (41, 8)
_DENSE_GRID = (81, 24)
_SHARP_PENALTIES = (1000.0, 10000.0)
# What the coordinates tend to where the quotes do not speak, and how far they go for one half width.
_PRIOR_CENTRE = np.array([math.log(0.4), math.log(0.4), math.log(0.8), 0.0, 0.3])
_PRIOR_FREEDOM = np.array([2.6, 2.6, 3.0, 0.8, 2.0])


def fit_svi(intervals: QuotedIntervals) -> FittedFamily | None:
    """The slice nearest to the quotes, free of butterfly arbitrage; None with fewer than five two-sided strikes (it has
    five parameters) and where no volatility can be inverted."""
    return fit_svi_with_draws(intervals, np.empty((0, intervals.strike.size)))[0]


def fit_svi_batch(intervals: QuotedIntervals, middle: FloatArray) -> list[FittedFamily | None]:
    """One fit per row of `middle` [draws, quotes], alternative middles of the same intervals, in one batch."""
    return fit_svi_with_draws(intervals, middle)[1:]


def fit_svi_with_draws(intervals: QuotedIntervals, middle: FloatArray) -> list[FittedFamily | None]:
    """The fit of the intervals' own middles, then one per row of `middle` [draws, quotes]."""
    draws = middle.shape[0]
    quoted = quoted_deviations(intervals) if two_sided_strikes(intervals) >= LEAST_STRIKES else None
    if quoted is None:
        return [None] * (1 + draws)
    coordinates = svi_coordinates(quoted)
    residuals = interval_residuals(intervals, np.concatenate([intervals.middle[None, :], middle]))
    model = _Model(intervals, residuals, coordinates)
    z = _check_grid(*_FIRST_GRID)
    theta = multi_start(lambda draw_of: model.rows(draw_of, z, _PENALTY), _starts(quoted, coordinates), draws)
    slices = _without_arbitrage(model, theta)
    return [model.family(svi, draw) for draw, svi in enumerate(slices)] if slices else [None] * (1 + draws)


def _without_arbitrage(model: _Model, theta: FloatArray) -> list[Svi]:
    """The slices of `theta` [n, 5]; those that have arbitrage are refitted from inside the free ones, draw 0 from its
    repair and further draws from draw 0. Empty where draw 0 cannot be repaired."""
    slices = [model.coordinates.svi(item) for item in theta]
    failing = [draw for draw, svi in enumerate(slices) if not svi_arbitrage(svi).free]
    if 0 in failing:
        k = np.log(model.intervals.strike)
        inside = repair_svi(slices[0], float(k[0]), float(k[-1]))
        if inside is None:
            return []
        slices[0] = model.nearest_free([0], inside)[0]
    later = [draw for draw in failing if draw > 0]
    for draw, svi in zip(later, model.nearest_free(later, slices[0]), strict=True):
        slices[draw] = svi
    return slices


@dataclass(frozen=True, slots=True)
class _Model:
    intervals: QuotedIntervals
    residuals: IntervalResiduals
    coordinates: SviCoordinates

    def rows(self, draw_of: IndexArray, z: FloatArray, penalty: float) -> ResidualModel:
        """Residuals: quotes, what is missing to g >= margin at z, priors; element i belongs to draw `draw_of[i]`."""
        from scipy.special import ndtr

        scale, strike = self.coordinates.deviation, self.intervals.strike
        quotes = strike.size
        k = np.log(strike)
        everywhere = np.concatenate([k / scale, z])
        intrinsic = np.where(self.intervals.is_call, 0.0, 1.0 - strike)

        @np.errstate(all="ignore")
        def model(theta: FloatArray, element: IndexArray) -> tuple[FloatArray, FloatArray]:
            curve = self.coordinates.curve(theta, everywhere)
            deviation = scale * np.sqrt(curve.value[:, :quotes])
            d2 = -k / deviation - 0.5 * deviation
            d1 = d2 + deviation
            price = ndtr(d1) - strike * ndtr(d2) - intrinsic
            vega = 0.5 * scale * scale * _INVERSE_SQRT_2PI * np.exp(-0.5 * d1 * d1) / deviation
            rows, jacobian = self.residuals.rows(price, vega[..., None] * curve.d_value[:, :quotes], draw_of[element])
            # g as in smile_distribution.py, in standardised units, and its derivatives in W, W' and W''.
            w, slope, bend = curve.value[:, quotes:], curve.slope[:, quotes:], curve.bend[:, quotes:]
            near = 1.0 - 0.5 * z * slope / w
            flat = 1.0 / w + 0.25 * scale * scale
            g = near * near - 0.25 * slope * slope * flat + 0.5 * bend
            d_g = (
                ((near * z * slope + 0.25 * slope * slope) / (w * w))[..., None] * curve.d_value[:, quotes:]
                - (near * z / w + 0.5 * slope * flat)[..., None] * curve.d_slope[:, quotes:]
                + 0.5 * curve.d_bend[:, quotes:]
            )
            missing = np.maximum(_MARGIN - g, 0.0)
            prior = (theta - _PRIOR_CENTRE) / _PRIOR_FREEDOM
            d_prior = np.broadcast_to(np.diag(1.0 / _PRIOR_FREEDOM), (theta.shape[0], 5, 5))
            return (
                np.concatenate([rows, penalty * missing, prior], axis=1),
                np.concatenate([jacobian, -penalty * (missing > 0.0)[..., None] * d_g, d_prior], axis=1),
            )

        return model

    def nearest_free(self, draws: Sequence[int], inside: Svi) -> list[Svi]:
        """Per draw the slice fitted from `inside`, which is free of arbitrage, under penalties that no quote outbids;
        `inside` itself where that ends outside again."""
        found = [inside] * len(draws)
        left = list(range(len(draws)))
        z = _check_grid(*_DENSE_GRID)
        for penalty in _SHARP_PENALTIES:
            if not left:
                break
            rows = self.rows(np.array([draws[item] for item in left], dtype=np.intp), z, penalty)
            start = self.coordinates.of([inside] * len(left))
            refit = levenberg_marquardt(rows, start, _REFIT_ITERATIONS, TOLERANCE)
            for item, theta in zip(list(left), refit.parameters, strict=True):
                svi = self.coordinates.svi(theta)
                if svi_arbitrage(svi).free:
                    found[item] = svi
                    left.remove(item)
        return found

    def family(self, svi: Svi, draw: int) -> FittedFamily:
        """The fitted slice and how near it is to the quotes."""
        strike, distribution = self.intervals.strike, svi.distribution
        price = np.where(self.intervals.is_call, distribution.call_prices(strike), distribution.put_prices(strike))
        return FittedFamily(
            name="svi",
            distribution=distribution,
            misfit=float(self.residuals.misfit(price)),
            centring=float(self.residuals.centring(price, np.array(draw))),
            arbitrage_free=True,
            parameters={"a": svi.a, "b": svi.b, "rho": svi.rho, "m": svi.m, "s": svi.s},
        )


def _check_grid(near_points: int, far_points: int) -> FloatArray:
    """Standardised log-moneyness on which g is watched: dense at the money, geometric far out on both sides."""
    near = np.sinh(np.linspace(-2.5, 2.5, near_points)) / np.sinh(2.5) * _CHECK_DEVIATIONS
    far = np.geomspace(_CHECK_DEVIATIONS, _FARTHEST_CHECK, far_points + 1)[1:]
    return np.concatenate([-far[::-1], near, far])


def _starts(quoted: QuotedDeviations, coordinates: SviCoordinates) -> FloatArray:
    """Coordinates [starts, 5] from regressions of W on 1, y and sqrt(y^2 + width^2) for a grid of shifts and widths."""
    shift, width = (item.ravel() for item in np.meshgrid(_SHIFTS, _WIDTHS))
    scale = coordinates.deviation
    y = quoted.k / scale - shift[:, None]
    design = np.stack([np.ones_like(y), y, np.sqrt(y * y + width[:, None] ** 2)], axis=-1)
    weight = scale * scale / (2.0 * quoted.deviation * np.maximum(quoted.error, 0.02 * scale))
    weighted = (design * weight[:, None]).transpose(0, 2, 1)
    normal = weighted @ weighted.transpose(0, 2, 1) + 1e-2 * np.eye(3)
    target = weighted @ (weight * (quoted.deviation / scale) ** 2)
    level, tilt, b = np.linalg.solve(normal, target[..., None])[..., 0].T
    left, right = np.maximum(b - tilt, 0.02), np.maximum(b + tilt, 0.02)
    return coordinates.coordinates(np.stack([left, right, level + width * np.sqrt(left * right), shift, width], axis=1))
