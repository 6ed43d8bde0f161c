"""The interest rate behind a chain: from its own parity, from other expiries of the same moment, or between bounds.

Put-call parity of European options gives a discount factor whose error, as a rate, grows as expiry comes near. A chain
whose own pairs cannot tell takes the rate of its neighbours in time to expiry; where nobody tells, the rate is an
interval and the quotes are widened by it. A rate never comes without its source and its error.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from engine.kernel.config_models import FeatureConfig
from engine.kernel.errors import ConfigError
from engine.signals.options_math.forward import ForwardEstimate

RateSource = Literal["parity", "other expiries", "american pairs", "bounds"]
LARGEST_OWN_ERROR: Final = 0.01
_TOLD: Final = frozenset({"parity", "american pairs"})
_LARGEST_OTHER_ERROR: Final = 0.02
# Rates of expiries whose lives differ by a factor of e differ by about this much.
_DRIFT_PER_LOG_YEARS: Final = 0.005


@dataclass(frozen=True, slots=True)
class ChainRate:
    """`rate` continuously compounded per year, known to +- `error`, and where it comes from."""

    rate: float
    error: float
    source: RateSource


@dataclass(frozen=True, slots=True)
class RateBounds:
    """The rates that are thought possible, per year, where no quote tells one. ConfigError where low exceeds high."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ConfigError(
                f"features.option_rate_low ({self.low:g}) must not exceed features.option_rate_high ({self.high:g})"
            )

    @classmethod
    def of(cls, features: FeatureConfig) -> RateBounds:
        """The bounds of the settings."""
        return cls(features.option_rate_low, features.option_rate_high)

    def as_rate(self) -> ChainRate:
        """The middle, known to half the distance."""
        return ChainRate(0.5 * (self.low + self.high), 0.5 * (self.high - self.low), "bounds")

    def narrowed(self, told: ChainRate) -> ChainRate:
        """What a doubtful reading makes of the bounds: the mean of both by the inverse of their variances, the bounds
        counting as evenly likely; the bounds alone where the reading knows no more."""
        half = 0.5 * (self.high - self.low)
        if not told.error < half:
            return self.as_rate()
        own, prior = 1.0 / told.error**2, 3.0 / half**2
        rate = (own * told.rate + prior * self.as_rate().rate) / (own + prior)
        return ChainRate(rate, 1.0 / math.sqrt(own + prior), told.source)


@dataclass(frozen=True, slots=True)
class RateCurve:
    """Rates that the expiries of one moment told by their own pairs: (years, rate, error), by rising years."""

    points: tuple[tuple[float, float, float], ...]

    @classmethod
    def of(cls, told: Iterable[tuple[float, ChainRate]]) -> RateCurve:
        """From (years, rate) of each expiry; those that do not tell it themselves, to one percent, are left out."""
        points = (
            (years, one.rate, one.error)
            for years, one in told
            if one.source in _TOLD and one.error <= LARGEST_OWN_ERROR
        )
        return cls(tuple(sorted(points)))

    def at(self, years: float, without_own: bool = False) -> ChainRate | None:
        """Rate for a life of `years`, linear between the nearest expiries on either side, level beyond the last;
        `without_own` leaves out an expiry of exactly that life. None where no expiry tells it well enough."""
        points = [point for point in self.points if not (without_own and point[0] == years)]
        below = max((point for point in points if point[0] <= years), default=None)
        above = min((point for point in points if point[0] > years), default=None)
        near = [point for point in (below, above) if point is not None]
        if not near:
            return None
        if below is not None and above is not None:
            share = (years - below[0]) / (above[0] - below[0])
            rate = (1.0 - share) * below[1] + share * above[1]
        else:
            rate = near[0][1]
        apart = min(abs(math.log(years / point[0])) for point in near)
        error = max(point[2] for point in near) + _DRIFT_PER_LOG_YEARS * apart
        return ChainRate(rate, error, "other expiries") if error <= _LARGEST_OTHER_ERROR else None


def own_rate(estimate: ForwardEstimate, years: float) -> ChainRate | None:
    """The rate that a European chain's own parity tells, None where it tells none at all."""
    return rate_of_discount(estimate.discount, estimate.discount_error, years, "parity")


def rate_of_discount(discount: float, error: float, years: float, source: RateSource) -> ChainRate | None:
    """A discount factor and its error as a rate; None where the error is infinite."""
    if not math.isfinite(error):
        return None
    return ChainRate(0.0 - math.log(discount) / years, error / (discount * years), source)


def rate_of_chain(own: ChainRate | None, curve: RateCurve | None, years: float, bounds: RateBounds) -> ChainRate:
    """The chain's own rate where its error is within one percent a year, unless other expiries of the moment know it
    better; theirs; else the bounds, narrowed by what the chain says."""
    doubt = 0.5 * (bounds.high - bounds.low)
    other = curve.at(years, without_own=True) if curve is not None else None
    precise = own if own is not None and own.error <= LARGEST_OWN_ERROR else None
    told = [rate for rate in (precise, other) if rate is not None and rate.error <= doubt]
    if told:
        return min(told, key=lambda rate: rate.error)
    return bounds.narrowed(own) if own is not None else bounds.as_rate()
