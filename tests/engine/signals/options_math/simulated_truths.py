"""Known densities and the thin, wide, noisy chains that a market would quote on them: the judge of density methods.

A truth is a distribution of S at expiry with mean F = 80 cents/lb. Its chain is quoted with a total width of .1 cent +
5.5 % of the premium (twice that on the nine-strike chains, where a quarter of the sides is missing too); the true price
lies anywhere inside with equal chance, and bid and ask are then rounded outwards to the tick.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.implied_volatility import implied_volatility

FloatArray = NDArray[np.float64]
Price = TypeVar("Price", float, FloatArray)
FORWARD = 80.0
TICK = 0.025
AMERICAN_RATE = 0.045
MISSING_SHARE_WHEN_THIN = 0.25
_LOG_GRID = np.linspace(-3.0, 2.0, 20_001)


@dataclass(frozen=True)
class Truth:
    """`cdf` of S/F on `_LOG_GRID` (values of ln S/F); everything else follows by integration."""

    name: str
    years: float
    strikes: FloatArray
    cdf_on_grid: FloatArray
    bimodal: bool = False
    thin: bool = False

    def cdf(self, price: FloatArray) -> FloatArray:
        """P(S <= price)."""
        return np.interp(np.log(price / FORWARD), _LOG_GRID, self.cdf_on_grid)

    def quantile(self, probability: float) -> float:
        """Price below which the probability lies."""
        return FORWARD * math.exp(float(np.interp(probability, self.cdf_on_grid, _LOG_GRID)))

    def undiscounted(self, strike: float, is_call: bool) -> float:
        """E of the payoff, cents/lb: the integral of the CDF below, or of the survival above the strike."""
        x = np.exp(_LOG_GRID)
        level = strike / FORWARD
        inside = x > level if is_call else x < level
        at = float(np.interp(math.log(level), _LOG_GRID, self.cdf_on_grid))
        points = np.concatenate([[level], x[inside]] if is_call else [x[inside], [level]])
        cdf = np.concatenate([[at], self.cdf_on_grid[inside]] if is_call else [self.cdf_on_grid[inside], [at]])
        height = 1.0 - cdf if is_call else cdf
        return FORWARD * float(np.trapezoid(height, points))

    def quoted_width(self, price: Price) -> Price:
        """Ask less bid before rounding, cents/lb, of an option worth `price`."""
        return (2.0 if self.thin else 1.0) * (0.1 + 0.055 * price)

    def chain(self, seed: int, style: str = "european") -> list[CleanQuote]:
        """Quotes of one noisy chain; American ones carry the early-exercise premium at the option's own volatility."""
        rng = np.random.default_rng([seed, sum(map(ord, self.name))])
        rate = AMERICAN_RATE if style == "american" else 0.0
        quotes = []
        for strike in self.strikes.tolist():
            for is_call in (False, True):
                value = self.undiscounted(strike, is_call)
                if style == "american":
                    value = self._american(value, strike, is_call, rate)
                width = self.quoted_width(value)
                middle = value + width * rng.uniform(-0.5, 0.5)
                missing = rng.random(2) < MISSING_SHARE_WHEN_THIN if self.thin else (False, False)
                bid = max(0.0, math.floor((middle - 0.5 * width) / TICK + 1e-9) * TICK)
                ask = math.ceil((middle + 0.5 * width) / TICK - 1e-9) * TICK
                if missing[1]:
                    continue
                quotes.append(CleanQuote(strike, is_call, 0.0 if missing[0] else bid, ask, 100.0))
        return quotes

    def _american(self, undiscounted: float, strike: float, is_call: bool, rate: float) -> float:
        from engine.signals.options_math.american import american_price

        volatility, status = implied_volatility(undiscounted, FORWARD, strike, self.years, is_call)
        assert status == 0, (self.name, strike, is_call, undiscounted)
        value, _ = american_price(FORWARD, strike, self.years, volatility, is_call, rate)
        return float(value)


def mixture(weight: list[float], shift: list[float], deviation: list[float]) -> FloatArray:
    """CDF of a lognormal mixture with mean 1 on the log grid."""
    w, m, s = np.array(weight), np.array(shift), np.array(deviation)
    m = m - math.log(float(w @ np.exp(m + s**2 / 2)))
    return ndtr((_LOG_GRID[:, None] - m) / s) @ w


def heston(years: float, v0: float, kappa: float, theta: float, xi: float, rho: float) -> FloatArray:
    """CDF of ln S/F under Heston (1993) by Gil-Pelaez inversion; characteristic function as in Albrecher et al."""
    u = np.linspace(1e-4, 160.0, 6_000)
    i = 1j
    d = np.sqrt((rho * xi * i * u - kappa) ** 2 + xi**2 * (i * u + u**2))
    g = (kappa - rho * xi * i * u - d) / (kappa - rho * xi * i * u + d)
    e = np.exp(-d * years)
    c = kappa * theta / xi**2 * ((kappa - rho * xi * i * u - d) * years - 2.0 * np.log((1 - g * e) / (1 - g)))
    b = v0 / xi**2 * (kappa - rho * xi * i * u - d) * (1 - e) / (1 - g * e)
    characteristic = np.exp(c + b)
    coarse = np.linspace(-1.6, 1.2, 1_401)
    kernel = np.imag(np.exp(-i * np.outer(coarse, u)) * characteristic / u)
    cdf = 0.5 - np.trapezoid(kernel, u, axis=1) / math.pi
    full = np.interp(_LOG_GRID, coarse, np.maximum.accumulate(np.clip(cdf, 0.0, 1.0)), left=0.0, right=1.0)
    return full


