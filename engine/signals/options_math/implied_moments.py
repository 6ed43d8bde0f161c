"""Moments of the price and of the log return at expiry, and how much of each the quotes have seen.

Two different sets of numbers that are often confused: moments of S (here x = S/F, in units of the forward) and of
R = ln(S/F). Skewness is the third standardised moment, kurtosis is given as EXCESS over the normal's 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.signals.options_math import black76
from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.implied_volatility import implied_volatility
from engine.signals.options_math.panel_quadrature import integrate_panels
from engine.signals.options_math.price_distribution import PriceDistribution
from engine.signals.options_math.quoted_intervals import BoolArray, QuotedIntervals
from engine.signals.options_math.status_codes import OptionStatus

QuadratureRule = Literal["trapezoid", "simpson"]

# Furthest |ln(S/F)| looked at; beyond, an integrand that still matters means that the moment does not exist.
_REACH = 40.0
_TAIL_SHARE = 1e-9
# Width of the panels near the money, in standard deviations; the finer one is for mass that the coarse one missed.
_PANEL_WIDTHS = (0.4, 0.1)
_MASS_TOLERANCE = 1e-9
_LEAST_MASS = 0.5


@dataclass(frozen=True, slots=True)
class MomentSet:
    """Mean, variance, skewness and excess kurtosis of one quantity; NaN where one does not exist or is not known."""

    mean: float
    variance: float
    skewness: float
    excess_kurtosis: float

    def scaled(self, factor: float) -> MomentSet:
        """Moments of the quantity times a positive factor, e.g. of S = F x from those of x."""
        return MomentSet(self.mean * factor, self.variance * factor**2, self.skewness, self.excess_kurtosis)


NO_MOMENTS = MomentSet(math.nan, math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class DistributionMoments:
    """`price`: of x = S/F. `log_return`: of ln(S/F), over the life of the option, not annualised.

    The shares say which part of E|q|, E|q - mean|^2, E|q - mean|^3 and E|q - mean|^4 comes from prices outside the
    quoted strikes, in the fields mean, variance, skewness and excess_kurtosis. `mass` is the integral of the density,
    by which the moments are normalised: 1 to the accuracy of the distribution.
    """

    price: MomentSet
    log_return: MomentSet
    price_share_outside: MomentSet
    log_share_outside: MomentSet
    mass: float


def moments_of_distribution(
    distribution: PriceDistribution,
    quoted_low: float = math.nan,
    quoted_high: float = math.nan,
    price_limit: float = math.inf,
) -> DistributionMoments:
    """Moments by integration of the density over ln x, tails included; relative accuracy about 1e-9.

    `quoted_low`, `quoted_high`: lowest and highest quoted strike, K/F; the shares are NaN where they are not known. A
    moment whose integral has not come to an end at |ln x| = 40 is NaN: with fat tails (an SVI wing, a power law) high
    moments of the price do not exist although those of the log return do. `price_limit` > 1 leaves prices above that
    multiple of the forward out of the moments of the price, which then exist but depend on it.
    """
    deviation = math.sqrt(2.0 * math.pi) * float(distribution.call_prices(np.ones(1))[0])
    if not (math.isfinite(deviation) and deviation > 0.0):
        return DistributionMoments(NO_MOMENTS, NO_MOMENTS, NO_MOMENTS, NO_MOMENTS, math.nan)

    def powers(y: FloatArray) -> FloatArray:
        with np.errstate(all="ignore"):
            density = distribution.pdf(np.exp(y)) * np.exp(y)
            size, excess = np.abs(y), np.abs(np.expm1(y))
            inside = density * (y <= math.log(price_limit))
            return np.stack([density * size**k for k in range(5)] + [inside * excess**k for k in range(1, 5)])

    marks = [math.log(mark) for mark in (quoted_low, quoted_high, price_limit) if 0.0 < mark < math.inf]
    for panel_width in _PANEL_WIDTHS:
        nodes = integrate_panels(powers, _panel_edges(deviation, panel_width, marks))
        if abs(float(nodes.values[0] @ nodes.weight) - 1.0) < _MASS_TOLERANCE:
            break
    y, probability = nodes.point, nodes.weight * nodes.values[0]
    mass = float(probability.sum())
    if not mass > _LEAST_MASS:
        return DistributionMoments(NO_MOMENTS, NO_MOMENTS, NO_MOMENTS, NO_MOMENTS, mass)
    ends = powers(np.array([-_REACH, _REACH]))
    unfinished = _unfinished(ends, (nodes.values @ nodes.weight)[:, None])
    known = 0.0 < quoted_low <= quoted_high
    outside = (y < math.log(quoted_low)) | (y > math.log(quoted_high)) if known else np.zeros(y.size, dtype=bool)
    log_return, log_share = _moments_and_shares(probability, y, 0.0, outside, np.any(unfinished[1:5], axis=1))
    limited = y <= math.log(price_limit)
    price, price_share = _moments_and_shares(
        probability[limited], np.expm1(y[limited]), 1.0, outside[limited], np.any(unfinished[5:], axis=1)
    )
    if not known:
        price_share = log_share = NO_MOMENTS
    return DistributionMoments(price, log_return, price_share, log_share, mass)


def _panel_edges(deviation: float, panel_width: float, marks: list[float]) -> FloatArray:
    """Panels of `panel_width` deviations at the money that widen with distance, with edges at all marks and at 0."""
    steps = math.ceil(math.asinh(_REACH / deviation) / panel_width)
    edges = deviation * np.sinh(np.linspace(-1.0, 1.0, 2 * steps + 1) * math.asinh(_REACH / deviation))
    edges[steps] = 0.0
    result: FloatArray = np.unique(np.concatenate([edges, [mark for mark in marks if abs(mark) < _REACH]]))
    return result


def _unfinished(tail: FloatArray, integral: FloatArray) -> BoolArray:
    """Which integrals have not come to an end at a tail's last value: what may follow is more than a rounding."""
    result: BoolArray = ~(tail * _REACH <= _TAIL_SHARE * integral)
    return result


