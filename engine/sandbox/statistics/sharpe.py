"""Sharpe ratio and its relatives. Returns are per bar, after costs; nothing is annualised unless the name says so.

Conventions: standard deviations with ddof 1; Sortino against target 0 with the root mean square of min(r, 0) over *all*
bars; drawdown on compounded equity that starts at 1, the start included.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError

Returns = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SharpeEstimate:
    """Annualised Sharpe ratio with the standard error that its skewness and kurtosis imply (Mertens 2002)."""

    sharpe: float
    standard_error: float
    n: int


def sharpe_per_bar(returns: Returns) -> float:
    """Mean over standard deviation (ddof 1); raises CalculationError where returns do not vary or are under two."""
    _check(returns, 2)
    deviation = float(returns.std(ddof=1))
    if deviation <= 1e-15 * float(np.max(np.abs(returns))):
        raise CalculationError("a Sharpe ratio needs returns that vary")
    return float(returns.mean()) / deviation


def sharpe_annualised(returns: Returns, bars_per_year: float) -> float:
    """Per-bar Sharpe times sqrt(bars_per_year)."""
    return sharpe_per_bar(returns) * math.sqrt(bars_per_year)


def sharpe_estimate(returns: Returns, bars_per_year: float) -> SharpeEstimate:
    """Annualised Sharpe with standard error sqrt((1 - g3 SR + (g4 - 1)/4 SR^2) / (n - 1)), SR per bar."""
    ratio = sharpe_per_bar(returns)
    skewness, kurtosis = moments(returns)
    variance = sharpe_variance(ratio, skewness, kurtosis) / (len(returns) - 1)
    annual = math.sqrt(bars_per_year)
    return SharpeEstimate(ratio * annual, math.sqrt(variance) * annual, len(returns))


def sharpe_variance(ratio: float, skewness: float, kurtosis: float) -> float:
    """Variance of a per-bar Sharpe times (n - 1): 1 - g3 SR + (g4 - 1)/4 SR^2, g4 non-excess (normal = 3)."""
    return max(1.0 - skewness * ratio + (kurtosis - 1.0) / 4.0 * ratio**2, 0.0)


def moments(returns: Returns) -> tuple[float, float]:
    """Skewness and non-excess kurtosis (population moments; normal gives 0 and 3)."""
    _check(returns, 2)
    centred = returns - returns.mean()
    variance = float(np.mean(centred**2))
    if variance <= 0.0:
        raise CalculationError("skewness and kurtosis need returns that vary")
    return float(np.mean(centred**3)) / variance**1.5, float(np.mean(centred**4)) / variance**2


def sortino_annualised(returns: Returns, bars_per_year: float) -> float:
    """Mean over downside deviation, target 0; raises CalculationError where no return is negative."""
    _check(returns, 2)
    downside = math.sqrt(float(np.mean(np.minimum(returns, 0.0) ** 2)))
    if downside == 0.0:
        raise CalculationError("a Sortino ratio needs a negative return")
    return float(returns.mean()) / downside * math.sqrt(bars_per_year)


def max_drawdown(returns: Returns) -> float:
    """Largest loss from a peak of compounded simple returns, as a share in [0, 1] (0 = never below a peak)."""
    _check(returns, 1)
    equity = np.concatenate([[1.0], np.cumprod(1.0 + returns)])
    return float(np.max(1.0 - equity / np.maximum.accumulate(equity)))


def annual_growth(returns: Returns, bars_per_year: float) -> float:
    """Compound annual growth of simple returns; -1 where equity fell to 0 or below."""
    _check(returns, 1)
    final = float(np.prod(1.0 + returns))
    return final ** (bars_per_year / len(returns)) - 1.0 if final > 0.0 else -1.0


def calmar(returns: Returns, bars_per_year: float) -> float:
    """Compound annual growth over maximum drawdown; raises CalculationError without a drawdown."""
    drawdown = max_drawdown(returns)
    if drawdown == 0.0:
        raise CalculationError("a Calmar ratio needs a drawdown")
    return annual_growth(returns, bars_per_year) / drawdown


def annualisation_factor(bars_per_year: int, autocorrelation: float) -> float:
    """Lo (2002) factor q / sqrt(q + 2 sum_k (q - k) rho^k) for AR(1) returns; sqrt(q) at rho = 0."""
    return annualisation_factor_of_lags(bars_per_year, autocorrelation ** np.arange(1.0, bars_per_year))


def annualisation_factor_of_lags(bars_per_year: int, autocorrelations: Returns) -> float:
    """Lo (2002, eq. 20) factor eta(q) = q / sqrt(q + 2 sum_k (q - k) rho_k) for estimated autocorrelations.

    `autocorrelations[k - 1]` is rho_k; lags not given count as 0. An annual Sharpe is eta(q) times the per-bar one, not
    sqrt(q) times. Raises CalculationError where they leave the year's return no variance.

    >>> round(annualisation_factor_of_lags(12, np.array([0.2])), 3)
    2.963
    """
    lags = np.arange(1, min(len(autocorrelations), bars_per_year - 1) + 1)
    total = bars_per_year + 2.0 * float(np.sum((bars_per_year - lags) * autocorrelations[: len(lags)]))
    if not total > 0.0:
        raise CalculationError("these autocorrelations leave the year's return no variance")
    return bars_per_year / math.sqrt(total)


def _check(returns: Returns, least: int) -> None:
    if len(returns) < least or not np.all(np.isfinite(returns)):
        raise CalculationError(f"needs {least} finite returns or more, got {len(returns)}")
