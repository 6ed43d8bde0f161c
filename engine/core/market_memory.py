"""What one bar adds to the memory of its market: volume per day, volatility, prices to compare with."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from engine.core.records import FuturesBar
from engine.core.session_day import session_day
from engine.core.trading_types import MarketMemory
from engine.kernel.config_models import HydraConfig

TRADING_DAYS_PER_YEAR: Final = 252.0
_DAY_SECONDS: Final = 86_400
_log = math.log


def contract_of(bar: FuturesBar) -> str:
    """The contract a bar belongs to; a series whose vendor names no contract counts as one contract of its own."""
    return bar.contract or bar.series


def remember(memory: MarketMemory, bar: FuturesBar, config: HydraConfig) -> MarketMemory:
    """The memory after `bar` has closed. Returns across a change of contract never enter the volatility."""
    contract = contract_of(bar)
    close = bar.close
    same_contract = contract == memory.contract
    variance, returns_seen = memory.bar_variance, memory.returns_seen
    if same_contract and memory.last_price > 0.0:
        returns_seen += 1
        gain = max(_decay_gain(config.features.ewma_halflife_bars), 1.0 / returns_seen)
        variance += gain * (_log(close / memory.last_price) ** 2 - variance)
    volume = bar.volume if bar.volume > 0.0 else 0.0
    day = session_day(bar.known_ts, config.market.session.timezone)
    day_volumes, adv_lots = memory.day_volumes, memory.adv_lots
    reference_price = memory.reference_price
    if day == memory.day:
        running_volume = memory.running_volume_lots + volume
        if not same_contract:
            reference_price = math.nan
    else:
        running_volume = volume
        reference_price = memory.last_price if same_contract else math.nan
        if memory.day and config.market.bar_seconds < _DAY_SECONDS:
            day_volumes, adv_lots = _with_day(memory.day_volumes, memory.running_volume_lots, config)
    if config.market.bar_seconds >= _DAY_SECONDS:
        day_volumes, adv_lots = _with_day(memory.day_volumes, volume, config)
    return MarketMemory(
        contract,
        close,
        reference_price,
        day,
        running_volume,
        day_volumes,
        adv_lots,
        variance,
        returns_seen,
        memory.bars_seen + 1,
        bar.known_ts,
    )


def daily_return_sd(memory: MarketMemory, config: HydraConfig) -> float:
    """Standard deviation of one day's log return, from the EWMA of bar returns; NaN before the first return."""
    if memory.returns_seen == 0:
        return math.nan
    return math.sqrt(memory.bar_variance * config.market.bars_per_year / TRADING_DAYS_PER_YEAR)


def _with_day(volumes: tuple[float, ...], lots: float, config: HydraConfig) -> tuple[tuple[float, ...], float]:
    window = (*volumes, lots)[-config.costs.adv_window_days :]
    return window, sum(window) / len(window)


@lru_cache(maxsize=8)
def _decay_gain(halflife_bars: float) -> float:
    return 1.0 - math.exp(-math.log(2.0) / halflife_bars)
