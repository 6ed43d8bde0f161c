"""The risk-neutral density of one expiry from its quotes: arbitrage-free by construction.

The density is a non-negative mixture of narrow lognormal kernels (lognormal_kernels.py). Weights minimise the distance
of prices from the middles of the quotes, in units of the quotes' widths, plus the roughness of the weights relative to
a prior of the chain's own volatility; mass 1, mean = forward and every price inside [bid, ask] are hard constraints. So
few quotes give the prior and many give the market, never wiggles. Where no mixture fits all intervals (a static
arbitrage, a stale leg), the total violation in half widths is the least possible, and the rows outside are named.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.density_fit import QuotedIntervals, fit_weights, prior_weights
from engine.signals.options_math.lognormal_kernels import KernelFamily, kernel_family
from engine.signals.options_math.smile import fit_smile

DensityQuality = Literal["good", "degraded", "prior_only", "none"]
QUALITY_LEVELS: dict[str, int] = {"none": 0, "prior_only": 1, "degraded": 2, "good": 3}

_NAMED_VIOLATION_SHARE = 1e-6
_LEAST_TWO_SIDED = 3


@dataclass(frozen=True, slots=True)
class RepairedQuote:
    """A quote that no arbitrage-free smooth density can hold: its interval was widened by `amount` price units."""

    strike: float
    is_call: bool
    amount: float


@dataclass(frozen=True, slots=True)
class ImpliedDensity:
    """Density of the price at expiry under the pricing measure.

    `forward` in price units; `mean_price` equals it. Moments are of ln(S/F) over the life of the option (not
    annualised); skew and excess kurtosis are NaN with fewer than three two-sided out-of-the-money quotes.
    `tail_mass`, `variance_outside` and `skew_outside` say how much of mass, variance and absolute third moment lies
    outside the quoted strikes, where only the prior speaks.
    """

    forward: float
    years: float
    quality: DensityQuality
    family: KernelFamily
    weight: FloatArray
    two_sided_quotes: int
    repaired: tuple[RepairedQuote, ...]
    log_mean: float
    log_variance: float
    log_skew: float
    log_excess_kurtosis: float
    tail_mass: float
    variance_outside: float
    skew_outside: float

    @property
    def mean_price(self) -> float:
        """Mean of the density in price units: the forward."""
        return float(self.weight @ self.family.means) * self.forward

    def pdf(self, price: FloatArray) -> FloatArray:
        """Density per price unit at positive prices, never negative."""
        result: FloatArray = self.family.pdf(np.asarray(price) / self.forward) @ self.weight / self.forward
        return result

    def cdf(self, price: FloatArray) -> FloatArray:
        """Probability that the price at expiry is at most `price`."""
        result: FloatArray = self.family.cdf(np.asarray(price) / self.forward) @ self.weight
        return result

    def quantile(self, probability: float) -> float:
        """Price below which the given probability lies, by bisection on the CDF in ln(price)."""
        low = float((self.family.centre - 10.0 * self.family.width).min())
        high = float((self.family.centre + 10.0 * self.family.width).max())
        for _ in range(80):
            middle = 0.5 * (low + high)
            below = float(self.family.cdf(np.array([math.exp(middle)]))[0] @ self.weight) < probability
            low, high = (middle, high) if below else (low, middle)
        return self.forward * math.exp(0.5 * (low + high))


def fit_density(
    quotes: Sequence[CleanQuote],
    forward: float,
    years: float,
    discount: float = 1.0,
    least_liquid_strikes: int = 8,
    early_exercise_share: float = 0.0,
) -> ImpliedDensity | None:
    """Density from cleaned quotes of options on `forward`; None (quality "none") where no volatility can be inverted.

    An American option on a future costs between the European price and the undiscounted European price (it is never
    worth more than waiting without discounting): `early_exercise_share` = exp(rT) - 1 widens the upper side of every
    interval by that much, which holds the truth for any rate up to r. The result does not depend on the order of the
    quotes.
    """
    ordered = sorted(quotes, key=lambda quote: (quote.strike, quote.is_call))
    smile = fit_smile(ordered, forward, years, discount)
    if smile is None:
        return None
    outside = [quote for quote in ordered if quote.is_call == (quote.strike >= forward)]
    two_sided = [quote for quote in outside if quote.two_sided]
    deviation = smile.atm_iv * math.sqrt(years)
    if not two_sided:
        outside = two_sided = [quote for quote in ordered if quote.two_sided]
    z = np.array([math.log(quote.strike / forward) / deviation for quote in two_sided])
    resolution = _resolution(z)
    family = kernel_family(deviation, resolution, min(-6.0, float(z.min()) - 2.0), max(5.0, float(z.max()) + 1.5))
    weight = prior = prior_weights(family, deviation, float(z.min()), float(z.max()))
    repaired: tuple[RepairedQuote, ...] = ()
    settled = True
    if len(two_sided) >= _LEAST_TWO_SIDED:
        intervals = _intervals(outside, forward, discount, early_exercise_share)
        fitted = fit_weights(intervals, family, prior, resolution)
        weight, settled = fitted.weight, fitted.converged
        repaired = tuple(
            RepairedQuote(quote.strike, quote.is_call, float(amount) * forward * discount)
            for quote, amount in zip(outside, fitted.violation, strict=True)
            if amount > _NAMED_VIOLATION_SHARE
        )
    quality = _quality(len(two_sided), least_liquid_strikes, settled and not repaired)
    return _report(family, weight, forward, years, two_sided, quality, repaired)


def _resolution(z: FloatArray) -> float:
    """Kernel spacing in standard deviations: 0.6 of the typical gap between quoted strikes, within sound limits."""
    core = np.unique(z[np.abs(z) <= 2.5])
    gap = float(np.median(np.diff(core))) if core.size >= 2 else 1.0
    return min(0.30, max(0.12, 0.6 * gap))


def _intervals(
    quotes: Sequence[CleanQuote], forward: float, discount: float, early_exercise_share: float
) -> QuotedIntervals:
    unit = discount * forward
    low = np.array([quote.bid for quote in quotes]) / unit
    high = np.array([quote.ask for quote in quotes]) / unit
    return QuotedIntervals(
        strike=np.array([quote.strike for quote in quotes]) / forward,
        is_call=np.array([quote.is_call for quote in quotes]),
        low=low,
        high=high * (1.0 + early_exercise_share),
        middle=0.5 * (low + high),
        two_sided=np.array([quote.two_sided for quote in quotes]),
    )


def _quality(two_sided: int, least_liquid: int, fits: bool) -> DensityQuality:
    if two_sided < _LEAST_TWO_SIDED:
        return "prior_only"
    return "good" if two_sided >= least_liquid and fits else "degraded"


def _report(
    family: KernelFamily,
    weight: FloatArray,
    forward: float,
    years: float,
    two_sided: Sequence[CleanQuote],
    quality: DensityQuality,
    repaired: tuple[RepairedQuote, ...],
) -> ImpliedDensity:
    mean, variance, skew, kurtosis = family.log_moments(weight)
    low = math.log(two_sided[0].strike / forward)
    high = math.log(two_sided[-1].strike / forward)
    grid = np.linspace(
        float((family.centre - 4.0 * family.width).min()), float((family.centre + 4.0 * family.width).max()), 600
    )
    mass = family.pdf(np.exp(grid)) @ weight * np.exp(grid)
    outside = (grid < low) | (grid > high)
    second = mass * (grid - mean) ** 2
    third = mass * np.abs(grid - mean) ** 3
    claims_shape = quality in ("good", "degraded")
    return ImpliedDensity(
        forward=forward,
        years=years,
        quality=quality,
        family=family,
        weight=weight,
        two_sided_quotes=len(two_sided),
        repaired=repaired,
        log_mean=mean,
        log_variance=variance,
        log_skew=skew if claims_shape else math.nan,
        log_excess_kurtosis=kurtosis if claims_shape else math.nan,
        tail_mass=float(mass[outside].sum() / mass.sum()),
        variance_outside=float(second[outside].sum() / second.sum()),
        skew_outside=float(third[outside].sum() / third.sum()),
    )
