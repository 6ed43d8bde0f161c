"""Stress scenarios on the bars an experiment was judged on: one function each, one registry."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from engine.core.market_memory import contract_of
from engine.core.records import FuturesBar
from engine.core.trading_types import Prediction, TraderState
from engine.kernel.config_models import CostConfig, HydraConfig
from engine.sandbox.replay import replay

_CRASH_RETURN: Final = -0.02
_CRASH_BARS: Final = 3
_VOLATILITY_FACTOR: Final = 3.0
_SPREAD_FACTOR: Final = 5.0
_VOLUME_FACTOR: Final = 0.1


@dataclass(frozen=True, slots=True)
class StressResult:
    """Worst drawdown (share of peak equity) of one scenario against the limit that must hold."""

    scenario: str
    max_drawdown: float
    limit: float

    @property
    def passed(self) -> bool:
        """Whether the drawdown stayed within the limit."""
        return self.max_drawdown <= self.limit


Scenario = Callable[[Sequence[FuturesBar], HydraConfig], tuple[list[FuturesBar], HydraConfig]]


def run_stress(
    bars: Sequence[FuturesBar],
    predictions: Sequence[Prediction | None],
    config: HydraConfig,
    before: TraderState | None = None,
) -> list[StressResult]:
    """Replay every scenario from `before`; the limit is the account's own drawdown limit."""
    results = []
    for name, scenario in SCENARIOS.items():
        stressed, stressed_config = scenario(bars, config)
        outcome = replay(stressed, predictions, stressed_config, before)
        results.append(StressResult(name, outcome.metrics.max_drawdown, config.risk.max_drawdown_fraction))
    return results


def flash_crash(bars: Sequence[FuturesBar], config: HydraConfig) -> tuple[list[FuturesBar], HydraConfig]:
    """Three bars in the middle fall by 2 % each; the level stays down."""
    middle = len(bars) // 2
    shocks = {middle + offset: _CRASH_RETURN for offset in range(_CRASH_BARS)}
    return _with_shocks(bars, shocks), config


def volatility_explosion(bars: Sequence[FuturesBar], config: HydraConfig) -> tuple[list[FuturesBar], HydraConfig]:
    """Every return in the second half is three times as large."""
    shocks = {}
    for index in range(len(bars) // 2, len(bars)):
        before, bar = bars[index - 1], bars[index]
        if index and contract_of(before) == contract_of(bar):
            shocks[index] = (_VOLATILITY_FACTOR - 1.0) * math.log(bar.close / before.close)
    return _with_shocks(bars, shocks), config


def liquidity_drought(bars: Sequence[FuturesBar], config: HydraConfig) -> tuple[list[FuturesBar], HydraConfig]:
    """Spreads five times as wide, a tenth of the volume."""
    thin = [replace(bar, volume=bar.volume * _VOLUME_FACTOR) for bar in bars]
    costs = CostConfig(
        **{**config.costs.model_dump(), "half_spread_ticks": config.costs.half_spread_ticks * _SPREAD_FACTOR}
    )
    return thin, config.model_copy(update={"costs": costs})


SCENARIOS: Final[Mapping[str, Scenario]] = {
    "flash_crash": flash_crash,
    "volatility_explosion": volatility_explosion,
    "liquidity_drought": liquidity_drought,
}


def _with_shocks(bars: Sequence[FuturesBar], shocks: Mapping[int, float]) -> list[FuturesBar]:
    level = 0.0
    stressed = []
    for index, bar in enumerate(bars):
        opened = math.exp(level)
        level += shocks.get(index, 0.0)
        closed = math.exp(level)
        stressed.append(
            replace(
                bar,
                open=bar.open * opened,
                close=bar.close * closed,
                high=max(bar.high * opened, bar.close * closed),
                low=min(bar.low * opened, bar.close * closed),
            )
        )
    return stressed
