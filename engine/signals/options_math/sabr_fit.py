"""SABR fitted to quoted intervals.

Prices are fitted in half widths of the quotes (interval_residuals.py), with beta fixed, since beta and rho say nearly
the same about one expiry: on simulated chains of 9 to 25 strikes beta = 1 and beta = .5 are equally near to the truth,
and beta = 1 tilts to neither side by itself. Years scale out: alpha sqrt(T) and nu sqrt(T) are what a smile shows. The
expansion has no density of its own by right: a negative one is penalised out to eight standard deviations, more sharply
where it persists, and where it stays negative the fit says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.interval_residuals import IntervalResiduals, interval_residuals
from engine.signals.options_math.levenberg_marquardt import IndexArray, ResidualModel, levenberg_marquardt
from engine.signals.options_math.multi_start import TOLERANCE, multi_start
from engine.signals.options_math.price_distribution import FittedFamily
from engine.signals.options_math.quoted_deviations import quoted_deviations, two_sided_strikes
from engine.signals.options_math.quoted_intervals import BoolArray, QuotedIntervals
from engine.signals.options_math.sabr import Sabr, sabr_total_variance
from engine.signals.options_math.smile_distribution import durrleman

LEAST_STRIKES = 3
BETA = 1.0

_MOST_NU = 4.0
_STARTS = np.array([[0.0, rho, math.log(nu)] for nu in (0.3, 1.0) for rho in (-0.6, 0.0, 0.6)])
_DIFFERENCE = 1e-6
_CHECK_DEVIATIONS = 8.0
_DENSE_POINTS = 641
_MARGIN = 0.01
# Penalty per unit of missing g, and points of the grid: of the fit, and of the refits of smiles that still fail.
_FIRST_CHECK = (30.0, 33)
_SHARPER_CHECKS = ((300.0, 81), (3000.0, 81))
_REFIT_ITERATIONS = 20
# Of ln(alpha sqrt(T) / deviation), atanh(rho) and ln(nu sqrt(T)).
_PRIOR_CENTRE = np.array([0.0, 0.0, math.log(0.5)])
_PRIOR_FREEDOM = np.array([3.0, 1.0, 1.5])


def fit_sabr(intervals: QuotedIntervals, years: float, beta: float = BETA) -> FittedFamily | None:
    """The SABR smile nearest to the quotes; None with fewer than three two-sided strikes (it has three parameters) and
    where no volatility can be inverted. `years` scales the reported alpha and nu, not the smile."""
    return fit_sabr_with_draws(intervals, years, np.empty((0, intervals.strike.size)), beta)[0]


def fit_sabr_batch(
    intervals: QuotedIntervals, years: float, middle: FloatArray, beta: float = BETA
) -> list[FittedFamily | None]:
    """One fit per row of `middle` [draws, quotes], alternative middles of the same intervals, in one batch."""
    return fit_sabr_with_draws(intervals, years, middle, beta)[1:]


def fit_sabr_with_draws(
    intervals: QuotedIntervals, years: float, middle: FloatArray, beta: float = BETA
) -> list[FittedFamily | None]:
    """The fit of the intervals' own middles, then one per row of `middle` [draws, quotes]."""
    draws = middle.shape[0]
    quoted = quoted_deviations(intervals) if two_sided_strikes(intervals) >= LEAST_STRIKES else None
    if quoted is None or not years > 0.0:
        return [None] * (1 + draws)
    residuals = interval_residuals(intervals, np.concatenate([intervals.middle[None, :], middle]))
    model = _Model(intervals, residuals, quoted.at_the_money, beta)
    theta = multi_start(lambda draw_of: model.rows(draw_of, _FIRST_CHECK), _STARTS, draws)
    free = model.arbitrage_free(theta)
    for check in _SHARPER_CHECKS:
        failing = np.flatnonzero(~free)
        if failing.size == 0:
            break
        refit = levenberg_marquardt(model.rows(failing, check), theta[failing], _REFIT_ITERATIONS, TOLERANCE)
        theta[failing] = refit.parameters
        free[failing] = model.arbitrage_free(theta[failing])
    return [model.family(item, draw, years, bool(free[draw])) for draw, item in enumerate(theta)]