def svi(a: float, b: float, rho: float, m: float, s: float) -> FloatArray:
    """CDF of an arbitrage-free raw SVI slice in total variance, on the log grid."""
    k = _LOG_GRID
    root = np.sqrt((k - m) ** 2 + s * s)
    w = a + b * (rho * (k - m) + root)
    slope = b * (rho + (k - m) / root)
    d2 = -k / np.sqrt(w) - 0.5 * np.sqrt(w)
    density = np.exp(-0.5 * d2 * d2) / math.sqrt(2.0 * math.pi)
    return np.clip(ndtr(-d2) + density * slope / (2.0 * np.sqrt(w)), 0.0, 1.0)


def _ladder(count: int, step: float) -> FloatArray:
    return FORWARD + step * (np.arange(count) - count // 2)


def _day(days: float) -> float:
    return days / 365.0


# Weights, centres and deviations of ln S of mixtures of two lognormals, before both are shifted to the mean of 1.
FAT_LEFT = ([0.8, 0.2], [0.02, -0.12], [0.08, 0.14])
BIMODAL = ([0.55, 0.45], [-0.07, 0.08], [0.035, 0.04])
_MAKERS: dict[str, Callable[[], Truth]] = {
    "lognormal": lambda: Truth("lognormal", _day(45), _ladder(25, 1.0), mixture([1.0], [0.0], [0.0878])),
    "lognormal 300 d": lambda: Truth("lognormal 300 d", _day(300), _ladder(25, 2.0), mixture([1.0], [0.0], [0.2357])),
    "bimodal": lambda: Truth("bimodal", _day(30), _ladder(21, 1.0), mixture(*BIMODAL), bimodal=True),
    "fat left": lambda: Truth("fat left", _day(60), _ladder(21, 2.0), mixture(*FAT_LEFT)),
    "two scales": lambda: Truth("two scales", _day(60), _ladder(17, 2.0), mixture([0.6, 0.4], [0, 0], [0.06, 0.16])),
    "skewed": lambda: Truth(
        "skewed", _day(90), _ladder(25, 2.0), mixture([0.7, 0.25, 0.05], [0.03, -0.08, -0.3], [0.11, 0.17, 0.3])
    ),
    "heston": lambda: Truth("heston", _day(120), _ladder(23, 2.0), heston(_day(120), 0.07, 3.0, 0.06, 0.6, -0.5)),
    "svi": lambda: Truth("svi", _day(60), _ladder(19, 2.0), svi(0.004, 0.06, -0.35, 0.01, 0.09)),
    "lognormal 9": lambda: Truth(
        "lognormal 9", _day(45), _ladder(9, 2.0), mixture([1.0], [0.0], [0.0878]), thin=True
    ),
    "fat left 9": lambda: Truth("fat left 9", _day(60), _ladder(9, 4.0), mixture(*FAT_LEFT), thin=True),
    "heston 9": lambda: Truth(
        "heston 9", _day(120), _ladder(9, 4.0), heston(_day(120), 0.07, 3.0, 0.06, 0.6, -0.5), thin=True
    ),
    "bimodal 9": lambda: Truth("bimodal 9", _day(30), _ladder(9, 2.0), mixture(*BIMODAL), bimodal=True, thin=True),
}  # fmt: skip
TRUTH_NAMES = tuple(_MAKERS)
# Shapes that no family has, or that its prior hardly believes in.
_STRANGE: dict[str, Callable[[], Truth]] = {
    "narrow shoulder": lambda: Truth(
        "narrow shoulder", _day(60), _ladder(21, 2.0), mixture([0.9, 0.1], [0.0, -0.16], [0.07, 0.03])
    ),
    "shoulder": lambda: Truth(
        "shoulder", _day(60), _ladder(21, 2.0), mixture([0.9, 0.1], [0.0, -0.16], [0.07, 0.045])
    ),
    "flat top": lambda: Truth(
        "flat top", _day(60), _ladder(25, 1.0),
        mixture([1 / 6] * 6, [-0.12, -0.07, -0.02, 0.03, 0.08, 0.13], [0.04] * 6),
    ),
    "three scales": lambda: Truth(
        "three scales", _day(60), _ladder(21, 2.0),
        mixture([0.55, 0.3, 0.12, 0.03], [0.0] * 4, [0.055, 0.09, 0.15, 0.3]),
    ),
}  # fmt: skip
STRANGE_NAMES = tuple(_STRANGE)


def truth(name: str) -> Truth:
    """One of `TRUTH_NAMES` or `STRANGE_NAMES`."""
    return (_MAKERS | _STRANGE)[name]()
