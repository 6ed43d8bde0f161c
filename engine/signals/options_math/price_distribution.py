"""The one interface of fitted distributions of a price at expiry, whatever family they come from.

Everything is in units of the forward: x = S/F. A distribution has mass 1 and mean 1 over x > 0; prices of options are
undiscounted and over the forward, strikes are K/F.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from engine.signals.options_math.black76 import FloatArray


class PriceDistribution(Protocol):
    """Distribution of x = S/F at expiry. Every method maps an array [n] of positive numbers to an array [n]."""

    def call_prices(self, strike: FloatArray) -> FloatArray:
        """E[max(x - strike, 0)]."""
        ...

    def put_prices(self, strike: FloatArray) -> FloatArray:
        """E[max(strike - x, 0)], free of the cancellation that parity would bring far out of the money."""
        ...

    def cdf(self, x: FloatArray) -> FloatArray:
        """P(S/F <= x)."""
        ...

    def pdf(self, x: FloatArray) -> FloatArray:
        """Density of x."""
        ...


@dataclass(frozen=True, slots=True)
class FittedFamily:
    """One family fitted to one expiry.

    `misfit` is the root mean square distance of the fitted prices from the quoted intervals, in half widths (0 = every
    price inside); `centring` the root mean square distance from the middles of the two-sided quotes, in half widths;
    `arbitrage_free` says whether pdf >= 0 wherever it was checked (from 8 standard deviations below to 8 above).
    """

    name: str
    distribution: PriceDistribution
    misfit: float
    centring: float
    arbitrage_free: bool
    parameters: Mapping[str, float]
