"""How fast a fault could be noticed at best: Lorden's bound, delay >= ln(ARL0) / KL.

KL is the information of one bar about the fault, in nats, for the families where it is known:

- concept: the champion's score falls by 2 q rho at unit variance, KL = (2 q rho)^2 / 2, with q the flipped share.
- feature: innovations of an AR(phi) become a (1 - phi) / sqrt(1 - phi^2) + b u, KL = (b^2 + mean^2 - 1) / 2 - ln b.
- volatility: Student-t5 returns scaled by c, KL = 3 E[ln(5 + c^2 t^2) - ln(5 + t^2)] - ln c.

Source: Lorden, Procedures for reacting to a change in distribution, Annals of Mathematical Statistics 1971.

>>> round(information_per_bar("concept", 1.0), 3)
0.136
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from engine.kernel.errors import CalculationError
from engine.sandbox.healbench.base_market import FEATURE_AR1, SIGNAL_SIZES
from engine.sandbox.healbench.families.concept import MAIN_SIGNALS
from engine.sandbox.healbench.families.feature import SHIFT
from engine.sandbox.healbench.families.volatility import EXTRA_SIGMA
from engine.sandbox.healbench.heal_world import CORRELATION

BOUNDED_FAMILIES: Final = ("concept", "feature", "volatility")


def information_per_bar(family: str, severity: float) -> float:
    """KL in nats per bar; CalculationError for a family without a bound."""
    if family == "concept":
        energies = np.square(SIGNAL_SIZES)
        share = min(1.0, severity * float(energies[:MAIN_SIGNALS].sum() / energies.sum()))
        return float((2.0 * share * CORRELATION) ** 2 / 2.0)
    if family == "feature":
        scale = 1.0 + severity
        mean = SHIFT * severity * (1.0 - FEATURE_AR1) / math.sqrt(1.0 - FEATURE_AR1**2)
        return (scale * scale + mean * mean - 1.0) / 2.0 - math.log(scale)
    if family == "volatility":
        return _student_scale_information(1.0 + EXTRA_SIGMA * severity)
    raise CalculationError(f"family '{family}' has no detection bound; bounded: {', '.join(BOUNDED_FAMILIES)}")


def lorden_delay(mean_bars_to_false_alarm: float, information: float) -> float:
    """ln(ARL0) / KL in bars.

    >>> round(lorden_delay(5000.0, 0.135))
    63
    """
    return math.log(mean_bars_to_false_alarm) / information


def _student_scale_information(scale: float) -> float:
    """KL of a Student t5 scaled by `scale` against itself, by the substitution t = sqrt(5) tan(angle)."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    angle = nodes * math.pi / 2.0
    # density of t5 in the angle is proportional to cos^4
    density = np.cos(angle) ** 4
    density = density * weights / np.sum(density * weights)
    square = np.tan(angle) ** 2
    return float(np.sum(density * 3.0 * (np.log1p(scale**2 * square) - np.log1p(square)))) - math.log(scale)
