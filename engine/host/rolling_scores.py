"""Rolling figures of the champion for the performance database: Sharpe, hit rate, calibration error, worst PSI,
drawdown."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from models.forecast_scores import expected_calibration_error
from storage.performance import MetricRecord

if TYPE_CHECKING:
    from engine.core.trading_types import Prediction, TraderState
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores

EVERY_BARS = 5
LEAST_BARS = 20
_PSI_PREFIX = "population_stability:"


class RollingScores:
    """Feeds on closed bars; every five bars it records what can be computed, and nothing that cannot."""

    def __init__(self, stores: Stores, config: HydraConfig) -> None:
        self._stores = stores
        self._market = config.market.market
        self._bars_per_year = config.market.bars_per_year
        window = config.observer.sharpe_window_bars
        self._net_returns: deque[float] = deque(maxlen=window)
        self._forecasts: deque[tuple[float, float]] = deque(maxlen=window)
        self._seen = 0

    def begin(self) -> None:
        """Another champion rules: its figures start anew."""
        self._net_returns.clear()
        self._forecasts.clear()

    def on_bar(
        self,
        model_id: str,
        predicted: Prediction | None,
        realised: float,
        net_return: float,
        state: TraderState,
        readings: Mapping[str, float],
        ts: int,
    ) -> None:
        """Take one closed bar; inside its transaction."""
        self._net_returns.append(net_return)
        if predicted is not None and predicted.usable and math.isfinite(realised) and realised != 0.0:
            up = predicted.confidence if predicted.expected_return >= 0.0 else 1.0 - predicted.confidence
            self._forecasts.append((up, 1.0 if realised > 0.0 else 0.0))
        self._seen += 1
        if self._seen % EVERY_BARS:
            return
        for name, value in self._figures(state, readings).items():
            self._stores.performance.record_metric(
                MetricRecord(
                    market=self._market,
                    ts=ts,
                    model_id=model_id,
                    name=name,
                    value=value,
                    window_bars=len(self._net_returns),
                )
            )

    def _figures(self, state: TraderState, readings: Mapping[str, float]) -> dict[str, float]:
        figures = {"drawdown": 1.0 - state.equity_usd / state.peak_equity_usd}
        returns = np.array(self._net_returns)
        if len(returns) >= LEAST_BARS and float(returns.std(ddof=1)) > 0.0:
            figures["sharpe"] = float(returns.mean() / returns.std(ddof=1)) * math.sqrt(self._bars_per_year)
        if len(self._forecasts) >= LEAST_BARS:
            chance, outcome = np.array(self._forecasts).T
            figures["hit_rate"] = float(np.mean((chance >= 0.5) == (outcome > 0.5)))
            figures["calibration_error"] = expected_calibration_error(chance, outcome > 0.5)
        stability = [value for code, value in readings.items() if code.startswith(_PSI_PREFIX)]
        if stability:
            figures["psi_max"] = max(stability)
        return figures
