"""The risk-neutral density of one expiry from its quotes: arbitrage-free by construction, with a band.

From quotes to density in five steps: intervals of undiscounted European prices (european_intervals.py); a test for
static arbitrage and the least repair (static_arbitrage.py); the posterior over several parametric families
(family_posterior.py); the non-negative smooth density nearest to the posterior's mean that prices every interval
(density_fit.py); the band of the posterior's draws around it (density_band.py). Mass 1, mean = forward and prices
inside bid and ask are hard constraints of the fourth step, so the result can never be negative and misses a quote only
where no arbitrage-free density could hold it. Few quotes give wide bands, never wiggles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.density_band import DensityReport, density_report, price_grid
from engine.signals.options_math.density_fit import fit_weights, posterior_weights
from engine.signals.options_math.density_moments import DensityMoments, log_moments, price_moments
from engine.signals.options_math.european_intervals import OptionTerms, european_intervals
from engine.signals.options_math.family_posterior import FamilyPosterior, family_posterior
from engine.signals.options_math.implied_volatility import implied_volatility
from engine.signals.options_math.lognormal_kernels import KernelFamily, KernelMixture, fine_kernels
from engine.signals.options_math.price_bounds import cdf_bounds
from engine.signals.options_math.quoted_intervals import QuotedIntervals
from engine.signals.options_math.static_arbitrage import check_static_arbitrage
from engine.signals.options_math.status_codes import OptionStatus

DensityQuality = Literal["good", "degraded", "prior_only", "none"]
QUALITY_LEVELS: dict[str, int] = {"none": 0, "prior_only": 1, "degraded": 2, "good": 3}

_LEAST_TWO_SIDED: Final = 3
_NAMED_VIOLATION_SHARE: Final = 1e-6
_NEAREST_FOR_LEVEL: Final = 4
_BOUND_POINTS: Final = 21
_ROOM_BEYOND_QUOTES: Final = 1.5
# Beyond it, or its inverse, squares of prices are no numbers any more.
_SMALLEST_FORWARD: Final = 1e-100


@dataclass(frozen=True, slots=True)
class RepairedQuote:
    """A quote that no arbitrage-free smooth density can hold: its undiscounted European interval was widened by
    `amount` price units, which are `ticks` ticks (NaN where the tick is unknown)."""

    strike: float
    is_call: bool
    amount: float
    ticks: float


@dataclass(frozen=True, slots=True)
class ImpliedDensity:
    """Density of the price at expiry under the pricing measure.

    `terms.forward` in price units is its mean. `intervals` are the quotes it was fitted to, repaired where they had to
    be; `two_sided_quotes` counts the out-of-the-money ones with bid and ask. `methods` is the posterior share of each
    parametric family behind it.
    """

    terms: OptionTerms
    quality: DensityQuality
    family: KernelFamily
    weight: FloatArray
    two_sided_quotes: int
    repaired: tuple[RepairedQuote, ...]
    intervals: QuotedIntervals
    posterior: FamilyPosterior

    @property
    def forward(self) -> float:
        """Forward in price units."""
        return self.terms.forward

    @property
    def years(self) -> float:
        """Years to expiry."""
        return self.terms.years

    @property
    def distribution(self) -> KernelMixture:
        """The density as a distribution of S/F."""
        return KernelMixture(self.family, self.weight)

    @property
    def mean_price(self) -> float:
        """Mean of the density in price units: the forward."""
        return float(self.weight @ self.family.means) * self.forward

    @property
    def log_mean(self) -> float:
        """E[ln(S/F)]."""
        return self.family.log_moments(self.weight)[0]

    @property
    def log_variance(self) -> float:
        """Variance of ln(S/F) over the life of the option."""
        return self.family.log_moments(self.weight)[1]

    @property
    def log_skew(self) -> float:
        """Skewness of ln(S/F); NaN where no shape is claimed."""
        return self.family.log_moments(self.weight)[2] if self.claims_shape else math.nan

    @property
    def log_excess_kurtosis(self) -> float:
        """Excess kurtosis of ln(S/F); NaN where no shape is claimed."""
        return self.family.log_moments(self.weight)[3] if self.claims_shape else math.nan

    @property
    def tail_mass(self) -> float:
        """Probability of an end outside the two-sided strikes."""
        below, up_to = self.cdf(np.array(self.quoted_range))
        return float(below + 1.0 - up_to)

    @property
    def methods(self) -> dict[str, float]:
        """Posterior share of each parametric family."""
        return self.posterior.shares

    @property
    def claims_shape(self) -> bool:
        """Whether skewness and kurtosis are claimed: at least three two-sided out-of-the-money quotes."""
        return self.quality in ("good", "degraded")

    @property
    def quoted_range(self) -> tuple[float, float]:
        """Lowest and highest strike with a bid and an ask, price units (NaN where there is none)."""
        quoted = self.intervals.strike[self.intervals.two_sided]
        return (
            (self.forward * float(quoted.min()), self.forward * float(quoted.max())) if quoted.size else (np.nan,) * 2
        )

    @property
    def log_moments(self) -> DensityMoments:
        """Mean, variance, skewness and excess kurtosis of ln(S/F) over the life of the option, with intervals."""
        return log_moments(self.distribution, self.posterior, self.intervals, self.claims_shape)

    @property
    def price_moments(self) -> DensityMoments:
        """Mean, variance, skewness and excess kurtosis of S in price units, with intervals."""
        return price_moments(self.distribution, self.posterior, self.intervals, self.claims_shape, self.forward)

    def pdf(self, price: FloatArray) -> FloatArray:
        """Density per price unit at positive prices, never negative."""
        result: FloatArray = self.distribution.pdf(np.asarray(price) / self.forward) / self.forward
        return result

    def cdf(self, price: FloatArray) -> FloatArray:
        """Probability that the price at expiry is at most `price`."""
        return self.distribution.cdf(np.asarray(price) / self.forward)

    def quantile(self, probability: float) -> float:
        """Price below which the given probability lies, by bisection on the CDF in ln(price)."""
        low = float((self.family.centre - 10.0 * self.family.width).min())
        high = float((self.family.centre + 10.0 * self.family.width).max())
        for _ in range(80):
            middle = 0.5 * (low + high)
            below = float(self.distribution.cdf(np.array([math.exp(middle)]))[0]) < probability
            low, high = (middle, high) if below else (low, middle)
        return self.forward * math.exp(0.5 * (low + high))

    def report(self, points: int = 201) -> DensityReport:
        """Density, CDF and its 5-95 % band on `points` prices from far in the left to far in the right tail."""
        return density_report(self.distribution, self.posterior, self.intervals, self.forward, points)

    def bounds(self, points: int = _BOUND_POINTS) -> tuple[FloatArray, FloatArray, FloatArray]:
        """(prices, least, greatest P(S <= price)) over all densities that price the repaired intervals."""
        x = price_grid(self.distribution, points)
        low, high = cdf_bounds(self.intervals, x)
        return self.forward * x, low, high


def implied_density(
    quotes: Sequence[CleanQuote], terms: OptionTerms, least_liquid_strikes: int = 8
) -> ImpliedDensity | None:
    """Density of cleaned quotes of one expiry; None (quality "none") where no volatility can be inverted.

    The result does not depend on the order of the quotes and scales with prices; equal input gives equal bytes. Quality
    is "good" with at least `least_liquid_strikes` two-sided out-of-the-money quotes and nothing repaired, "prior_only"
    with fewer than three: then no shape is claimed.
    """
    ordered = sorted(quotes, key=lambda quote: (quote.strike, quote.is_call))
    if not ordered or not (_SMALLEST_FORWARD < terms.forward < 1.0 / _SMALLEST_FORWARD and terms.years > 0.0):
        return None
    asked = european_intervals(ordered, terms)
    checked = check_static_arbitrage(asked)
    intervals = checked.repaired
    deviation = at_the_money_deviation(intervals)
    if deviation is None:
        return None
    posterior = family_posterior(intervals, deviation)
    far = np.log(intervals.strike[intervals.two_sided]) / deviation
    # Far quotes need room beyond them: the mass that prices them may lie much further out.
    family = fine_kernels(
        deviation,
        min(-7.0, _ROOM_BEYOND_QUOTES * float(far.min()) - 2.0),
        max(6.0, _ROOM_BEYOND_QUOTES * float(far.max()) + 1.5),
    )
    fitted = fit_weights(intervals, family, posterior_weights(posterior, family, far))
    moved = np.maximum(np.nan_to_num(checked.violation), fitted.violation)
    repaired = tuple(
        RepairedQuote(quote.strike, quote.is_call, amount, amount / terms.tick if terms.tick > 0.0 else math.nan)
        for quote, amount in zip(ordered, (moved * terms.forward).tolist(), strict=True)
        if amount > _NAMED_VIOLATION_SHARE * terms.forward
    )
    outside = np.array([quote.is_call == (quote.strike >= terms.forward) for quote in ordered])
    two_sided = int(np.sum(outside & asked.two_sided))
    quality = _quality(two_sided, least_liquid_strikes, fitted.converged and not repaired)
    held = replace(
        intervals,
        low=intervals.low - np.where(fitted.violation > 0.0, fitted.violation, 0.0),
        high=intervals.high + np.where(fitted.violation > 0.0, fitted.violation, 0.0),
    )
    return ImpliedDensity(terms, quality, family, fitted.weight, two_sided, repaired, held, posterior)


def at_the_money_deviation(intervals: QuotedIntervals) -> float | None:
    """sigma sqrt(T) at the money from the middles of the nearest two-sided quotes; None where none can be inverted."""
    use = np.flatnonzero(intervals.two_sided)
    if use.size == 0:
        return None
    strike, is_call = intervals.strike[use], intervals.is_call[use]
    deviation, status = implied_volatility(intervals.middle[use], 1.0, strike, 1.0, is_call)
    good = status == OptionStatus.OK
    if not good.any():
        return None
    distance = np.abs(np.log(strike[good]))
    order = np.lexsort((intervals.half_width[use][good], distance))[:_NEAREST_FOR_LEVEL]
    return float(np.median(deviation[good][order]))


def _quality(two_sided: int, least_liquid: int, fits: bool) -> DensityQuality:
    if two_sided < _LEAST_TWO_SIDED:
        return "prior_only"
    return "good" if two_sided >= least_liquid and fits else "degraded"