def _moments_and_shares(
    probability: FloatArray, value: FloatArray, origin: float, outside: BoolArray, unfinished: BoolArray
) -> tuple[MomentSet, MomentSet]:
    """Moments of `origin` + value under weights that need not sum to 1, and each one's share from `outside`."""
    weight = probability / probability.sum()
    shift = float(weight @ value)
    away = value - shift
    variance = float(weight @ away**2)
    with np.errstate(all="ignore"):
        moments = np.array(
            [origin + shift, variance, weight @ away**3 / variance**1.5, weight @ away**4 / variance**2 - 3.0]
        )
        sizes = np.stack([np.abs(origin + value), away**2, np.abs(away) ** 3, away**4])
        shares = (sizes[:, outside] @ weight[outside]) / (sizes @ weight)
    moments[unfinished], shares[unfinished] = np.nan, np.nan
    return MomentSet(*moments.tolist()), MomentSet(*shares.tolist())


@dataclass(frozen=True, slots=True)
class BkmMoments:
    """Moments from out-of-the-money prices between `strike_low` and `strike_high` (K/F); what lies beyond is cut off,
    which biases skewness and kurtosis towards the normal's 0.

    `second`, `third`, `fourth`: E[R^2], E[R^3], E[R^4] of R = ln(S/F). The mean of R has two forms: `mean_series` =
    -(m2/2 + m3/6 + m4/24), the expansion of E[exp(R)] = 1 as Bakshi, Kapadia and Madan use it, for a future (whose
    drift is zero, so that no exp(rT) - 1 is added); and `mean_log_contract` = -int OTM(K)/K^2 dK, which is exact.
    `series` and `log_contract` are the central moments of R with the one and the other, `price` those of x = S/F.
    """

    strike_low: float
    strike_high: float
    second: float
    third: float
    fourth: float
    mean_series: float
    mean_log_contract: float
    series: MomentSet
    log_contract: MomentSet
    price: MomentSet


def bkm_moments(strike: FloatArray, price: FloatArray, rule: QuadratureRule = "simpson") -> BkmMoments | None:
    """Bakshi, Kapadia and Madan (2003, Theorem 1) from undiscounted out-of-the-money prices over the forward.

    `strike` K/F, distinct, in any order: the price of the put below 1, of the call from 1 on. The integrals run over
    the strikes as they are, by trapezoid or Simpson, apart below and above the forward, where the integrand has a
    kink; a price there that is not given comes from the volatilities of its neighbours. None with fewer than two
    strikes on either side of 1, or where a price is not a positive number.
    """
    from scipy.integrate import simpson, trapezoid

    order = np.argsort(strike, kind="stable")
    level, otm = strike[order], price[order]
    usable = bool(np.all(np.isfinite(level) & np.isfinite(otm) & (level > 0.0) & (otm >= 0.0)))
    if not usable or np.count_nonzero(level < 1.0) < 2 or np.count_nonzero(level > 1.0) < 2:
        return None
    at_the_money = int(np.searchsorted(level, 1.0))
    if level[at_the_money] != 1.0:
        centre = _price_at_the_money(
            level[at_the_money - 1 : at_the_money + 1], otm[at_the_money - 1 : at_the_money + 1]
        )
        if not math.isfinite(centre):
            return None
        level, otm = np.insert(level, at_the_money, 1.0), np.insert(otm, at_the_money, centre)
    integrate = simpson if rule == "simpson" else trapezoid
    curves = _bkm_integrands(level) * otm
    below, above = slice(None, at_the_money + 1), slice(at_the_money, None)
    integrals = integrate(curves[:, below], x=level[below]) + integrate(curves[:, above], x=level[above])
    return _bkm_from_integrals(np.asarray(integrals, dtype=np.float64), float(level[0]), float(level[-1]))


