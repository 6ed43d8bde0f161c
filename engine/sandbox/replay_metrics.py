"""Honest figures of a replay. What cannot be computed is None and never 0; too little data raises."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.trading_types import Fill
from engine.kernel.errors import CalculationError


@dataclass(frozen=True, slots=True)
class CostSplit:
    """Costs in USD by kind, each at least 0."""

    spread_usd: float
    impact_usd: float
    fees_usd: float
    roll_usd: float

    @property
    def total_usd(self) -> float:
        """All costs together, USD."""
        return self.spread_usd + self.impact_usd + self.fees_usd + self.roll_usd


@dataclass(frozen=True, slots=True)
class ReplayMetrics:
    """Figures after costs. Annualised by `bars_per_year`; Sharpe with ddof 1 and its standard error (Mertens 2002:
    corrected for skew and kurtosis). `hit_rate` is the share of winning round trips, `exposure` the mean of absolute
    notional over equity, `turnover_annual` traded notional over mean equity a year, `capacity_usd` the equity at which
    square-root impact would eat the whole gross profit."""

    bars: int
    total_return: float
    sharpe_annual: float | None
    sharpe_standard_error: float | None
    sortino_annual: float | None
    max_drawdown: float
    calmar: float | None
    return_skew: float | None
    return_kurtosis: float | None
    trades: int
    hit_rate: float | None
    exposure: float
    share_of_bars_in_market: float
    turnover_annual: float
    gross_pnl_usd: float
    net_pnl_usd: float
    capacity_usd: float | None


def cost_split(fills: tuple[Fill, ...]) -> CostSplit:
    """Sum of costs by kind over fills."""
    return CostSplit(
        math.fsum(fill.costs.spread_usd for fill in fills),
        math.fsum(fill.costs.impact_usd for fill in fills),
        math.fsum(fill.costs.fees_usd for fill in fills),
        math.fsum(fill.costs.roll_usd for fill in fills),
    )


def replay_metrics(
    *,
    start_equity_usd: float,
    equity_usd: NDArray[np.float64],
    net_returns: NDArray[np.float64],
    notional_usd: NDArray[np.float64],
    fills: tuple[Fill, ...],
    round_trips_usd: list[float],
    usd_per_point: float,
    bars_per_year: float,
) -> ReplayMetrics:
    """Figures of `n` bars; arrays are aligned, `equity_usd` and signed `notional_usd` at each bar's close."""
    bars = len(equity_usd)
    if bars < 2:
        raise CalculationError(f"a replay of {bars} bars has no figures; give it at least 2")
    costs = cost_split(fills)
    net = float(equity_usd[-1]) - start_equity_usd
    gross = net + costs.total_usd
    drawdown = max_drawdown(equity_usd, start_equity_usd)
    mean, sd = float(net_returns.mean()), float(net_returns.std(ddof=1))
    downside = math.sqrt(float(np.mean(np.minimum(net_returns, 0.0) ** 2)))
    annual = math.sqrt(bars_per_year)
    centred = net_returns - mean
    skew = float(np.mean(centred**3)) / sd**3 if sd > 0.0 else None
    kurtosis = float(np.mean(centred**4)) / sd**4 if sd > 0.0 else None
    sharpe = mean / sd if sd > 0.0 else None
    error = None
    if sharpe is not None and skew is not None and kurtosis is not None:
        variance = 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe**2
        error = annual * math.sqrt(max(variance, 0.0) / bars)
    traded = math.fsum(abs(fill.lots) * fill.price for fill in fills) * usd_per_point
    years = bars / bars_per_year
    return ReplayMetrics(
        bars=bars,
        total_return=net / start_equity_usd,
        sharpe_annual=None if sharpe is None else sharpe * annual,
        sharpe_standard_error=error,
        sortino_annual=mean / downside * annual if downside > 0.0 else None,
        max_drawdown=drawdown,
        calmar=(net / start_equity_usd / years) / drawdown if drawdown > 0.0 else None,
        return_skew=skew,
        return_kurtosis=kurtosis,
        trades=len(round_trips_usd),
        hit_rate=sum(pnl > 0.0 for pnl in round_trips_usd) / len(round_trips_usd) if round_trips_usd else None,
        exposure=float(np.mean(np.abs(notional_usd) / equity_usd)),
        share_of_bars_in_market=float(np.mean(notional_usd != 0.0)),
        turnover_annual=traded / float(np.mean(equity_usd)) / years,
        gross_pnl_usd=gross,
        net_pnl_usd=net,
        capacity_usd=_capacity(gross, costs, start_equity_usd),
    )


def max_drawdown(equity_usd: NDArray[np.float64], start_equity_usd: float) -> float:
    """Largest loss from a high-water mark, as a share of it; the start counts as the first mark."""
    peaks = np.maximum(np.maximum.accumulate(equity_usd), start_equity_usd)
    return float(np.max(1.0 - equity_usd / peaks))


def _capacity(gross: float, costs: CostSplit, start_equity_usd: float) -> float | None:
    """Size m solves gross*m = linear*m + impact*m^1.5, since impact per lot grows with the root of size."""
    margin = gross - (costs.total_usd - costs.impact_usd)
    if margin <= 0.0 or costs.impact_usd <= 0.0:
        return None
    return start_equity_usd * (margin / costs.impact_usd) ** 2