@dataclass(frozen=True, slots=True)
class _Model:
    intervals: QuotedIntervals
    residuals: IntervalResiduals
    deviation: float
    beta: float

    def natural(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """alpha sqrt(T), rho and nu sqrt(T) of coordinates [..., 3]; every point of R^3 is a smile."""
        grown = np.exp(np.minimum(theta, 50.0))
        return self.deviation * grown[..., 0], np.tanh(theta[..., 1]), grown[..., 2] / (1.0 + grown[..., 2] / _MOST_NU)

    def rows(self, draw_of: IndexArray, check: tuple[float, int]) -> ResidualModel:
        """Residuals: quotes, what is missing to g >= margin, priors; Jacobian by forward differences of the smile."""
        from scipy.special import ndtr

        strike = self.intervals.strike
        quotes = strike.size
        penalty, points = check
        k = np.concatenate([np.log(strike), self._watched(points)])
        intrinsic = np.where(self.intervals.is_call, 0.0, 1.0 - strike)
        shifts = np.concatenate([np.zeros((1, 3)), _DIFFERENCE * np.eye(3)])

        @np.errstate(all="ignore")
        def model(theta: FloatArray, element: IndexArray) -> tuple[FloatArray, FloatArray]:
            shifted = (theta + shifts[:, None, :]).reshape(-1, 3)
            alpha, rho, nu = (item[:, None] for item in self.natural(shifted))
            w, slope, bend = sabr_total_variance(k, 1.0, alpha, self.beta, rho, nu, "obloj")
            deviation = np.sqrt(w[:, :quotes])
            d2 = -k[:quotes] / deviation - 0.5 * deviation
            price = ndtr(d2 + deviation) - strike * ndtr(d2) - intrinsic
            g = durrleman(k[quotes:], w[:, quotes:], slope[:, quotes:], bend[:, quotes:])
            price, d_price = _differences(price)
            g, d_g = _differences(g)
            rows, jacobian = self.residuals.rows(price, d_price, draw_of[element])
            missing = np.maximum(_MARGIN - g, 0.0)
            prior = (theta - _PRIOR_CENTRE) / _PRIOR_FREEDOM
            d_prior = np.broadcast_to(np.diag(1.0 / _PRIOR_FREEDOM), (theta.shape[0], 3, 3))
            return (
                np.concatenate([rows, penalty * missing, prior], axis=1),
                np.concatenate([jacobian, -penalty * (missing > 0.0)[..., None] * d_g, d_prior], axis=1),
            )

        return model

    @np.errstate(all="ignore")
    def arbitrage_free(self, theta: FloatArray) -> BoolArray:
        """Whether w > 0 and g >= 0 on a dense grid, for coordinates [n, 3]."""
        k = self._watched(_DENSE_POINTS)
        alpha, rho, nu = (item[:, None] for item in self.natural(theta))
        w, slope, bend = sabr_total_variance(k, 1.0, alpha, self.beta, rho, nu, "obloj")
        result: BoolArray = np.all((w > 0.0) & (durrleman(k, w, slope, bend) >= 0.0), axis=1)
        return result

    def _watched(self, points: int) -> FloatArray:
        """Log-moneyness on which g is watched, denser at the money."""
        spread = np.sinh(np.linspace(-2.5, 2.5, points)) / np.sinh(2.5)
        result: FloatArray = self.deviation * _CHECK_DEVIATIONS * spread
        return result

    def family(self, theta: FloatArray, draw: int, years: float, arbitrage_free: bool) -> FittedFamily:
        """The fitted smile and how near it is to the quotes."""
        alpha, rho, nu = (float(item) for item in self.natural(theta))
        root = math.sqrt(years)
        sabr = Sabr(alpha / root, self.beta, rho, nu / root, years)
        strike, distribution = self.intervals.strike, sabr.distribution
        price = np.where(self.intervals.is_call, distribution.call_prices(strike), distribution.put_prices(strike))
        return FittedFamily(
            name="sabr",
            distribution=distribution,
            misfit=float(self.residuals.misfit(price)),
            centring=float(self.residuals.centring(price, np.array(draw))),
            arbitrage_free=arbitrage_free,
            parameters={"alpha": sabr.alpha, "beta": sabr.beta, "rho": sabr.rho, "nu": sabr.nu},
        )


def _differences(stacked: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Values [batch, n] and forward differences [batch, n, 3] from the values of points and of their three shifts."""
    parts = stacked.reshape(4, -1, stacked.shape[-1])
    return parts[0], np.moveaxis((parts[1:] - parts[0]) / _DIFFERENCE, 0, -1)
