"""Figures of a replay against numbers computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.core.trading_types import Fill, FillCosts
from engine.kernel.errors import CalculationError
from engine.sandbox.replay_metrics import ReplayMetrics, cost_split, max_drawdown, replay_metrics


def _metrics(equity: list[float], fills: tuple[Fill, ...] = (), trips: list[float] | None = None) -> ReplayMetrics:
    values = np.array(equity)
    before = np.concatenate(([100.0], values[:-1]))
    return replay_metrics(
        start_equity_usd=100.0,
        equity_usd=values,
        net_returns=values / before - 1.0,
        notional_usd=np.where(np.arange(len(values)) % 2 == 0, 50.0, 0.0),
        fills=fills,
        round_trips_usd=trips or [],
        usd_per_point=10.0,
        bars_per_year=252.0,
    )


def test_sharpe_sortino_drawdown_and_calmar() -> None:
    metrics = _metrics([110.0, 99.0, 108.9])
    returns = np.array([0.1, -0.1, 0.1])
    assert metrics.sharpe_annual == pytest.approx(returns.mean() / returns.std(ddof=1) * math.sqrt(252))
    assert metrics.sortino_annual == pytest.approx(returns.mean() / math.sqrt(0.01 / 3) * math.sqrt(252))
    assert metrics.max_drawdown == pytest.approx(0.1)
    assert metrics.calmar == pytest.approx(0.089 / (3 / 252) / 0.1)
    assert metrics.total_return == pytest.approx(0.089)
    assert metrics.share_of_bars_in_market == pytest.approx(2 / 3)


def test_the_standard_error_is_that_of_lo_for_normal_returns() -> None:
    returns = np.random.default_rng(7).normal(0.001, 0.01, 40_000)
    metrics = _metrics(list(100.0 * np.cumprod(1.0 + returns)))
    assert metrics.sharpe_annual is not None
    per_bar = metrics.sharpe_annual / math.sqrt(252)
    assert metrics.sharpe_standard_error == pytest.approx(
        math.sqrt((1 + per_bar**2 / 2) / 40_000) * math.sqrt(252), rel=0.02
    )


def test_what_cannot_be_computed_is_missing() -> None:
    metrics = _metrics([100.0, 100.0])
    assert metrics.sharpe_annual is metrics.sharpe_standard_error is metrics.sortino_annual is None
    assert metrics.calmar is metrics.hit_rate is metrics.capacity_usd is None
    with pytest.raises(CalculationError):
        _metrics([100.0])


def test_costs_gross_profit_turnover_and_capacity() -> None:
    fills = tuple(
        Fill(f"f{lots}", "o", "m", "c", 1, lots, 2.0, 2.0, FillCosts(1.0, 0.5, 0.25, 0.25)) for lots in (3, -3)
    )
    metrics = _metrics([104.0, 106.0], fills, [4.0, -1.0])
    assert cost_split(fills).total_usd == 4.0
    assert metrics.gross_pnl_usd == 10.0
    assert (metrics.trades, metrics.hit_rate) == (2, 0.5)
    assert metrics.turnover_annual == pytest.approx(6 * 2.0 * 10.0 / 105.0 / (2 / 252))
    assert metrics.capacity_usd == pytest.approx(100.0 * ((10.0 - 3.0) / 1.0) ** 2)


def test_the_start_is_the_first_high_water_mark() -> None:
    assert max_drawdown(np.array([90.0, 95.0]), 100.0) == pytest.approx(0.1)
