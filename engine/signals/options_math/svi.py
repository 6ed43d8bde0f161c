"""Raw SVI: w(k) = a + b [rho (k - m) + sqrt((k - m)^2 + s^2)], k = ln(K/F).

w is TOTAL variance (volatility squared times years), so a and b carry the time to expiry in them, as in Gatheral and
Jacquier (2014, eq. 3.1) and QuantLib. The jump-wing parameters of the same paper (eq. 3.5) are per year where they
speak of variance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.smile_distribution import SmileDistribution, durrleman

MOST_WING_SLOPE = 2.0


@dataclass(frozen=True, slots=True)
class Svi:
    """Raw parameters in total variance: `a` level, `b` slope, `rho` tilt, `m` shift and `s` width in log-moneyness."""

    a: float
    b: float
    rho: float
    m: float
    s: float

    def total_variance(self, k: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """w, dw/dk and d2w/dk2 at k = ln(K/F), any shape."""
        y = np.asarray(k, dtype=np.float64) - self.m
        root = np.sqrt(y * y + self.s * self.s)
        w = self.a + self.b * (self.rho * y + root)
        slope = self.b * (self.rho + y / root)
        bend = self.b * self.s * self.s / (root * root * root)
        return w, slope, bend

    def volatility(self, k: FloatArray, years: float) -> FloatArray:
        """Implied volatility per sqrt(year) at k = ln(K/F)."""
        result: FloatArray = np.sqrt(self.total_variance(k)[0] / years)
        return result

    def g(self, k: FloatArray) -> FloatArray:
        """Durrleman's function: non-negative where there is no butterfly arbitrage."""
        return durrleman(np.asarray(k, dtype=np.float64), *self.total_variance(k))

    @property
    def least_variance(self) -> float:
        """Minimum of w over all k, reached at `least_at`."""
        return self.a + self.b * self.s * math.sqrt(1.0 - self.rho * self.rho)

    @property
    def least_at(self) -> float:
        """The log-moneyness of the least total variance."""
        return self.m - self.rho * self.s / math.sqrt(1.0 - self.rho * self.rho)

    @property
    def wing_slopes(self) -> tuple[float, float]:
        """-dw/dk far left and dw/dk far right."""
        return self.b * (1.0 - self.rho), self.b * (1.0 + self.rho)

    @property
    def well_formed(self) -> bool:
        """Finite, b >= 0, |rho| < 1, s > 0, w > 0 everywhere, both wings flatter than 2 (Lee 2004): necessary for the
        absence of arbitrage, not sufficient."""
        finite = all(math.isfinite(value) for value in (self.a, self.b, self.rho, self.m, self.s))
        if not (finite and self.b >= 0.0 and abs(self.rho) < 1.0 and self.s > 0.0):
            return False
        return self.least_variance > 0.0 and max(self.wing_slopes) < MOST_WING_SLOPE

    @property
    def distribution(self) -> SmileDistribution:
        """The distribution of S/F that this smile means."""
        return SmileDistribution(self)


@dataclass(frozen=True, slots=True)
class JumpWings:
    """SVI in a trader's terms: `v` variance per year at the money, `psi` = d sqrt(w)/dk there, `p` and `c` the slopes
    of the put and call wing over sqrt(w(0)), `v_least` the least variance per year."""

    v: float
    psi: float
    p: float
    c: float
    v_least: float


def to_jump_wings(svi: Svi, years: float) -> JumpWings:
    """Jump-wing parameters of a raw slice with positive variance at the money (ValueError otherwise)."""
    w, slope, _ = (float(item) for item in svi.total_variance(np.zeros(())))
    if not w > 0.0:
        raise ValueError("the slice has no positive variance at the money")
    root = math.sqrt(w)
    left, right = svi.wing_slopes
    return JumpWings(w / years, slope / (2.0 * root), left / root, right / root, svi.least_variance / years)


def from_jump_wings(wings: JumpWings, years: float) -> Svi:
    """Raw parameters of a jump-wing slice.

    ValueError where no raw slice has them: v, p + c not positive, psi outside (-p/2, c/2), or a least variance that
    does not lie below v. A smile that is lowest at the money (psi = 0) has v_least = v whatever its curvature, so jump
    wings do not determine it: that is a ValueError too.
    """
    total = wings.v * years
    if not (total > 0.0 and wings.p + wings.c > 0.0 and -0.5 * wings.p < wings.psi < 0.5 * wings.c):
        raise ValueError("no SVI slice has these jump wings")
    root = math.sqrt(total)
    b = 0.5 * root * (wings.p + wings.c)
    rho = (wings.c - wings.p) / (wings.c + wings.p)
    # w'(0) = b (rho - beta) with beta = m / sqrt(m^2 + s^2).
    beta = rho - 2.0 * wings.psi * root / b
    gap = 1.0 - rho * beta - math.sqrt((1.0 - rho * rho) * (1.0 - beta * beta))
    if not (wings.v_least < wings.v and gap > 1e-14):
        raise ValueError("the jump wings leave the curvature undetermined")
    reach = (wings.v - wings.v_least) * years / (b * gap)
    m, s = beta * reach, reach * math.sqrt(1.0 - beta * beta)
    return Svi(total - b * (reach - rho * m), b, rho, m, s)