def bkm_moments_of_quotes(intervals: QuotedIntervals, rule: QuadratureRule = "simpson") -> BkmMoments | None:
    """The same from the middles of the two-sided out-of-the-money quotes of one expiry."""
    chosen = intervals.two_sided & (intervals.is_call == (intervals.strike >= 1.0))
    return bkm_moments(intervals.strike[chosen], intervals.middle[chosen], rule)


def bkm_moments_of_distribution(
    distribution: PriceDistribution, strike_low: float = 0.0, strike_high: float = math.inf
) -> BkmMoments | None:
    """The same from a distribution's own prices between two strikes around 1 (K/F), to quadrature accuracy 1e-10; a
    limit of 0 or infinity stands for |ln K| = 40. None where the distribution has no price at the money."""
    deviation = math.sqrt(2.0 * math.pi) * float(distribution.call_prices(np.ones(1))[0])
    if not (math.isfinite(deviation) and deviation > 0.0 and strike_low < 1.0 < strike_high):
        return None
    low, high = max(strike_low, math.exp(-_REACH)), min(strike_high, math.exp(_REACH))

    def curves(k: FloatArray) -> FloatArray:
        level = np.exp(k)
        with np.errstate(all="ignore"):
            otm = np.where(k < 0.0, distribution.put_prices(level), distribution.call_prices(level))
            weighted: FloatArray = _bkm_integrands(level) * (otm * level)
        return weighted

    edges = _panel_edges(deviation, _PANEL_WIDTHS[0], [math.log(low), math.log(high)])
    nodes = integrate_panels(curves, edges[(edges >= math.log(low)) & (edges <= math.log(high))])
    return _bkm_from_integrals(nodes.values @ nodes.weight, low, high)


def _bkm_integrands(level: FloatArray) -> FloatArray:
    """Second derivatives of ln K, ln^2 K, ln^3 K, ln^4 K and (K - 1)^2..4: the weights of the prices, [7, n]."""
    k = np.log(level)
    square = level**2
    return np.stack(
        [
            -1.0 / square,
            2.0 * (1.0 - k) / square,
            (6.0 * k - 3.0 * k**2) / square,
            (12.0 * k**2 - 4.0 * k**3) / square,
            np.full_like(level, 2.0),
            6.0 * (level - 1.0),
            12.0 * (level - 1.0) ** 2,
        ]
    )


def _bkm_from_integrals(integrals: FloatArray, low: float, high: float) -> BkmMoments:
    log_contract, second, third, fourth, price_second, price_third, price_fourth = integrals.tolist()
    series = -(second / 2.0 + third / 6.0 + fourth / 24.0)
    return BkmMoments(
        strike_low=low,
        strike_high=high,
        second=second,
        third=third,
        fourth=fourth,
        mean_series=series,
        mean_log_contract=log_contract,
        series=_central(series, second, third, fourth),
        log_contract=_central(log_contract, second, third, fourth),
        price=MomentSet(1.0, *_standardised(price_second, price_third, price_fourth)),
    )


def _central(mean: float, second: float, third: float, fourth: float) -> MomentSet:
    variance = second - mean**2
    central_third = third - 3.0 * mean * second + 2.0 * mean**3
    central_fourth = fourth - 4.0 * mean * third + 6.0 * mean**2 * second - 3.0 * mean**4
    return MomentSet(mean, *_standardised(variance, central_third, central_fourth))


def _standardised(variance: float, third: float, fourth: float) -> tuple[float, float, float]:
    if not variance > 0.0:
        return variance, math.nan, math.nan
    return variance, third / variance**1.5, fourth / variance**2 - 3.0


def _price_at_the_money(strike: FloatArray, price: FloatArray) -> float:
    """Price at K = F from the volatilities of the put below and the call above, linear in ln K between them."""
    deviation, status = implied_volatility(price, 1.0, strike, 1.0, strike >= 1.0)
    if not np.all(status == OptionStatus.OK):
        return math.nan
    at = float(np.interp(0.0, np.log(strike), deviation))
    return float(black76.price(1.0, 1.0, 1.0, at, True)[0])
