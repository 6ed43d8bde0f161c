"""Probabilistic and deflated Sharpe ratio, minimum track record (Bailey and Lopez de Prado 2012, 2014).

Every Sharpe here is per bar and every kurtosis non-excess: annualised or excess numbers are the usual way to get these
formulas wrong.

>>> monthly = 1.59 / math.sqrt(12)  # 24 months of a hedge fund, Bailey and Lopez de Prado 2012
>>> round(probabilistic_sharpe(monthly, 0.0, 24, skewness=-2.448, kurtosis=10.164), 2)
0.91
>>> round(minimum_track_record(2 / math.sqrt(252), 1 / math.sqrt(252)) / 252, 2)  # years, annual Sharpe 2 against 1
2.73
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.sharpe import moments, sharpe_per_bar, sharpe_variance

EULER_GAMMA: Final = 0.5772156649015329
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class DeflatedSharpe:
    """Probability that the true Sharpe exceeds what the best of `trials` skill-less trials would show."""

    probability: float
    benchmark_per_bar: float
    trials: int


def probabilistic_sharpe(
    sharpe: float, benchmark: float, n: int, *, skewness: float = 0.0, kurtosis: float = 3.0
) -> float:
    """P(true Sharpe > benchmark): Phi((SR - SR*) sqrt(n - 1) / sqrt(1 - g3 SR + (g4 - 1)/4 SR^2))."""
    if n < 2:
        raise CalculationError("a probabilistic Sharpe ratio needs two returns or more")
    variance = sharpe_variance(sharpe, skewness, kurtosis)
    if variance == 0.0:
        raise CalculationError("these moments give the Sharpe ratio no variance")
    return _NORMAL.cdf((sharpe - benchmark) * math.sqrt(n - 1) / math.sqrt(variance))


def minimum_track_record(
    sharpe: float, benchmark: float, *, confidence: float = 0.95, skewness: float = 0.0, kurtosis: float = 3.0
) -> float:
    """Bars needed until P(true Sharpe > benchmark) reaches `confidence`; raises where Sharpe is not above it."""
    if sharpe <= benchmark:
        raise CalculationError("no track record is long enough: the Sharpe ratio is not above the benchmark")
    quantile = _NORMAL.inv_cdf(confidence)
    return 1.0 + sharpe_variance(sharpe, skewness, kurtosis) * (quantile / (sharpe - benchmark)) ** 2


def expected_maximum_normal(trials: int) -> float:
    """Expected maximum of `trials` standard normals: (1 - g) z(1 - 1/N) + g z(1 - 1/(N e)); 0 for one trial."""
    if trials < 1:
        raise CalculationError("the number of trials must be 1 or more")
    if trials == 1:
        return 0.0
    first = _NORMAL.inv_cdf(1.0 - 1.0 / trials)
    second = _NORMAL.inv_cdf(1.0 - 1.0 / (trials * math.e))
    return (1.0 - EULER_GAMMA) * first + EULER_GAMMA * second


def deflated_sharpe(
    sharpe: float, n: int, *, trials: int, trial_variance: float, skewness: float = 0.0, kurtosis: float = 3.0
) -> DeflatedSharpe:
    """Probabilistic Sharpe against the best of `trials` skill-less ones.

    `trials` counts *every* trial ever made, the discarded too; `trial_variance` is the variance of their per-bar Sharpe
    ratios (use 1 / (n - 1), the skill-less value, where fewer than two are on record).
    """
    if trial_variance < 0.0:
        raise CalculationError("the variance of the trials' Sharpe ratios cannot be negative")
    benchmark = math.sqrt(trial_variance) * expected_maximum_normal(trials)
    probability = probabilistic_sharpe(sharpe, benchmark, n, skewness=skewness, kurtosis=kurtosis)
    return DeflatedSharpe(probability, benchmark, trials)


def deflated_sharpe_of_returns(
    returns: NDArray[np.float64], *, trials: int, trial_variance: float | None = None
) -> DeflatedSharpe:
    """`deflated_sharpe` of per-bar returns with their own moments; None takes the skill-less variance 1 / (n - 1)."""
    skewness, kurtosis = moments(returns)
    variance = 1.0 / (len(returns) - 1) if trial_variance is None else trial_variance
    return deflated_sharpe(
        sharpe_per_bar(returns),
        len(returns),
        trials=trials,
        trial_variance=variance,
        skewness=skewness,
        kurtosis=kurtosis,
    )
